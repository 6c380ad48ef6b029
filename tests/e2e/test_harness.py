"""The checks that run on every page a person comes to can fail."""

from __future__ import annotations

import pytest


def test_pages_of_the_house(meet):
    """The first pages are right on a phone and on a desktop."""
    for device in ("phone", "desktop"):
        one = meet(device)
        for address in ("/", "/start/", "/before/", "/guides/", "/retention/"):
            one.go(address)


@pytest.mark.parametrize(
    ("fault", "complaint"),
    [
        ("document.querySelector('main').style.width = '700px'", "px wide"),
        ("document.title = ''", "no title"),
        ("document.querySelector('h1').style.color = '#ccc'", "color-contrast"),
        ("document.body.append(document.createElement('h1'))", "2 h1"),
        ("console.error('no')", "console"),
        ("fetch('/nowhere/')", "404"),
        ("alert(1)", "a dialog opened"),
        ("document.body.insertAdjacentHTML('beforeend', '<p style=\"color: red\">')", "console"),
    ],
)
def test_each_check_can_fail(browser, real_server, fault, complaint):
    """A page with a fault is complained of."""
    from tests.e2e.visitor import open_visitor

    one = open_visitor(browser, real_server.url, device="phone", network="198.51.100.250")
    one.page.goto(f"{real_server.url}/start/")
    one.page.evaluate(fault)
    one.page.wait_for_timeout(50)
    one.look()
    assert complaint in " ".join(one.complaints)
    one.context.close()
