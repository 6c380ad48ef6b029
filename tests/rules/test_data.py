"""The data is complete, consistent, dated, in own words, and safe to quote."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TypeVar

import pytest

from gongdao.core.codes import Demand, Kind, Reason
from gongdao.rules.check import check_rules
from gongdao.rules.load import DATA, load_rules
from gongdao.rules.model import (
    Article,
    Channel,
    Deadline,
    Entry,
    EvasionRule,
    Exclusion,
    Law,
    Policy,
    ReasonRule,
    Situation,
    Status,
    say_number,
)
from gongdao.rules.queries import find_prohibited

ROOT = Path(__file__).resolve().parents[2]
STATUTES = ROOT.parent / "shared" / "law" / "statutes.jsonl"
CHANNELS = [
    "in_platform",
    "management",
    "social",
    "payment",
    "board",
    "consumer_association",
    "regulator_complaint",
    "regulator_report",
    "court",
    "police",
]
EVASIONS = [
    "user_error",
    "system_delay",
    "third_party",
    "upstream",
    "merchant_responsible",
    "platform_responsible",
    "payment_responsible",
    "virtual_no_refund",
    "payment_virtual_excluded",
    "already_shipped",
    "wait",
    "final_interpretation",
    "reference_price_only",
    "payment_not_contract",
    "price_mistake",
    "identity_private",
    "as_is",
    "discount_no_refund",
]
RUN = 16
E = TypeVar("E", bound=Entry)
CONSUMER_WORDS = re.compile("消费者权益|消费者|三倍|退一赔三|加倍赔偿")


def entries(kind: type[E]) -> list[E]:
    """Every version of every entry of one kind."""
    return [e for e in load_rules().all() if isinstance(e, kind)]


def test_the_data_holds_together():
    """References exist, languages are paired, nothing published was changed."""
    assert check_rules().findings == ()


@pytest.mark.parametrize(
    ("prefix", "codes"),
    [("reason", list(Reason)), ("channel", CHANNELS), ("evasion", EVASIONS)],
)
def test_every_code_has_its_entry(prefix, codes):
    """Each reason, channel and excuse that a case can name is in the data."""
    assert [c for c in codes if f"{prefix}/{c}" not in load_rules().by_id] == []


def test_codes_of_reasons_are_those_of_the_case_folder():
    """Remedies are demands and evidence is kinds of exhibits, by their codes."""
    for rule in entries(ReasonRule):
        assert {*rule.remedies, *rule.non_consumer_remedies} <= set(Demand), rule.id
        assert set(rule.evidence) <= set(Kind), rule.id
    for situation in entries(Situation):
        assert set(situation.evidence) <= set(Kind), situation.id


def test_a_reseller_is_never_given_consumer_law():
    """What a non-consumer is told names no consumer law, no threefold damages, no such remedy."""
    for rule in entries(ReasonRule):
        assert "punitive" not in rule.non_consumer_remedies, rule.id
        for text in (rule.reasoning, rule.decides, *rule.caveats):
            assert not CONSUMER_WORDS.search(text), (rule.id, text)
    for excuse in entries(EvasionRule):
        text = excuse.non_consumer_answer or excuse.answer
        assert not CONSUMER_WORDS.search(text + excuse.ask), (excuse.id, text)
        assert excuse.ask.startswith("请"), excuse.id


def test_extra_damages_come_with_their_condition():
    """Punitive is offered only with its condition, and the article for it stands apart."""
    for rule in entries(ReasonRule):
        assert ("punitive" in rule.remedies) == bool(rule.punitive_if) == bool(rule.punitive)
        assert "consumer_protection_law/55" not in rule.consumer
        assert not any(i.startswith("criminal_law/") for i in rule.consumer), rule.id


def test_own_rules_are_not_dressed_up_as_law():
    """Each policy and own deadline says that it is ours; the 48 hours are never statutory."""
    for policy in entries(Policy):
        assert policy.status is Status.HOUSE_POLICY and "公道" in policy.says
        assert policy.source.startswith("Gongdao")
    own = [d for d in entries(Deadline) if d.status is Status.HOUSE_POLICY]
    assert {d.code for d in own} == {"platform_answer", "management_answer", "demand_answer"}
    for deadline in own:
        assert "公道自己的" in deadline.says and "own" in deadline.says_en and not deadline.basis


def test_every_channel_is_a_full_entry():
    """A channel names who, needs, cost, gain, limit, entry and when to look again."""
    for channel in entries(Channel):
        assert channel.review > channel.checked, channel.id
        assert channel.needs, channel.id
        for field in channel.fields:
            assert field.required in {"yes", "no", "unknown"}, (channel.id, field.code)
            assert field.limit is None or field.limit_known
            assert field.our_limit is None or field.limit is None
        assert len({f.code for f in channel.fields}) == len(channel.fields), channel.id


def test_unknown_limits_of_public_boards_are_labelled_ours():
    """30 and 500 characters on boards are our choice, not the board's."""
    board = load_rules().by_id["channel/board_heimao"][-1]
    assert isinstance(board, Channel) and not board.attachments.known
    title, text = board.field("title"), board.field("text")
    assert title is not None and text is not None
    assert (title.limit, title.our_limit, text.limit, text.our_limit) == (None, 30, None, 500)


