"""The look in a real browser: reachable by everybody, nothing cut off, nothing inline."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import (
    Axe,
)
from playwright.sync_api import Browser, Page, expect
from tests.front.web.look_kit import SITE, find_browser, open_browser, render, render_living, show

WIDTHS = (360, 1280)
THEMES = ("light", "dark")
TOUCH = 44
CHROMIUM = find_browser()
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        CHROMIUM is None, reason="no Chromium on this machine: the pages were NOT looked at"
    ),
]


@pytest.fixture(scope="module")
def browser():
    """One Chromium for this file; closed before any other test runs."""
    with open_browser(CHROMIUM or "") as opened:
        yield opened


@pytest.fixture(scope="module")
def living():
    """The living page in both languages."""
    return {"zh": render_living("zh"), "en": render_living("en")}


def _open(browser: Browser, html: str, **options) -> tuple[Page, list[str]]:
    width = options.pop("width", 360)
    context = browser.new_context(viewport={"width": width, "height": 900}, **options)
    page = context.new_page()
    complaints = show(page, {"/": html})
    page.goto(f"{SITE}/")
    return page, complaints


def _find_violations(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{v['id']}: {n['html'][:200]}" for v in found for n in v["nodes"]]


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_every_part_is_accessible(browser, living, width, theme):
    """Axe finds nothing on the living page, and the browser complains of nothing."""
    page, complaints = _open(browser, living["zh"], width=width, color_scheme=theme)
    assert _find_violations(page) == []
    assert complaints == []


def test_accessibility_check_can_fail(browser, living):
    """The same check reports a picture without words, and a text that is too faint."""
    bad = '<img src="/picture.png"><p class="faint">too faint to read</p></main>'
    page, _ = _open(browser, living["zh"].replace("</main>", bad))
    page.evaluate("document.querySelector('.faint').style.color = '#cccccc'")
    found = " ".join(_find_violations(page))
    assert "image-alt" in found and "color-contrast" in found


@pytest.mark.parametrize("code", ["400", "403", "404", "413", "429", "500", "said"])
def test_error_pages_are_accessible(browser, code):
    """Axe finds nothing on any error page."""
    page, complaints = _open(browser, render(f"errors/{code}.html"))
    assert _find_violations(page) == [] and complaints == []


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("width", [320, 360, 768, 1280])
def test_nothing_sticks_out(browser, living, width, language):
    """Long names and huge numbers never make a page wider than the screen."""
    page, _ = _open(browser, living[language], width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_large_text_does_not_stick_out(browser, living):
    """At twice the text size a phone still needs no sideways scrolling."""
    page, _ = _open(browser, living["zh"], width=360)
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_fingers_find_every_control(browser, living):
    """Buttons, fields, choices and navigation are at least 44 pixels high on a phone."""
    page, _ = _open(browser, living["zh"])
    small = page.evaluate(
        """least => [...document.querySelectorAll(
            'button, .button, select, textarea, nav a, .home, .tongue, .choice,'
            + ' input:not([type=hidden], [type=radio], [type=checkbox])')]
            .filter(e => e.getClientRects().length)
            .map(e => [e.outerHTML.slice(0, 120), e.matches('.crumbs a')
                ? Math.max(...[...e.getClientRects()].map(r => r.height))
                : e.getBoundingClientRect().height])
            .filter(([, height]) => height < least)""",
        TOUCH,
    )
    assert small == []


def test_lines_are_short_enough_to_read(browser, living):
    """On a wide screen a line of text holds 68 characters at most, Chinese or Latin."""
    text = "the quick brown fox jumps over the lazy dog and reads on " * 6
    html = living["zh"].replace("<h2>standing</h2>", f'<p id="probe">{text}</p>', 1)
    page, _ = _open(browser, html, width=1280)
    lines = page.evaluate(
        """() => { const e = document.getElementById('probe');
            return Math.round(e.getBoundingClientRect().height
                / parseFloat(getComputedStyle(e).lineHeight)); }"""
    )
    assert len(text) / lines <= 68


def test_keyboard_reaches_the_content_first(browser, living):
    """The first stop of the keyboard skips to the content, and its focus can be seen."""
    html = re.sub(r'<div class="summary".*?</div>', "", living["zh"], count=1, flags=re.DOTALL)
    page, _ = _open(browser, html)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_wrong_form_takes_the_focus(browser, living):
    """The summary of what is wrong has the focus, and its links lead to fields that exist."""
    page, _ = _open(browser, living["zh"])
    expect(page.locator(".summary")).to_be_focused()
    lost = page.evaluate(
        "[...document.querySelectorAll('.summary a')].map(a => a.getAttribute('href').slice(1))"
        ".filter(id => !document.getElementById(id))"
    )
    assert lost == []


def test_copying_works_without_clipboard(browser, living):
    """In a browser that gives pages no clipboard the old way copies, and what happened is said."""
    page, _ = _open(browser, living["zh"])
    page.evaluate(
        """() => { document.execCommand = name => {
            window.copied = [name, document.activeElement.value]; return true; }; }"""
    )
    page.locator('[data-copy="copy-sum"]').click()
    expect(page.locator("#status")).to_have_text("已复制")
    assert page.evaluate("window.copied") == ["copy", "98.00"]


def test_copying_that_fails_leaves_the_text_selected(browser, living):
    """Where nothing may copy, the text is selected and the person told to press and hold."""
    page, _ = _open(browser, living["zh"])
    page.evaluate("() => { document.execCommand = () => { throw new Error('refused'); }; }")
    page.locator('[data-copy="copy-sum"]').click()
    expect(page.locator("#status")).to_contain_text("长按")
    assert page.evaluate("getSelection().toString()") == "98.00"


def test_characters_are_counted_as_the_server_counts(browser, living):
    """What is left is counted in code points, and too much is said in words."""
    page, _ = _open(browser, living["zh"])
    line = page.locator('[data-count="letter-demand"]')
    page.locator("#letter-demand").fill("😀" * 119)
    assert line.inner_text() == "还可以写 1 字"
    page.locator("#letter-demand").fill("𠮷" * 123)
    assert line.inner_text() == "超出 3 字，请缩短"


def test_a_part_renews_itself_until_done(browser, living):
    """The part is fetched out of the page again, what changed is said, and it stops when done."""
    page, complaints = _open(browser, living["zh"])
    tag = '<div id="files" class="poll"'
    done = re.sub(rf"{tag}[^>]*>", f"{tag}>", living["zh"]).replace("2 / 5", "5 / 5")
    asked = []

    def answer(route):
        asked.append(route.request.headers.get("hx-request"))
        route.fulfill(body=done, content_type="text/html")

    page.route(re.compile(r"^http://gongdao\.test/$"), answer)
    expect(page.locator("#files")).to_contain_text("5 / 5")
    expect(page.locator("#status")).to_contain_text("5 / 5")
    page.wait_for_timeout(2500)
    assert asked == ["true"] and complaints == []


def test_without_scripts_everything_is_there(browser, living):
    """Without JavaScript all texts and forms are on the page, and no dead button is."""
    page, _ = _open(browser, living["zh"], java_script_enabled=False)
    assert page.locator("[data-copy]:visible").count() == 0
    assert page.locator("#copy-sum").inner_text() == "98.00"
    assert page.locator('form[enctype="multipart/form-data"] button').is_visible()


def test_the_figure_survives_without_style(browser, living):
    """Without the style sheet the figure is a table whose cells say what they mean."""
    html = re.sub(r'<link rel="stylesheet"[^>]*>', "", living["zh"])
    page, _ = _open(browser, html)
    cells = page.locator(".standing").first.locator("tbody tr").first.inner_text()
    assert "合同成立" in cells and "薄弱，1 份材料" in cells and "没有材料" in cells


def test_motion_is_asked_for(browser, living):
    """Who asked for less motion sees none."""
    for wish, expected in (("reduce", "none"), ("no-preference", "turn")):
        page, _ = _open(browser, living["zh"], reduced_motion=wish)
        style = (
            "getComputedStyle(document.querySelector('[data-state=reading] .shape')).animationName"
        )
        assert page.evaluate(style) == expected


def test_theme_can_be_chosen_against_the_device(browser, living):
    """Light by choice on a dark device is light, and dark by choice on a light one dark."""
    grounds = {}
    for device, chosen in (("dark", "light"), ("light", "dark"), ("light", ""), ("dark", "")):
        html = living["zh"]
        if chosen:
            html = html.replace('<html lang="zh-CN"', f'<html lang="zh-CN" data-theme="{chosen}"')
        page, _ = _open(browser, html, color_scheme=device)
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        grounds[device, chosen] = ground
    assert grounds["dark", "light"] == grounds["light", ""] != grounds["dark", ""]
    assert grounds["light", "dark"] == grounds["dark", ""]


def test_printing_leaves_out_what_paper_cannot_do(browser, living):
    """On paper there are no buttons and no navigation, but every word of the case."""
    page, _ = _open(browser, living["zh"])
    page.emulate_media(media="print")
    for gone in ("button >> nth=0", ".case-nav", ".foot form"):
        assert page.locator(gone).first.is_hidden()
    assert page.locator(".standing").first.is_visible()
