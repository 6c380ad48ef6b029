"""Checking receipts in the browser: the same answers as gongdao-verify, offline as well."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.template.loader import render_to_string
from tests.casework.sample_case import AS_OF, make_folder, make_report
from tests.front.web.log_pages import JUDGE, VECTORS, as_asked, choose, open_page, trust
from tests.front.web.look_kit import STATIC, find_browser, open_browser
from tests.verify.log_kit import Signer, SmallLog, b64
from tests.verify.vector_kit import LOG, NOTARY, POLICIES, SCHOOL

from gongdao.casework.log_seal import Logged, SealDigests
from gongdao.casework.seal import seal_case
from gongdao.core.language import use_language
from gongdao.front.web.log_offline import joined_script, make_offline, modules_in_order
from gongdao.front.web.log_words import verify_words
from gongdao_verify.canonical import canonical
from gongdao_verify.check import verify
from gongdao_verify.log_verdict import judge_receipt
from gongdao_verify.promise import judge_promise
from gongdao_verify.receipt_extra import BadReceipt
from gongdao_verify.show_log import promise_json
from gongdao_verify.tlog_policy import Policy

FULL = VECTORS["policies"]["full"]
HEADLINES = {
    "INVALID": "无效",
    "CONSISTENT_UNWITNESSED": "自洽但无人见证",
    "WITNESSED": "已见证",
    "AUDITED": "已审计",
    "ANCHORED": "已锚定",
}


@pytest.fixture(scope="module")
def browser():
    """Chromium for this file."""
    path = find_browser()
    if path is None:
        pytest.skip("no Chromium on this machine: the verify page was NOT tested")
    with open_browser(path) as opened:
        yield opened


@pytest.fixture(scope="module")
def page(browser):
    """An empty page beside the scripts."""
    opened, complaints = open_page(browser)
    yield opened
    assert complaints == []


@pytest.fixture
def offline_file(tmp_path):
    """The page as one file, in Chinese, with the policy of the vectors."""

    def make(language: str = "zh") -> Path:
        use_language(language)
        try:
            words = json.dumps(verify_words(language), ensure_ascii=False)
            context = {"words": words, "policy": FULL, "site": "https://gongdao.example"}
            page = render_to_string("pages/log_offline.html", context)
        finally:
            use_language("zh")
        file = tmp_path / f"gongdao-verify-{language}.html"
        file.write_bytes(make_offline(page))
        return file

    return make


def _open_file(browser, file: Path):
    """The file from the disk, with the network off; and what it complains of or asks for."""
    context = browser.new_context(offline=True, locale="zh-CN")
    opened, complaints = context.new_page(), []
    opened.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    asked: list[str] = []
    opened.on("request", lambda request: asked.append(request.url))
    opened.goto(file.as_uri())
    return opened, complaints, asked


@pytest.mark.parametrize("case", VECTORS["receipts"], ids=lambda case: case["name"])
def test_every_receipt_gets_the_same_verdict(page, case):
    """The object that the page's module answers is that of gongdao-verify, field by field."""
    assert page.evaluate(JUDGE, as_asked(case)) == case["verdict"]


def test_what_is_no_receipt_has_no_verdict(page):
    """Refused as unreadable, which is another answer than invalid."""
    for case in VECTORS["not_receipts"]:
        assert page.evaluate(JUDGE, as_asked(case)) == "no_receipt", case["name"]


def test_every_leaf_is_read_or_refused(page):
    """The form of leaves is judged as strictly as by the command line."""
    read = """async (entry) => {
      const { parseLeaf } = await import("/static/verify/leaf.js");
      const { fromBase64 } = await import("/static/verify/bytes.js");
      try { parseLeaf(fromBase64(entry, "x")); return null; } catch (error) { return error.code; }
    }"""
    for case in VECTORS["leaves"]:
        found = page.evaluate(read, case["entry"])
        assert found == (None if case["refused"] is None else "bad_leaf"), case["name"]


def test_a_changed_signature_is_found_wherever_it_is(page):
    """The control: each byte of a receipt's proof and checkpoint changed, none keeps its state."""
    case = next(c for c in VECTORS["receipts"] if c["verdict"]["state"] == "WITNESSED")
    asked = as_asked(case)
    start = asked["receipt"].index("index ")
    for at in range(start, len(asked["receipt"]), 7):
        old = asked["receipt"][at]
        changed = asked["receipt"][:at] + ("A" if old != "A" else "B") + asked["receipt"][at + 1 :]
        found = page.evaluate(JUDGE, {**asked, "receipt": changed})
        python = _judge_here(changed, asked["policy"])
        assert found == python, (at, old)


