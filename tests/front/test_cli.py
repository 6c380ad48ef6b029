"""The command line as its users meet it: whole processes, odd places, early ends."""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.casework.case_kit import CASE, CHAT, make_case
from tests.forked import run_forked

AS_OF = ("--as-of", "2026-11-20T10:00:00+08:00")
RUN = (sys.executable, "-c", "from gongdao.front.cli.main import main; main()")


def _run(*words: str, **named: object) -> subprocess.CompletedProcess[str]:
    """The finished command, output as UTF-8 text."""
    return subprocess.run(  # type: ignore[call-overload]  # any keyword of run()
        [*RUN, *words], capture_output=True, encoding="utf-8", timeout=120, **named
    )


@pytest.fixture
def case(tmp_path: Path) -> Path:
    """A small case in a path with Chinese and a blank."""
    return make_case(tmp_path / "我的 案件")


def _commands(case: Path) -> list[tuple[str, ...]]:
    folder, chat = str(case), str(case / "during/chat.txt")
    return [
        ("case", "start", chat, "--into", f"{case}-start", *AS_OF),
        ("case", "new", f"{case}-new"),
        ("case", "add", folder, chat),
        ("case", "check", folder, *AS_OF),
        ("case", "check", folder, "--beside", folder, *AS_OF),
        ("case", "route", folder, *AS_OF),
        ("case", "letters", folder, *AS_OF),
        ("case", "letters", folder, "--out", f"{case}-letters", *AS_OF),
        ("case", "correct", folder, "during/chat.txt", "amount", "98"),
        ("guide",),
        ("guide", "invalid_secret", *AS_OF),
        ("rules", "show"),
        ("rules", "show", "policy/escalate_after"),
        ("rules", "at", "policy/escalate_after", "--on", "2026-11-20"),
        ("rules", "check"),
        ("rules", "digest"),
    ]


@pytest.mark.slow
def test_every_command_prints_json(case: Path) -> None:
    """With ``--json`` the output is one JSON value and nothing else, in either language."""
    for words in _commands(case):
        done = run_forked(*words, "--json", "--lang", "en", env=os.environ)
        assert done.returncode == 0, (words, done.stderr)
        json.loads(done.stdout)


