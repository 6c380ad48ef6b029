"""The look without a browser: what templates may call, tokens, weights, words."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.template import TemplateSyntaxError
from django.test import RequestFactory
from django.utils.safestring import mark_safe
from tests.front.web.living_samples import AT, make_report
from tests.front.web.look_kit import HTMX, STATIC, WEB, render, render_living, render_text
from tests.house.house_sources import REPO

from gongdao.core.language import Bilingual, Phrase, use_language
from gongdao.core.money import Money
from gongdao.front.web.templatetags import meanings, region, standing, values

KILO = 1000
PARTS = sorted((WEB / "templates/parts").glob("*.html"))
ERRORS = sorted((WEB / "templates/errors").glob("*.html"))
SCRIPTS = ("page.js", "copy.js", "counter.js")
TEXTS = ("ink", "soft", "accent", "proven", "weak", "missing", "contradicted")
GROUNDS = ("paper", "sheet", "tint")


def _tokens(css: str, start: str) -> dict[str, str]:
    block = css[css.index(start) :]
    block = block[block.index("{") + 1 :].lstrip()
    if block.startswith(":root"):
        block = block[block.index("{") + 1 :]
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block[: block.index("}")]))


def _light(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    low, high = sorted((_light(one), _light(other)))
    return (high + 0.05) / (low + 0.05)


def _find_faint(tokens: dict[str, str]) -> list[str]:
    pairs = [(text, ground, 4.5) for text in TEXTS for ground in GROUNDS]
    pairs += [("on-accent", "accent", 4.5), ("paper", "ink", 4.5)]
    pairs += [("edge", ground, 3.0) for ground in ("paper", "sheet")]
    return [
        f"{text} on {ground}: {_contrast(tokens[text], tokens[ground]):.2f}"
        for text, ground, least in pairs
        if _contrast(tokens[text], tokens[ground]) < least
    ]


def _css() -> str:
    return (STATIC / "gongdao.css").read_text("utf-8")


def test_every_text_can_be_read_in_both_themes():
    """Each text colour stands out from each ground by 4.5 to 1, borders of controls by 3 to 1."""
    themes = [
        _tokens(_css(), start) for start in (":root {", "@media (prefers-color-scheme: dark)")
    ]
    assert [_find_faint(tokens) for tokens in themes] == [[], []]
    assert themes[0]["paper"] != themes[1]["paper"]


def test_the_chosen_dark_is_the_device_s_dark():
    """Dark by choice and dark by the device are the same colours."""
    css = _css()
    chosen = _tokens(css, ':root[data-theme="dark"]')
    assert chosen and chosen == _tokens(css, "@media (prefers-color-scheme: dark)")


def test_a_faint_colour_is_seen():
    """The contrast check fails for a grey that is too light, and knows black on white."""
    assert round(_contrast("#000000", "#ffffff")) == 21
    tokens = _tokens(_css(), ":root {")
    assert _find_faint({**tokens, "soft": "#9a9a9a"})


def test_the_four_meanings_mean_nothing_else():
    """Only the classes of the meanings use their colours, and each has a word and a shape."""
    used = re.findall(
        r"^([^{}\n]*)\{[^{}]*var\(--(proven|weak|missing|contradicted)\)", _css(), re.M
    )
    assert sorted((s.strip(), c) for s, c in used) == [
        (f".{name}", name) for name in ("contradicted", "missing", "proven", "weak")
    ]
    four = [m for m in meanings.MEANINGS.values() if m.css != "plain"]
    assert {m.css for m in four} == {"proven", "weak", "missing", "contradicted"}
    assert all(m.label and meanings.shape(m.shape) for m in meanings.MEANINGS.values())


def test_a_state_unknown_to_the_table_shows_itself():
    """A newer state does not break a page: its code is shown, plainly."""
    assert meanings.meaning("brand_new").label == "brand_new"
    assert meanings.meaning("brand_new").css == "plain"


def test_pages_are_light():
    """Style ≤ 25 kB, our scripts ≤ 12 kB, all that a page loads ≤ 100 kB, unpacked."""
    style = len(_css().encode())
    scripts = sum((STATIC / name).stat().st_size for name in SCRIPTS)
    htmx = (HTMX / "django_htmx/htmx-2.min.js").stat().st_size
    frame = len(render("errors/404.html").encode())
    figure = len(render_text('{% include "parts/standing.html" %}', {"report": make_report()}))
    assert style <= 25 * KILO and scripts <= 12 * KILO
    assert style + scripts + htmx + frame + figure <= 100 * KILO


def test_base_loads_the_scripts_that_are_weighed():
    """No script escapes the weighing above."""
    page = render("errors/404.html")
    assert set(re.findall(r'src="/static/([^"]+)"', page)) == set(SCRIPTS)


def test_htmx_is_loaded_only_where_a_part_renews_itself():
    """The largest script weighs nothing on a page that is done."""
    frame = '{% extends "base.html" %}{% block main %}{% poll "x" unless=done %}{% endpoll %}'
    text = f"{frame}{{% endblock %}}"
    for done in (False, True):
        request = RequestFactory(headers={"host": "gongdao.test"}).get("/")
        page = render_text(text, {"done": done, "request": request})
        assert ("htmx-2.min.js" in page) is not done


def test_nothing_is_inline():
    """Our templates hold no inline script, style or handler, which the policy would refuse."""
    templates = [*PARTS, *ERRORS, WEB / "templates/base.html"]
    bad = re.compile(r"<style|\sstyle=|\son[a-z]+=\"|<script(?![^>]*\ssrc=)|javascript:", re.I)
    assert not [path.name for path in templates if bad.search(path.read_text("utf-8"))]


def test_the_mark_is_drawn():
    """The seal and the icons are shapes, not letters of a font that may be missing."""
    drawn = [*STATIC.glob("*.svg"), WEB / "templates/parts/seal.html"]
    assert len(drawn) >= 4
    for path in drawn:
        text = path.read_text("utf-8")
        assert "<path" in text and "<text" not in text and "font" not in text


def test_every_part_is_on_the_living_page():
    """A part that the living page does not show is a part that nobody looks at."""
    texts = {path.stem: path.read_text("utf-8") for path in PARTS}
    used = set(re.findall(r'include "parts/(\w+)\.html"', " ".join(texts.values())))
    used |= set(
        re.findall(r'include "parts/(\w+)\.html"', (WEB / "templates/base.html").read_text())
    )
    assert sorted(set(texts) - used) == ["living"]


def test_every_part_and_tag_is_documented():
    """Each part, tag and filter has its place in docs/reference/look.md."""
    page = (REPO / "docs/reference/look.md").read_text("utf-8")
    library = (WEB / "templatetags/say.py").read_text("utf-8")
    names = [path.stem for path in PARTS]
    names += re.findall(r'(?:name=|tag\(|filter\()"(\w+)"', library)
    assert not [name for name in names if not re.search(rf"`[^`\n]*\b{name}\b[^`\n]*`", page)]


@pytest.mark.parametrize("path", ERRORS, ids=lambda path: path.stem)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_error_pages_need_nothing(path, language):
    """Every error page stands without any context, says one thing in its head, and leads on."""
    page = render(f"errors/{path.name}", language=language)
    assert page.count("<h1>") == 1 and 'class="button"' in page
    assert f'<html lang="{"zh-CN" if language == "zh" else "en"}"' in page


def test_error_page_without_request():
    """The page of error 500 is rendered without request or context processors."""
    assert "<h1>" in render_text('{% include "errors/500.html" %}')


def test_said_values_are_escaped():
    """Values are escaped, what is safe already is not, and the sentence's own signs are kept."""
    evil = "<b>&"
    said = render_text(
        '{% say "甲 {x} & 乙 {y}" x=evil y=good %}', {"evil": evil, "good": mark_safe("<i>")}
    )
    assert said == "甲 &lt;b&gt;&amp; &amp; 乙 <i>"
    assert (
        render_text('{% say "{x}：" x=evil as v %}[{{ v }}]', {"evil": evil})
        == "[&lt;b&gt;&amp;：]"
    )
    assert render_text('{{ "甲<"|say }}') == "甲&lt;"


