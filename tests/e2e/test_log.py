"""The public log end to end: sealed here or there, read by people, checked by strangers."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import urllib.request
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import expect
from tests.casework.case_kit import make_case
from tests.e2e.stories import chat_text
from tests.e2e.visitor import Visitor, begin_with_text

pytestmark = pytest.mark.slow
BIN = Path(sys.executable).parent
AS_OF = ("--as-of", "2026-11-20T10:00:00+08:00")


def _run(*command: str | Path, code: int = 0) -> str:
    done = subprocess.run(
        [str(one) for one in command], capture_output=True, encoding="utf-8", timeout=120
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def _fetch(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=20) as answer:
        return bytes(answer.read())


def _seal(real_server, folder: Path, out: Path) -> dict:
    log = f"{real_server.url}/log"
    told = _run(
        BIN / "gongdao", "case", "seal", folder, "--out", out, "--log", log, "--json", *AS_OF
    )
    return json.loads(told)["log"]


def test_a_case_sealed_at_home_is_in_the_log(meet, real_server, tmp_path):
    """`gongdao case seal --log` against the running server; the leaf has its page, the receipt and
    the case file verify offline on the command line and in the browser, and one changed byte is
    found by both."""
    out, policy = tmp_path / "a.zip", tmp_path / "policy.txt"
    told = _seal(real_server, make_case(tmp_path / "case"), out)
    policy.write_bytes(_fetch(f"{real_server.url}/log/policy"))
    said = json.loads(_run(BIN / "gongdao-verify", out, "--policy", policy, "--json"))
    assert said["log"]["index"] == told["index"] and said["log"]["log_known"]
    reader = meet("phone")
    reader.go("/log/")
    reader.press("看记了什么")
    reader.press(reader.page.locator(f'a[href="/log/leaf/{told["index"]}/"]'))
    assert said["log"]["leaf"]["data"]["seal_sha256"] in reader.text()
    with reader.page.expect_download() as arrival:
        reader.page.get_by_role("link", name="下载存证回执").click()
    receipt = tmp_path / "receipt.tlog-proof"
    arrival.value.save_as(receipt)
    assert arrival.value.suggested_filename == f"{told['index']}.tlog-proof"
    alone = json.loads(_run(BIN / "gongdao-verify", receipt, "--policy", policy, "--json"))
    assert alone["leaf_hash"] == told["leaf_hash"]
    reader.press(reader.page.get_by_role("link", name="核对一份回执"))
    _check_in_browser(reader, receipt, "自洽但无人见证")
    _check_in_browser(reader, out, "完好")
    bad = tmp_path / "bad.zip"
    with zipfile.ZipFile(out) as old, zipfile.ZipFile(bad, "w") as new:
        for info in old.infolist():
            data = old.read(info)
            new.writestr(info.filename, data + (b"x" if info.filename == "report.json" else b""))
    _run(BIN / "gongdao-verify", bad, "--policy", policy, code=1)
    _check_in_browser(reader, bad, "已改动")


def _check_in_browser(reader: Visitor, file: Path, said: str) -> None:
    reader.page.set_input_files("#file", file)
    expect(reader.page.locator("[data-out] h2").first).to_contain_text(said)
    reader.look()


def test_sealing_again_adds_no_leaf(real_server, tmp_path):
    """The same folder sealed twice is one leaf; a changed one is another."""
    folder = make_case(tmp_path / "case")
    first = _seal(real_server, folder, tmp_path / "1.zip")
    assert _seal(real_server, folder, tmp_path / "2.zip") == first
    (folder / "during" / "more.txt").write_text("2026-11-03 10:00:00 买家: 还没有", "utf-8")
    assert _seal(real_server, folder, tmp_path / "3.zip")["index"] > first["index"]


def test_a_case_file_made_on_the_web_is_in_the_log(meet, real_server, tmp_path):
    """Made by the page, it carries its receipt, the page leads to the leaf, and a stranger with the
    log's key finds both whole."""
    buyer = meet("desktop")
    link = begin_with_text(buyer, chat_text())
    buyer.go(f"{link}keep/")
    buyer.press("做一份卷宗")
    expect(buyer.page.get_by_role("link", name="下载卷宗")).to_be_visible(timeout=60_000)
    buyer.look()
    with buyer.page.expect_download() as arrival:
        buyer.page.get_by_role("link", name="下载卷宗").click()
    out, policy = tmp_path / "web.zip", tmp_path / "policy.txt"
    arrival.value.save_as(out)
    policy.write_bytes(_fetch(f"{real_server.url}/log/policy"))
    said = json.loads(_run(BIN / "gongdao-verify", out, "--policy", policy, "--json"))
    assert said["log"]["log_known"] and said["log"]["leaf"]["type"] == "case.sealed"
    index = said["log"]["index"]
    buyer.press(buyer.page.get_by_role("link", name=re.compile(rf"第 {index} 条")))
    assert said["seal_sha256"] in buyer.text()


def test_every_page_of_the_log_is_sound(meet, real_server, tmp_path):
    """On a phone and on a desktop, in both languages, without scripts as well: nothing overflows,
    nothing is inaccessible, nothing breaks."""
    told = _seal(real_server, make_case(tmp_path / "case"), tmp_path / "a.zip")
    pages = ("", "changes/", "changes/?kind=log", f"leaf/{told['index']}/", "leaf/0/", "verify/")
    for device in ("phone", "desktop"):
        for language in ("zh", "en"):
            reader = meet(device)
            for page in pages:
                mark = "&" if "?" in page else "?"
                reader.go(f"/log/{page}{mark}lang={language}")
    plain = meet("phone", java_script_enabled=False)
    for page in pages:
        plain.go(f"/log/{page}")
    assert "gongdao-verify" in plain.text()


def test_a_stranger_mirrors_and_audits_the_running_log(real_server, tmp_path):
    """`gongdao log audit` from nothing, over HTTP, and again after the log grew."""
    _seal(real_server, make_case(tmp_path / "case"), tmp_path / "a.zip")
    policy = tmp_path / "policy.txt"
    policy.write_bytes(_fetch(f"{real_server.url}/log/policy"))
    audit = (BIN / "gongdao", "log", "audit", f"{real_server.url}/log")
    more = ("--state", tmp_path / "state", "--policy", policy)
    _run(*audit, *more)
    (tmp_path / "case/during/more.txt").write_text("2026-11-03 10:00:00 买家: 还没有", "utf-8")
    _seal(real_server, tmp_path / "case", tmp_path / "b.zip")
    _run(*audit, *more)
