"""``{% poll "files" unless=done %}…{% endpoll %}``: a part that renews itself until done."""

from __future__ import annotations

from django.template import TemplateSyntaxError
from django.template.base import FilterExpression, Node, NodeList, Parser, Token, token_kwargs
from django.template.context import Context
from django.utils.html import format_html

_KNOWN = frozenset({"unless", "every", "url", "also"})


class PollNode(Node):
    """A part of the page with its name; asks for itself again while its work is not done."""

    def __init__(
        self, name: FilterExpression, values: dict[str, FilterExpression], body: NodeList
    ) -> None:
        self.name = name
        self.values = values
        self.nodelist = body

    def render(self, context: Context) -> str:
        """The part. The page that answers is this same page: htmx picks the part out of it, so no
        second address is needed and nothing breaks without JavaScript."""
        given = {key: value.resolve(context) for key, value in self.values.items()}
        name = str(self.name.resolve(context))
        body = self.nodelist.render(context)
        if given.get("unless"):
            return format_html('<div id="{}" class="poll">', name) + body + "</div>"
        say_it_renews_itself(context)
        others = ",".join(f"#{one}" for one in str(given.get("also") or "").split())
        also = format_html(' hx-select-oob="{}"', others) if others else ""
        start = format_html(
            '<div id="{0}" class="poll" aria-busy="true" hx-get="{1}" hx-trigger="every {2}s"'
            ' hx-select="#{0}" hx-swap="outerHTML"{3}>',
            name,
            given.get("url") or "",
            given.get("every") or 2,
            also,
        )
        return start + body + "</div>"


def say_it_renews_itself(context: Context) -> None:
    """Let the frame of the page, which comes after this part, load htmx."""
    request = context.get("request") or getattr(context, "request", None)
    if request is not None:
        request.renews_itself = True


def parse_poll(parser: Parser, token: Token) -> PollNode:
    """Read ``poll name [unless=done] [every=seconds] [url=address] [also=ids]`` up to ``endpoll``;
    ``also`` are ids of other elements of the page that are renewed with it. Raises
    TemplateSyntaxError otherwise."""
    bits = token.split_contents()[1:]
    if not bits:
        raise TemplateSyntaxError("poll takes the id of the part")
    name = parser.compile_filter(bits.pop(0))
    values = token_kwargs(bits, parser)
    if bits or set(values) - _KNOWN:
        raise TemplateSyntaxError("poll takes unless=, every=, url= and also= only")
    body = parser.parse(("endpoll",))
    parser.delete_first_token()
    return PollNode(name, values, body)