def test_mail_texts_are_not_escaped():
    """Where escaping is off, as in a plain text, nothing is escaped."""
    assert render_text('{% say "甲 {x} &" x=v %}', {"v": "<b>"}, autoescape=False) == "甲 <b> &"


def test_braces_in_values_stay():
    """What a person typed is never taken for a placeholder."""
    assert render_text('{% say "甲 {x}" x=v %}', {"v": "{y} {0}"}) == "甲 {y} {0}"


def test_sentences_follow_the_language():
    """The catalogue's English is said, and values that know both languages follow."""
    use_language("en")
    try:
        text = render_text(
            '{% say "、" %}|{% say "甲 {x}{y}" x=p y=b %}',
            {"p": Phrase("缺失"), "b": Bilingual("网", "net")},
        )
    finally:
        use_language("zh")
    assert text == ", |甲 missingnet"


@pytest.mark.parametrize(
    "text", ["{% say %}", "{% say words %}", '{% say "甲" 3 %}', '{% say "甲" as %}']
)
def test_a_wrong_say_is_refused(text):
    """A sentence that the extractor could not find is refused when the template is read."""
    with pytest.raises(TemplateSyntaxError):
        render_text(text, {"words": "甲"})


def test_a_missing_value_is_loud():
    """A placeholder without its value is a mistake in the template, not a gap on the page."""
    with pytest.raises(KeyError):
        render_text('{% say "甲 {x}" %}')


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Money(123_450), "¥1,234.50"),
        (Money(-5), "−¥0.05"),
        (Money(100, "USD"), "USD 1.00"),
        ("98.00", "¥98.00"),
        ("", ""),
        (None, ""),
        ("面议", "面议"),
        (Money(99_999_999_999_999), "¥999,999,999,999.99"),
    ],
)
def test_money_is_read_at_a_glance(value, shown):
    """Amounts have their sign and their groups; what is no amount stays as it is."""
    assert values.money(value) == shown


