"""What other rooms ask for: in force on the day, fitted to the buyer, or said to be unknown."""

from __future__ import annotations

from datetime import date

import pytest

from gongdao.core.codes import Reason
from gongdao.core.errors import NotKnown
from gongdao.core.money import Money
from gongdao.rules import queries
from gongdao.rules.load import DATA, load_rules
from gongdao.rules.model import Article, Effect

ON = date(2026, 11, 22)


def ids(articles: tuple[Article, ...]) -> list[str]:
    """Ids of articles."""
    return [a.id for a in articles]


@pytest.mark.parametrize("code", list(Reason))
def test_only_law_in_force_is_given(code):
    """Every article given was in force on the day, for consumers and others."""
    for consumer in (True, False):
        for day in (ON, date(2021, 6, 1)):
            given = queries.articles_for(code, consumer, day)
            assert given
            assert all(a.in_force_from <= day for a in given)
            if not consumer:
                assert {a.law for a in given} <= queries.NON_CONSUMER_LAWS


def test_a_law_that_came_later_is_left_out():
    """Before July 2024 the implementing regulations were not in force and are not cited."""
    before = queries.articles_for("refund_refused", True, date(2024, 6, 30))
    after = queries.articles_for("refund_refused", True, date(2024, 7, 1))
    gone = set(ids(after)) - set(ids(before))
    assert gone == {
        "consumer_protection_law_impl_regs/17",
        "consumer_protection_law_impl_regs/19",
    }
    grounds = queries.articles(
        ("ecommerce_law/49", "public_security_penalties_law_2025/58"), date(2025, 12, 31)
    )
    assert ids(grounds.articles) == ["ecommerce_law/49"]
    assert grounds.left_out == ("public_security_penalties_law_2025/58",)


def test_cancelling_rests_first_on_the_contract_made_by_the_order():
    """The strongest article for a cancelled order comes first."""
    first = queries.articles_for("cancelled_by_merchant", True, ON)[0]
    assert first.cite == "《中华人民共和国电子商务法》第四十九条"
    assert first.cite_short == "电子商务法第四十九条"


def test_extra_damages_and_reports_stand_apart():
    """The article on threefold damages is given only when asked for; a reseller's report names
    no consumer law."""
    assert "consumer_protection_law/55" in ids(
        queries.articles_punitive("test_card_sold_as_real", ON)
    )
    assert queries.articles_punitive("late_delivery", ON) == ()
    assert "consumer_protection_law/56" in ids(
        queries.articles_to_report("test_card_sold_as_real", True, ON)
    )
    reseller = queries.articles_to_report("test_card_sold_as_real", False, ON)
    assert reseller and not {a.law for a in reseller} & queries.CONSUMER_LAWS


def test_excuses_are_answered_for_each_kind_of_buyer():
    """Both get a counter-question; only the consumer's answer rests on consumer law."""
    for consumer in (True, False):
        answer = queries.answer_to("virtual_no_refund", consumer, ON)
        assert "依据哪条规定" in answer.ask and answer.text and answer.articles
        laws = {a.law for a in answer.articles}
        assert ("consumer_protection_law" in laws) is consumer
    assert "未发货的合理证明" in queries.answer_to("already_shipped", True, ON).ask
    both = [queries.answer_to("merchant_responsible", c, ON).text for c in (True, False)]
    assert both[0] != both[1]


def test_channels_of_a_day():
    """The complaint before April 2026 is another version than now; unknown codes are refused."""
    old, new = (queries.channel("regulator_complaint", d) for d in (date(2026, 4, 14), ON))
    assert (old.version, new.version) == (1, 2)
    report = queries.channel("regulator_report", ON)
    text = report.field("text")
    assert text is not None and text.chars == 400 and report.attachments.files == 4
    assert report.field("demand") is None
    wechat = queries.channel("payment_wechat", ON).field("text")
    assert wechat is not None and wechat.limit == 300
    assert [c.code for c in queries.clocks("regulator_complaint", ON)] == [
        "regulator_acceptance",
        "regulator_mediation",
        "complaint_barred",
    ]
    with pytest.raises(NotKnown):
        queries.channel("arbitration", ON)
    with pytest.raises(NotKnown):
        queries.channel("deadline/platform_answer", ON)


