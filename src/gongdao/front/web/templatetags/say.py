"""The library of the templates: names for the verbs beside it, and nothing else.

Tags: ``say``, ``shape``, ``poll``, ``standing``, ``region``, ``elapsed``, ``page_language``,
``page_theme``, ``here_with``, ``here_without_choices``, ``other_language``. Filters: ``say``,
``money``, ``when``, ``day``, ``filesize``, ``meaning``. docs/reference/look.md explains each.
"""

from __future__ import annotations

from django.template import Library

from gongdao.front.web.templatetags import meanings, page, poll_tag, region, say_tag, values
from gongdao.front.web.templatetags import standing as standings

register = Library()

register.tag("say", say_tag.parse_say)
register.tag("poll", poll_tag.parse_poll)

register.filter("say", say_tag.say_filter, needs_autoescape=True)
register.filter("money", values.money)
register.filter("when", values.when)
register.filter("day", values.day)
register.filter("filesize", values.filesize)
register.filter("heading", values.heading)
register.filter("meaning", meanings.meaning)

register.simple_tag(meanings.shape, name="shape")
register.simple_tag(values.elapsed, name="elapsed")
register.simple_tag(standings.find_standing, name="standing")
register.simple_tag(region.find_region, name="region")
register.simple_tag(page.page_language, name="page_language")
register.simple_tag(page.page_theme, takes_context=True, name="page_theme")
register.simple_tag(page.here_with, takes_context=True, name="here_with")
register.simple_tag(page.other_language, takes_context=True, name="other_language")
register.simple_tag(page.here_without_choices, takes_context=True, name="here_without_choices")