def test_times_are_beijing_times():
    """Instants are shown on a Beijing clock whatever their zone, days as Beijing's day."""
    utc = datetime(2026, 11, 2, 16, 3, 21, tzinfo=UTC)
    shown = '<time datetime="2026-11-03T00:03+08:00">2026-11-03 00:03</time>'
    assert values.when(utc) == shown and values.when(utc.isoformat()) == shown
    day = '<time datetime="2026-11-03">2026-11-03</time>'
    assert [values.day(x) for x in (utc, date(2026, 11, 3), "2026-11-03", utc.isoformat())] == [
        day
    ] * 4
    assert values.when(None) == values.day("") == ""


def test_a_time_without_zone_is_refused():
    """A naive time could mean any hour, so it is not shown at all."""
    with pytest.raises(ValueError, match="zone"):
        values.when(datetime(2026, 11, 2, 16, 3))


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1 KB"),
        (1536, "1.5 KB"),
        (1_482_000, "1.4 MB"),
        (1024**3, "1 GB"),
        (150 * 1024**2, "150 MB"),
        (9_999 * 1024**4, "9999 TB"),
        (None, ""),
    ],
)
def test_sizes_are_said_as_phones_say_them(size, shown):
    """Sizes go up in steps of 1,024, with one decimal where it tells something."""
    assert values.filesize(size) == shown


def test_elapsed_stays_between_nothing_and_all():
    """A term has passed by 0 to 100 per cent, before its start and after its end as well."""
    start, end = AT, AT + timedelta(hours=48)
    hours = (-5, 0, 12, 48, 500)
    assert [values.elapsed(start, end, AT + timedelta(hours=h)) for h in hours] == [
        0,
        0,
        25,
        100,
        100,
    ]
    assert values.elapsed(end, start, AT) == 100
    assert values.elapsed(start.isoformat(), end.isoformat(), AT.isoformat()) == 0


def test_links_keep_the_page():
    """Language and page links keep what the address already asked for."""
    page = render_text('{% here_with lang="en" %}')
    assert page == "?lang=en"
    answer = render("errors/404.html", address="/guides/?q=%E5%8D%A1&page=3")
    assert 'href="?q=%E5%8D%A1&amp;page=3&amp;lang=en"' in answer
    assert '<input type="hidden" name="q" value="卡">' in answer
    english = render("errors/404.html", language="en", address="/en/guides/late/")
    assert 'href="/guides/late/?lang=zh"' in english