def test_statute_articles_have_law_dates_and_citation():
    """Each article lies within the life of its law and cites itself."""
    laws = {law.id: law for law in entries(Law)}
    for article in entries(Article):
        law = laws[article.law]
        assert article.id == f"{article.law}/{article.article}"
        assert article.in_force_from >= law.in_force_from
        assert article.cite.startswith(f"《{law.title}》第") and article.cite.endswith(
            ("条", "条之二")
        )
        assert len(article.gives) <= 90, article.id


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (1, "一"),
        (10, "十"),
        (14, "十四"),
        (20, "二十"),
        (100, "一百"),
        (105, "一百零五"),
        (110, "一百一十"),
        (111, "一百一十一"),
        (566, "五百六十六"),
        (1005, "一千零五"),
        (1194, "一千一百九十四"),
    ],
)
def test_articles_are_counted_as_statutes_do(number, said):
    """Chinese numerals, with 零 for a gap and 十 without 一 at the beginning."""
    assert say_number(number) == said


def test_exclusions_are_directed_and_sourced():
    """Another body's acceptance closes 12315; 12315's does not close the court."""
    edges = {(e.from_, e.to, str(e.when)): e for e in entries(Exclusion) if e.in_force_to is None}
    for body in ("court", "arbitration", "other_agency", "consumer_association"):
        assert edges[body, "regulator_complaint", "accepted"].effect == "refused"
    assert edges["regulator_complaint", "regulator_complaint", "accepted"].effect == "refused"
    assert edges["regulator_complaint", "court", "accepted"].effect == "open"
    assert edges["regulator_complaint", "regulator_report", "accepted"].effect == "open"
    assert edges["regulator_complaint", "consumer_association", "accepted"].effect == "unknown"
    assert edges["court", "telecom_appeal", "accepted"].effect == "refused"


def _texts(value: object, key: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _texts(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner, key)
    elif isinstance(value, str) and key not in ("title", "short"):
        yield value


def test_no_sentence_copies_a_statute():
    """No sixteen characters in a row of our sentences stand in the text of a law."""
    if not STATUTES.exists():
        pytest.skip("the statutes are not beside this repository")
    lines = STATUTES.read_text(encoding="utf-8").splitlines()
    laws = "\n".join(re.sub(r"\s", "", json.loads(line)["text"]) for line in lines)
    runs = {laws[i : i + RUN] for i in range(len(laws) - RUN + 1)}
    checked = 0
    for path in DATA.rglob("*.toml"):
        for text in _texts(tomllib.loads(path.read_text(encoding="utf-8"))):
            own = re.sub(r"\s", "", text)
            copied = [
                own[i : i + RUN] for i in range(len(own) - RUN + 1) if own[i : i + RUN] in runs
            ]
            assert not copied, (path.name, text, copied)
            checked += 1
    assert checked > 1000


def test_dates_and_titles_agree_with_the_collected_law():
    """Title and day of coming into force are those of the collection, article by article."""
    if not STATUTES.exists():
        pytest.skip("the statutes are not beside this repository")
    known: dict[tuple[str, str], dict[str, str]] = {}
    for line in STATUTES.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        label = row["article_label"].partition("之")
        sub = {"一": "-1", "二": "-2"}.get(label[2], "")
        known[row["law_id"], f"{row['article']}{sub}"] = row
    for article in entries(Article):
        row = known[article.law, article.article]
        assert article.law_title == row["law"], article.id
        assert article.in_force_from.isoformat() == row["effective_from"], article.id
        to = article.in_force_to and article.in_force_to.isoformat()
        assert to == row["effective_to"], article.id


def test_every_entry_was_checked_and_has_a_source():
    """No entry is checked after this edition or without a source."""
    for entry in load_rules().all():
        assert entry.source.strip() and entry.checked <= date(2026, 11, 23), entry.id


def test_the_reference_page_names_every_deadline_channel_reason_and_excuse():
    """docs/reference/rules.md has a line for each code that others may name."""
    page = (ROOT / "docs" / "reference" / "rules.md").read_text(encoding="utf-8")
    kinds = (Deadline, Channel, ReasonRule, EvasionRule, Situation, Policy, Law)
    missing = {e.code for k in kinds for e in entries(k) if f"`{e.code}`" not in page}
    assert not missing


def test_prohibited_goods_are_found_however_they_are_spelled():
    """Blanks, points, invisible signs, width and case hide nothing; ordinary goods stay."""
    on = date(2026, 11, 23)
    hidden = ("接\u200b码", "银·行·卡-四件套")
    for text in ("出售 微信 老号", "ＳＩＭ card 批发", "接 码 平台充值", *hidden):
        assert find_prohibited(text, on), text
    for text in ("Steam 充值卡 100 元", "话费充值 50 元", "腾讯视频会员月卡", "微信立减金"):
        assert not find_prohibited(text, on), text
    law = find_prohibited("四件套", on)[0].basis
    assert law == ("anti_telecom_fraud_law/31",)