@pytest.mark.slow
def test_output_is_utf8_whatever_the_surroundings(case: Path) -> None:
    """A C locale, an ASCII stream, no HOME, a narrow terminal: the same UTF-8 text."""
    wanted = _run("case", "check", str(case), *AS_OF).stdout
    assert "现在的情况" in wanted
    bare = {"PATH": os.environ["PATH"]}
    for surroundings in (
        {"LC_ALL": "C"},
        {"PYTHONIOENCODING": "ascii"},
        {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "latin-1"},
        {"COLUMNS": "10"},
    ):
        done = _run("case", "check", str(case), *AS_OF, env={**bare, **surroundings})
        assert (done.returncode, done.stdout) == (0, wanted), surroundings


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("case", "check"), "DIR"),
        (("case", "chekc", "x"), "chekc"),
        (("case", "check", "x", "--as-off"), "--as-of"),
        (("case", "check", "nowhere"), "gongdao case new"),
        (("case", "check", "nowhere", "--as-of", "明天"), "2026-11-20T10:00:00+08:00"),
        (("case", "check", "nowhere", "--as-of", "9999-12-31T23:59:59Z"), "9999"),
        (("case", "check", "nowhere", "--lang", "fr"), "zh | en"),
        (("case", "add", "nowhere", "x"), "gongdao case new"),
        (("case", "start", "gone.png"), "gone.png"),
        (("guide", "invalid_secrets"), "invalid_secret"),
        (("rules", "at", "policy/escalate_after", "--on", "x"), "2026-11-20"),
        (("rules", "show", "nothing"), "nothing"),
    ],
)
def test_errors_say_what_to_do(tmp_path: Path, words: tuple[str, ...], says: str) -> None:
    """A wrong use is one line with the way out on the error stream, exit 2, nothing printed or
    made."""
    done = _run(*words, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("错误：") and done.stderr.count("\n") == 1
    assert says in done.stderr
    assert not list(tmp_path.iterdir())


def test_no_arguments_show_the_help() -> None:
    """A bare command lists what there is; every command explains itself."""
    assert "case" in _run().stderr
    for words in (("--help",), ("case", "--help"), ("case", "check", "--help")):
        done = _run(*words)
        assert done.returncode == 0 and "Usage" in done.stdout


def test_help_is_there_at_once() -> None:
    """Help costs at most 0.3 s of processor time (other work may share the machine)."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    _run("--help")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 0.3


@pytest.mark.parametrize(
    "words", [("rules", "show"), ("case", "check", "{case}", "--json", *AS_OF)]
)
def test_a_reader_that_leaves_is_no_fault(case: Path, words: tuple[str, ...]) -> None:
    """Piped into ``head`` the command ends quietly with 0."""
    command = [*RUN, *(word.format(case=case) for word in words)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout and running.stderr
        running.stdout.readline()
        running.stdout.close()
        assert running.stderr.read() == b""
        assert running.wait() == 0


def test_a_full_disk_is_an_error(case: Path) -> None:
    """Output that cannot be written is said, and the exit code is not 0."""
    if not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full on this system")
    with open("/dev/full", "w") as full:
        command = [*RUN, "case", "check", str(case), *AS_OF]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, encoding="utf-8")
    assert done.returncode == 2
    assert "磁盘已满" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("after_s", [0.3, 0.7, 1.2])
def test_ctrl_c_leaves_nothing_half_made(tmp_path: Path, after_s: float) -> None:
    """Interrupted at any moment, ``start`` leaves a whole case folder or none."""
    source = tmp_path / "in"
    source.mkdir()
    for number in range(200):
        (source / f"{number}.txt").write_text(f"{CHAT}{number}", encoding="utf-8")
    work = tmp_path / "work"
    work.mkdir()
    # The mark says that the program itself runs: before, an interrupt is Python's own affair.
    code = "import sys; from gongdao.front.cli.main import main; sys.stderr.write('>'); main()"
    words = ["case", "start", str(source), "--into", str(work / "case"), *AS_OF]
    command = [sys.executable, "-c", code, *words]
    with subprocess.Popen(command, stderr=subprocess.PIPE, encoding="utf-8") as running:
        assert running.stderr is not None
        assert running.stderr.read(1) == ">"
        time.sleep(after_s)
        running.send_signal(signal.SIGINT)
        said = running.stderr.read()
    there = [path.name for path in work.iterdir()]
    # Only Python's own shutdown, when the work is done and the folder stands, may die of it.
    shut_down = there == ["case"] and running.returncode == -signal.SIGINT
    assert running.returncode in (0, 130) or shut_down, said
    assert there == (["case"] if (work / "case").exists() else [])
    if there:
        assert (work / "case" / "case.toml").is_file()


def test_terminals_are_not_steered(tmp_path: Path) -> None:
    """Escape sequences in a chat or a name reach no terminal; JSON keeps them escaped."""
    chat = CHAT + "2026-11-02 17:10:00 商家: 系统延迟\x1b]0;owned\x07，稍等\n"
    root = make_case(
        tmp_path / "c", CASE.replace("示例站", "示例\\u001b[31m站"), {"during/chat.txt": chat}
    )
    plain = _run("case", "check", str(root), *AS_OF)
    assert plain.returncode == 0
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", plain.stdout)
    assert "\x1b" not in _run("case", "check", str(root), "--json", *AS_OF).stdout


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("{", "JSON"),
        ("[1]", "JSON"),
        ("[" * 100_000, "JSON"),
        ('{"speaker": "shop", "text": "x"}', "merchant"),
        ('{"speaker": "merchant"}', "text"),
        ('{"speaker": "merchant", "text": 5}', "text"),
        ('{"speaker": "merchant", "text": "x", "at": "bald"}', "不是时间"),
        ('{"speaker": "merchant", "text": "' + "x" * (1 << 20) + '"}', "太长"),
    ],
)
def test_a_wrong_chat_line_is_named(row: str, says: str) -> None:
    """What comes before is answered, the wrong line is named by its number."""
    good = '{"speaker": "merchant", "text": "没货了", "at": "2026-11-05T14:00:00"}'
    done = _run("chat", "label", input=f"{good}\n{row}\n")
    assert done.returncode == 2
    assert json.loads(done.stdout)["labels"]
    assert ":2" in done.stderr and says in done.stderr and "Traceback" not in done.stderr


def test_chat_lines_come_out_in_order(tmp_path: Path) -> None:
    """As many lines out as in, from a file or the standard input, with a byte order mark too."""
    texts = ("明天给您退", "您这单确实没发出去", "在的亲")
    rows = [
        {"speaker": "merchant", "text": text, "at": "2026-11-05T14:00:00+08:00"} for text in texts
    ]
    text = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    (tmp_path / "a.jsonl").write_text("\ufeff" + text, encoding="utf-8")
    one, two = _run("chat", "label", str(tmp_path / "a.jsonl")), _run("chat", "label", input=text)
    assert one.stdout == two.stdout
    found = [json.loads(line) for line in one.stdout.splitlines()]
    assert len(found) == 3
    assert found[0]["by"] == "2026-11-06"
    assert any(label.startswith("admission") for label in found[1]["labels"])


@pytest.mark.slow
def test_letters_are_written_as_files(case: Path) -> None:
    """``--out`` writes every letter as text and DOCX and says that nothing was filed."""
    out = case.parent / "信"
    done = _run("case", "letters", str(case), "--out", str(out), *AS_OF)
    assert done.returncode == 0
    names = {path.name for path in out.iterdir()}
    assert "demand.txt" in names
    assert {n.replace(".txt", ".docx") for n in names if n.endswith(".txt")} <= names
    assert "没有提交任何东西" in done.stdout


def test_folders_of_one_name_are_told_apart(tmp_path: Path) -> None:
    """Beside two folders called the same, each is named by its path."""
    own = make_case(tmp_path / "own")
    twins = [make_case(tmp_path / side / "case") for side in ("a", "b")]
    words = [word for twin in twins for word in ("--beside", str(twin))]
    done = _run("case", "check", str(own), *words, "--json", *AS_OF)
    assert json.loads(done.stdout)["group"]["same_merchant_with"] == [str(t) for t in twins]