def _judge_here(receipt: str, policy: str) -> Any:
    from gongdao_verify.receipt_extra import BadReceipt
    from gongdao_verify.show_log import log_json

    try:
        return log_json(judge_receipt(receipt.encode(), policy=Policy.parse(policy)))
    except BadReceipt as bad:
        return bad.code


def test_a_policy_that_cannot_be_read_is_said(page):
    """No verdict is given under a policy that was cut off."""
    case = next(c for c in VECTORS["receipts"] if c["verdict"]["state"] == "WITNESSED")
    for text in (FULL[:200], "quorum none\nquorum none\n", "log x\nquorum none\n"):
        with pytest.raises(ValueError):
            Policy.parse(text)
        assert page.evaluate(JUDGE, {**as_asked(case), "policy": text}) == "bad_policy"


def test_the_file_from_the_disk_answers_without_a_network(browser, offline_file, tmp_path):
    """Opened from file:// with the network off, it tells the state of every vector and asks for
    nothing; and it says what is not proven."""
    opened, complaints, asked = _open_file(browser, offline_file())
    for number, case in enumerate(VECTORS["receipts"]):
        wanted = as_asked(case)
        file = tmp_path / f"{number}.tlog-proof"
        file.write_text(wanted["receipt"], "utf-8", newline="")
        trust(opened, wanted["policy"], wanted["roots"])
        said = choose(opened, file)
        assert said.startswith(HEADLINES[case["verdict"]["state"]]), case["name"]
        green = opened.locator("[data-out] .holds").count() > 0
        assert green == (case["verdict"]["state"] in ("WITNESSED", "AUDITED", "ANCHORED"))
        if case["verdict"]["not_proven"]:
            assert "以下事项未被证明" in said and "记录所说是否属实" in said
    assert complaints == [] and len(asked) == 1


def test_the_file_is_complete_in_english(browser, offline_file, tmp_path):
    """Not a Chinese word in what it says of a receipt."""
    opened, complaints, _asked = _open_file(browser, offline_file("en"))
    case = next(c for c in VECTORS["receipts"] if c["verdict"]["state"] == "AUDITED")
    file = tmp_path / "a.tlog-proof"
    file.write_text(case["receipt"], "utf-8", newline="")
    said = choose(opened, file)
    assert said.startswith("AUDITED: ") and complaints == []


def test_the_file_lets_nothing_in_or_out(browser, offline_file):
    """Its own policy of contents stops a request, a picture, an inline script and a style."""
    opened, complaints, _asked = _open_file(browser, offline_file())
    opened.evaluate("""() => {
      const [picture, script] = ["img", "script"].map((name) => document.createElement(name));
      picture.src = "https://stranger.example/x.png";
      script.textContent = "window.stolen = 1";
      document.body.append(picture, script);
    }""")
    refused = "fetch('https://stranger.example/').then(() => 'sent', () => 'refused')"
    assert opened.evaluate(refused) == "refused"
    assert opened.evaluate("window.stolen") is None
    assert len(complaints) >= 3 and all("Content Security Policy" in one for one in complaints)


def test_an_old_browser_is_told_so(browser, offline_file, tmp_path):
    """Where Ed25519 or WebCrypto is missing nothing is said of the receipt, good or bad."""
    file = tmp_path / "a.tlog-proof"
    file.write_text(VECTORS["receipts"][0]["receipt"], "utf-8", newline="")
    lacks = {
        "还不会验 Ed25519": "SubtleCrypto.prototype.importKey = () => "
        "Promise.reject(new DOMException('', 'NotSupportedError'))",
        "不给不加密的网页用密码功能": "Object.defineProperty(Crypto.prototype, 'subtle', "
        "{value: undefined})",
    }
    for words, lack in lacks.items():
        context = browser.new_context(offline=True)
        context.add_init_script(lack)
        opened = context.new_page()
        opened.goto(offline_file().as_uri())
        said = choose(opened, file)
        assert words in said and not any(one in said for one in HEADLINES.values())


