"""``{% static %}`` for the tests of the look: the plain name, no storage and no collected files."""

from __future__ import annotations

from django.template import Library

register = Library()


@register.simple_tag
def static(path: str) -> str:
    """The address of a static file, as the browser of these tests asks for it."""
    return f"/static/{path}"
