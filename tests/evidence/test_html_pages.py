"""Saved pages as text: nothing is run, fetched or lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gongdao.core.errors import UnreadableFile
from gongdao.evidence.html_pages import clean_markup, is_mhtml, read_page
from gongdao.evidence.identities import find_identities

PAGE = """<!DOCTYPE html>
<!-- saved from url=(0022)https://kameng.example/item/1 -->
<html><head><title>某游戏 100 元点卡 &amp; 直充</title><style>p{color:red}</style>
<link rel="canonical" href="https://kameng.example/item/1?a=1&amp;b=2">
<script>document.write("<p>假的价格 1 元</p>")</script></head>
<body><!-- 注释 --><div>售价<b>98.00</b></div><p>付款后 10 分钟内<br>自动发货</p>
<table><tr><td>商家</td><td>示例数卡店</td></tr></table><img src=x alt="营业执照">
<footer>京ICP备12345678号-1 示例数卡网络科技有限公司 客服电话 400-123-4567</footer>
</body></html>"""


def test_text_title_and_address_are_kept():
    """Blocks are lines, inline tags are not; scripts, styles and comments are gone."""
    page = read_page(data=PAGE.encode(), name="a.html")
    assert (page.form, page.title) == ("html", "某游戏 100 元点卡 & 直充")
    assert page.url == "https://kameng.example/item/1?a=1&b=2"
    texts = [line.text for line in page.lines]
    for expected in ("售价98.00", "付款后 10 分钟内", "自动发货", "商家 示例数卡店", "营业执照"):
        assert expected in [t.strip() for t in texts]
    assert not any(word in page.text for word in ("假的价格", "color", "注释"))
    assert [line.line for line in page.lines] == list(range(1, len(texts) + 1))


def test_the_footer_gives_identities():
    """ICP number, company and service line of the footer are found."""
    page = read_page(data=PAGE.encode("gb18030"))
    kinds = {i.kind: i.value for i in find_identities([("a.html", page.text)])}
    assert kinds["icp"] == "京ICP备12345678号-1"
    assert kinds["company"] == "示例数卡网络科技有限公司"
    assert kinds["phone"] == "400-123-4567"


def test_the_saved_from_address_serves_without_a_canonical_one():
    """The browser's own note is used where the page names no address."""
    text = PAGE.replace('rel="canonical"', 'rel="icon"')
    assert read_page(data=text.encode()).url == "https://kameng.example/item/1"


def mhtml(encoding: str, body: bytes) -> bytes:
    """A page as a browser saves it, with a nested part before it."""
    head = (
        "From: <Saved by Blink>\r\nSnapshot-Content-Location: https://kameng.example/item/1\r\n"
        "Subject: =?utf-8?Q?=E7=82=B9=E5=8D=A1?=\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/related;\r\n\ttype="text/html";\r\n\tboundary="--=_Part"\r\n\r\n'
        "----=_Part\r\nContent-Type: text/css\r\n\r\np{}\r\n"
        f"----=_Part\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: {encoding}\r\n"
        "Content-Location: https://kameng.example/other\r\n\r\n"
    )
    return head.encode() + body + b"\r\n----=_Part--\r\n"


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("8bit", "<p>售价 98.00</p>".encode()),
        ("quoted-printable", b"<p>=E5=94=AE=E4=BB=B7 98=\r\n.00</p>"),
        ("base64", b"PHA+5ZSu5Lu3IDk4\r\nLjAwPC9wPg=="),
    ],
)
def test_an_mhtml_page_is_read(encoding, body):
    """Every transfer encoding gives the page, its address and its title."""
    data = mhtml(encoding, body)
    assert is_mhtml(data)
    page = read_page(data=data, name="a.mhtml")
    assert (page.form, page.title, page.url) == ("mhtml", "点卡", "https://kameng.example/item/1")
    assert page.text == "售价 98.00"


def test_an_mhtml_file_without_a_page_is_refused():
    """A message that holds only a style sheet is told as such."""
    data = mhtml("8bit", b"").replace(b"text/html", b"text/css").replace(b"related", b"mixed")
    with pytest.raises(UnreadableFile, match="网页正文"):
        read_page(data=data, name="a.mhtml")


@pytest.mark.parametrize(
    "text",
    ["<" * 200_000, "<!--" * 100_000, "<script>" * 100_000, "<a" * 100_000, "<a b='" * 100_000,
     "<div>" * 100_000, "&#" * 100_000, "<![CDATA[" * 100_000, "<p " + "x=" * 100_000 + ">"],
)  # fmt: skip
def test_hostile_markup_costs_linear_time(text):
    """Openings that never close are text or nothing, and are read at once."""
    page = read_page(data=text.encode())
    assert len(page.text) <= len(text) * 5


def test_a_page_of_endless_tags_is_refused():
    """A million tags are no saved page."""
    with pytest.raises(UnreadableFile, match="网页太大"):
        read_page(data=b"<b>" * 1_000_001)


def test_cleaning_keeps_line_numbers():
    """What is dropped leaves its line breaks, so that places can still be told."""
    text = "a\n<!-- x\ny -->\n<script>\n</script>\nb<c"
    assert clean_markup(text).count("\n") == text.count("\n")
    assert clean_markup(text).endswith("b&lt;c")


@given(st.text(st.sampled_from("<>!-/abp=\"'&#; \n"), max_size=200))
def test_any_markup_is_read(text):
    """No page raises."""
    assert read_page(data=text.encode()).form == "html"