def _sealed(folder: Path, out: Path, *, other: bool = False) -> None:
    """A case file whose receipt two organisations vouch for; ``other``: of another seal."""

    def log(digests: SealDigests) -> Logged:
        data = digests.data() | ({"seal_sha256": "00" * 32} if other else {})
        leaf = {"at": "2026-11-22T10:00:00.000Z", "d": data, "prev": None}
        entry = canonical({**leaf, "sub": f"case:{'0' * 32}", "t": "case.sealed", "v": 1})
        small = SmallLog("gongdao.example/log", [b"{}", entry])
        at = 1_795_341_600
        note = small.note(None, *(one.cosign(small.text(), at) for one in (NOTARY, SCHOOL)))
        receipt = small.receipt(1, note, canonical({"v": 1, "entry": b64(entry)}))
        return Logged(receipt, judge_receipt(receipt, policy=None))

    seal_case(folder=folder, report=make_report(), as_of=AS_OF, out=out, log=log)


def _repack(source: Path, out: Path, *, method: int = zipfile.ZIP_STORED, **changes: bytes) -> None:
    """The same files packed anew, some with other content, some added."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(out, "w", method) as new:
        for info in old.infolist():
            new.writestr(info.filename, changes.pop(info.filename, old.read(info)))
        for name, data in changes.items():
            new.writestr(name, data)


def test_a_case_file_is_checked_with_its_receipt(browser, offline_file, tmp_path):
    """Whole: intact and witnessed; packed anew: the same; a byte changed, a file added, or the
    receipt of another seal: never green, and the file is named."""
    folder, good = make_folder(tmp_path), tmp_path / "good.zip"
    _sealed(folder, good)
    opened, complaints, asked = _open_file(browser, offline_file())
    said = choose(opened, good)
    assert said.startswith("完好") and "已见证" in said and "SM3" in said
    assert opened.locator("[data-out] .holds").count() == 1
    assert verify(good, policy=Policy.parse(FULL)).log.state == "WITNESSED"
    packed = tmp_path / "packed.zip"
    _repack(good, packed, method=zipfile.ZIP_DEFLATED)
    assert choose(opened, packed) == said
    changed = tmp_path / "changed.zip"
    _repack(good, changed, **{"originals/during/chat.txt": b"x", "more.txt": b"y"})
    said = choose(opened, changed)
    assert said.startswith("已改动") and "originals/during/chat.txt" in said and "more.txt" in said
    assert opened.locator("[data-out] .holds").count() == 0
    other = tmp_path / "other.zip"
    with pytest.raises(Exception, match="自检"):
        _sealed(folder, other, other=True)
    assert complaints == [] and len(asked) == 1


def test_a_receipt_of_another_seal_is_invalid(browser, offline_file, tmp_path):
    """The receipt of one case file put into another one."""
    first, second = tmp_path / "1.zip", tmp_path / "2.zip"
    folder = make_folder(tmp_path)
    _sealed(folder, first)
    (folder / "during" / "more.txt").write_text("更多", "utf-8")
    _sealed(folder, second)
    with zipfile.ZipFile(first) as archive:
        stolen = archive.read("seal.tlog-proof")
    mixed = tmp_path / "mixed.zip"
    _repack(second, mixed, **{"seal.tlog-proof": stolen})
    opened, _complaints, _asked = _open_file(browser, offline_file())
    said = choose(opened, mixed)
    assert "无效" in said and "回执不是这份卷宗的" in said
    assert opened.locator("[data-out] .holds").count() == 0
    assert verify(mixed, policy=Policy.parse(FULL)).exit_code == 1


def test_hostile_files_are_refused_calmly(browser, offline_file, tmp_path):
    """No zip, half a zip, a zip without lists, a picture: one sentence, no verdict."""
    whole = tmp_path / "whole.zip"
    _sealed(make_folder(tmp_path), whole)
    files = {
        "half.zip": whole.read_bytes()[:5000],
        "tail.zip": whole.read_bytes() + b"x",
        "picture.png": b"\x89PNG\r\n\x1a\n" + b"\0" * 100,
        "empty": b"",
        "head.zip": b"PK\x03\x04" + b"\xff" * 60,
    }
    with zipfile.ZipFile(tmp_path / "plain.zip", "w") as archive:
        archive.writestr("a.txt", "a")
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    opened, complaints, _asked = _open_file(browser, offline_file())
    for name in (*files, "plain.zip"):
        said = choose(opened, tmp_path / name)
        assert said.startswith("无法读取"), name
    assert complaints == []


def test_what_others_wrote_cannot_pose_as_ours(browser, offline_file, tmp_path):
    """Names and values in a receipt are text, without marks that turn or hide words."""
    data = {"note": "<img src=x onerror=alert(1)>\u202e倒过来"}
    leaf = {"at": "2026-11-22T10:00:00.000Z", "d": data, "prev": None, "sub": f"order:{'0' * 32}"}
    entry = canonical({**leaf, "t": "order.state", "v": 1})
    small = SmallLog("gongdao.example/log", [entry])
    file = tmp_path / "a.tlog-proof"
    file.write_bytes(small.receipt(0, small.note(), canonical({"v": 1, "entry": b64(entry)})))
    opened, complaints, _asked = _open_file(browser, offline_file())
    said = choose(opened, file)
    assert "<img src=x" in said and "\u202e" not in said and complaints == []
    assert opened.locator("[data-out] img").count() == 0


def test_the_modules_are_small():
    """No module over 6 kB; all together 20 kB over the wire."""
    import gzip

    paths = modules_in_order()
    assert {path.name for path in paths} == {path.name for path in (STATIC / "verify").iterdir()}
    texts = [path.read_bytes() for path in paths]
    assert all(len(text) <= 6_000 for text in texts)
    assert len(gzip.compress(b"".join(texts), 9)) <= 20_000


def test_a_script_that_cannot_be_joined_is_refused(tmp_path, monkeypatch):
    """The control: an import of another form stops the making, instead of giving half a file."""
    from gongdao.front.web import log_offline

    (tmp_path / "verify").mkdir()
    (tmp_path / "verify/page.js").write_text('import * as x from "./x.js";\n', "utf-8")
    monkeypatch.setattr(log_offline, "STATIC", tmp_path)
    with pytest.raises(ValueError, match="another form"):
        joined_script()
    with pytest.raises(ValueError, match="the page has no"):
        monkeypatch.undo()
        make_offline("<p>nothing</p>")


PROMISE = """async ({promise, policy}) => {
  const { judgePromise } = await import("/static/verify/promise.js");
  try { return await judgePromise(new TextEncoder().encode(promise), { policy }); }
  catch (error) { return error.code; }
}"""


def _promise(at="2026-11-22T10:00:30Z", digest="ab" * 32, signer=LOG.signer):
    text = f"gongdao-promise/v1\n{LOG.origin}\n{digest}\n{at}\n"
    return f"{text}\n{signer.sign(text)}"


def test_promises_get_the_same_verdict(page):
    """A log's promise is judged in the browser as by gongdao-verify: sound, unchecked, altered, by
    another key, of an unknown log, and no promise at all."""
    full, other = POLICIES["full"], POLICIES["another log"]
    good = _promise()
    cases = [
        *((good, full), (good, ""), (good, other), (good, POLICIES["two keys"])),
        (good.replace("10:00:30", "10:00:31"), full),
        (_promise(signer=Signer(LOG.origin, "new")), full),
        (_promise(signer=Signer(LOG.origin, "new")), POLICIES["two keys"]),
        *((_promise(at=at), full) for at in ("2026-13-22T10:00:30Z", "2026-02-30T10:00:30Z")),
        *((_promise(digest=digest), full) for digest in ("AB" * 32, "ab" * 31)),
        *((good[:-2], full), (good.split("\n\n")[0], full)),
    ]
    for promise, policy in cases:
        found = page.evaluate(PROMISE, {"promise": promise, "policy": policy})
        assert found == _promise_here(promise, policy), (promise, policy)
    states = {_promise_here(*case)["state"] for case in cases[:7]}
    assert states == {"PROMISED", "PROMISE_UNCHECKED", "INVALID"}


def _promise_here(promise: str, policy: str) -> Any:
    trusted = Policy.parse(policy) if policy else None
    try:
        found = promise_json(judge_promise(promise.encode(), policy=trusted), "zh")
    except BadReceipt as bad:
        return bad.code
    names = ("state", "exit_code", "reason", "origin", "leaf_hash", "deadline")
    return {name: found[name] for name in names}


def test_a_promise_from_the_disk_is_told(browser, offline_file, tmp_path):
    """Chosen in the offline file it says by when, and is never green."""
    opened, _complaints, _asked = _open_file(browser, offline_file())
    file = tmp_path / "promise.txt"
    file.write_text(_promise(), "utf-8", newline="")
    trust(opened, POLICIES["full"], "")
    assert choose(opened, file).startswith("已承诺（PROMISED）：")
    assert "2026-11-22 18:00:30" in opened.locator("[data-out]").inner_text()
    assert not opened.locator("[data-out] .holds").count()
