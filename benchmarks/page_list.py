"""Every page of the site, found in its addresses, and how to fill an address in for one case."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from django.urls import URLResolver, get_resolver
from django.urls.resolvers import RoutePattern

_GAP = re.compile(r"<(?:\w+:)?(\w+)>")
WORK = frozenset(
    {
        *("attachment", "attachments", "case_folder", "calendar_file", "case_file"),
        *("case_file_index", "letter_docx", "letter_text", "taken_case_file", "sitemap"),
        *("file_picture", "file_original", "shared_picture"),
    }
)
"""Names of addresses that give a file or a picture: work of another kind than a page."""


@dataclass(frozen=True)
class Address:
    """One address of the site: ``route`` with ``<gaps>`` in it."""

    name: str
    route: str

    @property
    def gaps(self) -> tuple[str, ...]:
        """The names of what has to be filled in."""
        return tuple(_GAP.findall(self.route))

    def fill(self, known: Mapping[str, Sequence[Any]], rng: Random) -> str | None:
        """The path, each gap filled with one of the values ``known`` for it; those known as
        ``<name of the page>.<gap>`` come first. None where nothing is known."""
        path = f"/{self.route}"
        for gap in self.gaps:
            values = known.get(f"{self.name}.{gap}", known.get(gap, ()))
            if not values:
                return None
            path = _GAP.sub(str(rng.choice(values)), path, count=1)
        return path


@dataclass
class Found:
    """What is known of a case, by gap; ``cookies`` of somebody who may see it; ``size`` how much
    there is in it: files and filings."""

    known: dict[str, Sequence[Any]] = field(default_factory=dict)
    cookies: str = ""
    size: int = 0


def find_addresses() -> list[Address]:
    """Every named address that is written as a route and does not give a file."""
    found = {(one.name, one.route): one for one in _walk(get_resolver(), "")}
    return [one for one in found.values() if one.name not in WORK]


def _walk(resolver: URLResolver, before: str) -> Iterator[Address]:
    for one in resolver.url_patterns:
        route = before + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from _walk(one, route)
        elif isinstance(one.pattern, RoutePattern) and one.name:
            yield Address(one.name, route)
