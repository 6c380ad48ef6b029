"""The loader refuses what it does not know, and the digests follow the values alone."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from gongdao.core.errors import NotKnown, RuleDataError
from gongdao.rules.at import all_at, at, find_at
from gongdao.rules.check import check_rules, digest_rules, list_rules, show_at, show_rule
from gongdao.rules.load import Rules, load_rules
from gongdao.rules.lockfile import compare_lock, lock_new, read_lock

HEAD = """
[defaults]
version = 1
in_force_from = 2020-01-01
source = "here"
status = "house_policy"
checked = 2026-11-22
"""
ENTRY = """
[[policy]]
id = "policy/one"
name = "一"
name_en = "one"
says = "说"
says_en = "says"
"""


def load(folder: Path, text: str) -> Rules:
    """Load one file ``a.toml`` with this text."""
    folder.mkdir(exist_ok=True)
    (folder / "a.toml").write_text(text, encoding="utf-8")
    load_rules.cache_clear()
    return load_rules(folder)


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """Each test reads anew."""
    yield
    load_rules.cache_clear()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD + ENTRY + 'colour = "red"', "不认识的键“colour”"),
        (HEAD + "[[rule]]\nid = 'x'", "不认识的键“rule”"),
        (HEAD.replace("[defaults]", "[policy]"), "不认识的键“policy”"),
        (HEAD + ENTRY.replace('says = "说"\n', ""), "缺少 says"),
        (HEAD + ENTRY.replace('"说"', '" "'), "says 是空的"),
        (HEAD + ENTRY + "count = true", "count: 应当是 int"),
        (HEAD + ENTRY + 'count = "4"', "count: 应当是 int"),
        (HEAD + ENTRY + "amount = 5.0", "金额要写成文字"),
        (HEAD.replace('"house_policy"', '"rumour"') + ENTRY, "“rumour”不在"),
        (HEAD.replace("version = 1", "version = 0") + ENTRY, "版本从 1 数起"),
        (HEAD + ENTRY + "in_force_to = 2019-12-31", "in_force_to 早于"),
        (HEAD + ENTRY + "checked = 2026-11-22T10:00:00", "应当是 date"),
        (HEAD + ENTRY + ENTRY, "第 1 版出现了两次"),
        (HEAD + "[[policy]", "a.toml:"),
        (HEAD + "[[article]]\nid='x/1'\nlaw='x'\narticle='1'\ngives='g'\ngives_en='g'", "没有法律"),
    ],
)
def test_broken_data_is_refused_with_file_and_key(tmp_path, text, said):
    """Unknown and missing keys, wrong types and dates give one error that names the place."""
    with pytest.raises(RuleDataError) as caught:
        load(tmp_path / "d", text)
    assert said in str(caught.value)
    assert (
        "a.toml" in str(caught.value)
        or "policy/one" in str(caught.value)
        or "x/1" in str(caught.value)
    )


def test_layout_does_not_count_but_every_value_does(tmp_path):
    """Order of keys, blanks and comments leave a digest alone; another word changes it."""
    plain = load(tmp_path / "a", HEAD + ENTRY).digests
    lines = ENTRY.strip().splitlines()
    shuffled = HEAD + "\n# why\n" + lines[0] + "\n" + "\n\n".join(reversed(lines[1:]))
    assert load(tmp_path / "b", shuffled).digests == plain
    assert load(tmp_path / "c", HEAD + ENTRY.replace('"说"', '"说。"')).digests != plain
    assert load(tmp_path / "d", HEAD.replace("2020", "2021") + ENTRY).digests != plain


def test_the_version_in_force_is_found(tmp_path):
    """A later version rules from its first day; one with a last day ends the rule."""
    text = (
        HEAD
        + ENTRY
        + ENTRY
        + "version = 2\nin_force_from = 2022-01-01\n"
        + ENTRY
        + "version = 3\nin_force_from = 2023-01-01\nin_force_to = 2023-06-30\n"
    )
    rules = load(tmp_path / "d", text)

    def version(day: str) -> int | None:
        found = find_at("policy/one", on=date.fromisoformat(day), rules=rules)
        return None if found is None else found.version

    days = ["2019-12-31", "2020-01-01", "2021-12-31", "2022-01-01", "2023-06-30", "2023-07-01"]
    assert [version(d) for d in days] == [None, 1, 1, 2, 3, None]
    assert len(all_at(on=date(2020, 5, 1), rules=rules)) == 1
    with pytest.raises(NotKnown, match="2023-07-01"):
        at("policy/one", on=date(2023, 7, 1), rules=rules)
    with pytest.raises(NotKnown, match="policy/two"):
        at("policy/two", on=date(2023, 7, 1), rules=rules)


def test_the_lock_is_append_only(tmp_path):
    """Adding passes; a changed or removed version is found and nothing more can be locked."""
    lock = tmp_path / "rules.lock"
    second = ENTRY.replace("policy/one", "policy/two")
    assert lock_new(rules=load(tmp_path / "a", HEAD + ENTRY), path=lock) == (("policy/one", 1),)
    more = load(tmp_path / "a", HEAD + ENTRY + second)
    state = compare_lock(rules=more, path=lock)
    assert state.holds and state.unlocked == (("policy/two", 1),)
    lock_new(rules=more, path=lock)
    before = lock.read_bytes()
    changed = load(tmp_path / "a", HEAD + ENTRY.replace('"说"', '"改"') + second)
    assert compare_lock(rules=changed, path=lock).changed == (("policy/one", 1),)
    assert [f.id for f in check_rules(rules=changed, lock=lock).findings] == ["policy/one"]
    with pytest.raises(RuleDataError, match="policy/one v1"):
        lock_new(rules=changed, path=lock)
    removed = load(tmp_path / "a", HEAD + second)
    assert compare_lock(rules=removed, path=lock).removed == (("policy/one", 1),)
    with pytest.raises(RuleDataError):
        lock_new(rules=removed, path=lock)
    assert lock.read_bytes() == before


@pytest.mark.parametrize("line", ["policy/one 1", "policy/one x " + "0" * 64, "a 1 abc"])
def test_a_bad_lock_line_is_named(tmp_path, line):
    """A lock that cannot be read says which line."""
    lock = tmp_path / "rules.lock"
    lock.write_text("# head\n" + line + "\n", encoding="utf-8")
    with pytest.raises(RuleDataError, match="第 2 行"):
        read_lock(lock)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            '[[exclusion]]\nid = "exclusion/x"\nfrom = "arbitration"\nto = "arbitration"\n'
            'when = "filed"\neffect = "refused"\nsays = "说"\nsays_en = "says"',
            "unknown",
        ),
        (
            '[[evasion]]\nid = "evasion/x"\nname = "名"\nname_en = "n"\nanswer = "答"\n'
            'answer_en = "a"\nask = "问"\nask_en = "q"\nconsumer = []\n'
            'non_consumer = ["consumer_protection_law/44"]\nnot_when = "无"\nnot_when_en = "n"',
            "非消费者不得引用",
        ),
        (ENTRY + 'note = "注"', "中英文不成对"),
        (ENTRY.replace('"says"', '"这里本来应当写英文而不是中文"'), "英文里有中文"),
    ],
)
def test_the_check_finds_what_no_type_can(tmp_path, text, said):
    """Edges without basis, consumer law for resellers and missing languages are findings."""
    rules = load(tmp_path / "d", HEAD + text)
    findings = check_rules(rules=rules, lock=tmp_path / "none.lock").findings
    assert any(said in f.why for f in findings), findings


def test_the_digest_is_the_same_in_every_process():
    """The digest of all data does not hang on hashing seeds or reading order."""
    code = "from gongdao.rules.check import digest_rules; print(digest_rules())"
    runs = {
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": seed},
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert runs == {digest_rules()} and len(runs.pop()) == 64


def test_entries_are_shown_as_plain_data():
    """Show gives every version with digest; at gives one, with the citation of an article."""
    both = show_rule("deadline/regulator_mediation")
    assert [(v["version"], v["length"], v["unit"]) for v in both] == [
        (1, 45, "working_days"),
        (2, 60, "calendar_days"),
    ]
    shown = show_at("ecommerce_law/49", on=date(2026, 11, 22))
    assert shown["cite"] == "《中华人民共和国电子商务法》第四十九条"
    assert shown["in_force_from"] == "2019-01-01" and len(shown["digest"]) == 64
    listed = {row["id"]: row for row in list_rules()}
    assert listed["deadline/regulator_mediation"]["versions"] == [1, 2]
    assert listed["channel/court"]["kind"] == "Channel" and len(listed) == len(load_rules().by_id)
    assert load_rules().by_id["deadline/regulator_mediation"][1].ref.endswith("@2")
    with pytest.raises(NotKnown):
        show_rule("ecommerce_law/999")
