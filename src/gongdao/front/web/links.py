"""Whole addresses of pages, for what leaves this server: mails, messages, calendars."""

from __future__ import annotations

from uuid import UUID

from django.urls import reverse

from gongdao.casework.online.addresses import stop_seal
from gongdao.casework.online.prepare_reminder import Links
from gongdao.front.stores import get_settings, get_stores

OUTSIDE = "-"
"""Stands in the place of a private link in addresses that must not carry one."""


def page_links() -> Links:
    """How reminders link back here."""
    return Links(case=follow_url, stop=stop_url)


def follow_url(link: str) -> str:
    """The page to follow a case, by its private link."""
    return get_settings().public_url + reverse("follow", args=[link])


def stop_url(address_id: UUID) -> str:
    """Where reminders to one address are stopped, without the case's link or code."""
    seal = stop_seal(get_stores(), address_id)
    return get_settings().public_url + reverse("stop_reminders", args=[OUTSIDE, address_id, seal])


def feed_url(address_id: UUID, token: str) -> str:
    """Where a calendar fetches the deadlines of a case."""
    return get_settings().public_url + reverse("calendar_feed", args=[OUTSIDE, address_id, token])


def cases_url() -> str:
    """The page that lists one's cases; it says nothing of any."""
    return get_settings().public_url + reverse("cases")