def test_exclusions_of_a_day():
    """Other mediation bodies closed 12315 under the old rule and no longer do."""

    def effect(day: date) -> Effect:
        return next(
            e.effect
            for e in queries.exclusions(day)
            if (e.from_, e.to) == ("other_mediation", "regulator_complaint")
        )

    assert effect(date(2026, 4, 14)) == "refused" and effect(date(2026, 4, 15)) == "open"


def test_every_edge_in_force_rests_on_law_in_force():
    """An exclusion is never based on an article that no longer holds."""
    for day in (ON, date(2025, 5, 1)):
        for edge in queries.exclusions(day):
            assert queries.articles(edge.basis, day).left_out == (), (edge.id, day)


def test_a_situation_changes_route_and_law():
    """Resale closes consumer channels; suspected fraud has the two numbers and no more money."""
    resale = queries.situation("resale", ON)
    assert resale.statute_set == "contract"
    assert set(resale.closed) == {"regulator_complaint", "consumer_association"}
    fraud = queries.situation("fraud_suspected", ON)
    assert fraud.first[0] == "police" and {"110", "96110"} <= set(fraud.phones)
    assert any("不要再付" in line for line in fraud.never)
    assert "未知" in queries.situation("minor", ON).note


def test_unknown_wages_give_no_number():
    """No province's wage is known, so no ceiling is invented; a wrong name is refused."""
    ceiling = queries.small_claims_ceiling("浙江省", ON)
    assert ceiling.mandatory is None and ceiling.by_agreement is None and "未知" in ceiling.says
    with pytest.raises(NotKnown):
        queries.small_claims_ceiling("浙江", ON)


def test_a_known_wage_gives_half_and_twice(tmp_path):
    """The latest wage published on the day counts, of last year or before."""
    text = (DATA / "small_claims.toml").read_text(encoding="utf-8")
    for year, published, yuan in ((2023, "2024-06-01", "80000"), (2024, "2025-06-01", "90000")):
        text += (
            f'\n[[wage]]\nid = "wage/浙江省/{year}"\nversion = 1\nin_force_from = {published}\n'
            f'source = "test"\nstatus = "regulation"\nprovince = "浙江省"\n'
            f'wage_year = {year}\nyuan = "{yuan}.01"\n'
        )
    (tmp_path / "s.toml").write_text(text, encoding="utf-8")
    rules = load_rules(tmp_path)

    def ceiling(day: str) -> queries.Ceiling:
        return queries.small_claims_ceiling("浙江省", date.fromisoformat(day), rules=rules)

    assert ceiling("2024-05-31").mandatory is None
    assert ceiling("2025-05-31").mandatory == Money(40_000_00)
    assert ceiling("2025-06-01").mandatory == Money(45_000_00)
    assert ceiling("2026-11-22").by_agreement == Money(180_000_02)
    assert queries.small_claims_ceiling("江苏省", ON, rules=rules).mandatory is None


def test_the_court_fee_is_known_up_to_ten_thousand():
    """Fifty yuan, halved to twenty-five; above the known range nothing is invented."""
    fee = queries.court_fee(Money.parse("980"), ON)
    assert fee is not None and (str(fee.full), str(fee.halved)) == ("50.00", "25.00")
    assert queries.court_fee(Money.parse("10000"), ON) is not None
    assert queries.court_fee(Money.parse("10000.01"), ON) is None
    assert queries.court_fee(Money(100, "USD"), ON) is None


def test_policies_agree_with_the_deadlines_they_speak_of():
    """The 48 hours stand in two places and are the same; 500 yuan is ours."""
    assert (
        queries.policy("escalate_after", ON).count == queries.deadline("platform_answer", ON).length
    )
    assert queries.policy("amount_moves_up", ON).amount == Money.parse("500")