def test_theme_is_set_by_choice_only():
    """The page names a theme only where one of the two was chosen."""
    assert "data-theme" not in render("errors/404.html")
    assert "data-theme" not in render("errors/404.html", {"theme": '"><script>'})
    assert 'data-theme="dark"' in render("errors/404.html", {"theme": "dark"})


def test_the_figure_says_what_the_report_says():
    """Each cell is the strongest finding of its stage; a gap shows where evidence usually lies."""
    figure = standing.find_standing(make_report())
    rows = {row.code: row for row in figure.rows}
    shown = {
        code: [c.meaning.css if c.meaning else "" for c in r.cells] for code, r in rows.items()
    }
    assert shown == {
        "contract": ["weak", "proven", ""],
        "payment": ["", "proven", ""],
        "breach": ["", "", "contradicted"],
        "notice": ["", "weak", ""],
        "admission": ["", "weak", ""],
        "respondent_identity": ["missing", "", ""],
    }
    assert [c.count for c in rows["payment"].cells] == [0, 2, 0]
    assert [c.meaning.css for c in figure.columns] == ["proven", "weak", "missing"]
    assert "2 件已经成立" in figure.summary and "对方是谁（缺失）" in figure.summary


@pytest.mark.parametrize(
    ("box", "cut"),
    [
        ((60, 700, 540, 760), (0, 655, 768, 150)),
        ((0, 0, 10, 10), (0, 0, 360, 150)),
        ((1070, 2330, 1080, 2340), (720, 2190, 360, 150)),
        ((0, 0, 1080, 2340), (0, 0, 1080, 2340)),
        ((-50, -50, 5000, 5000), (0, 0, 1080, 2340)),
        ((540, 760, 60, 700), (0, 655, 768, 150)),
    ],
)
def test_a_region_stays_in_its_picture(box, cut):
    """The cut-out holds the box with its surroundings and never leaves the picture."""
    found = region.find_region(1080, 2340, box)
    assert (found.left, found.top, found.width, found.height) == cut
    assert found.left <= found.box_left and found.top <= found.box_top
    assert found.box_left + found.box_width <= found.left + found.width
    assert found.box_top + found.box_height <= found.top + found.height


def test_a_small_picture_is_shown_whole():
    """A picture smaller than the least cut-out is its own cut-out."""
    assert region.find_region(100, 80, (10, 10, 20, 20)).view_box == "0 0 100 80"


def test_polling_ends():
    """A part asks again only while its work is not done."""
    open_part = render_text('{% poll "f" unless=done every=5 %}x{% endpoll %}', {"done": False})
    assert 'hx-trigger="every 5s"' in open_part and 'hx-select="#f"' in open_part
    assert "hx-" not in render_text('{% poll "f" unless=done %}x{% endpoll %}', {"done": True})
    for text in ("{% poll %}{% endpoll %}", '{% poll "f" when=x %}{% endpoll %}'):
        with pytest.raises(TemplateSyntaxError):
            render_text(text)


def test_copied_values_have_nothing_around_them():
    """A value to copy stands in its element without a blank that would be copied too."""
    assert 'id="copy-sum">98.00</div>' in render_living()


def test_names_are_escaped_everywhere():
    """A hostile file name stays text in every part that shows one."""
    evil = '"><script>alert(1)</script>'
    file = {"id": 1, "name": evil, "state": "read", "size": 1, "kind": evil, "problem": evil}
    parts: dict[str, dict[str, Any]] = {
        "file_card": {"file": file},
        "chip": {"no": evil, "href": evil, "name": evil},
        "copy_field": {"id": "x", "name": evil, "value": evil},
        "contradiction": {"what": evil, "said": evil, "shown": evil, "name": evil, "no": 1},
        "picture_region": {"src": evil, "alt": evil, "width": 9, "height": 9, "box": (1, 1, 2, 2)},
        "notice": {"kind": evil, "title": evil, "text": evil},
        "letter_part": {"text": evil, "id": "x", "name": evil, "label": evil, "limit": 5},
    }
    for name, context in parts.items():
        page = render_text(f'{{% include "parts/{name}.html" %}}', context)
        assert "<script" not in page and "&lt;script" in page, name
