"""Letters: what they must and must not say, in every example case and beyond."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.channels.stories import NAMES, Story, letters_of, read_story

from gongdao.channels.letters.letter import Letter
from gongdao.channels.shorten import fit
from gongdao.core.codes import Demand, Kind, Reason
from gongdao.core.digest import digest_bytes
from gongdao.core.money import Money
from gongdao.evidence.dossier import Dossier
from gongdao.evidence.reading import Exhibit, Field, TextLine
from gongdao.evidence.statement import AlsoDemand, Statement

_FULL = str.maketrans("０１２３４５６７８９：，．（）￥", "0123456789:,.()¥")


@pytest.fixture(params=NAMES)
def story(request: pytest.FixtureRequest) -> Story:
    """Each example case."""
    return read_story(request.param)


def _plain(text: str) -> str:
    return re.sub(r"\s+|¥|元|,", "", text.translate(_FULL)).lower()


def _change(dossier: Dossier, part: str, **values: object) -> Dossier:
    """``dossier`` with other values in one part of the statement."""
    statement = dossier.statement
    changed = replace(getattr(statement, part), **values)
    return replace(dossier, statement=replace(statement, **{part: changed}))


def test_demand_states_what_the_case_turns_on(story: Story) -> None:
    """Order number, amount, time and the decisive fact stand in the full letter."""
    text = letters_of(story.dossier)["demand"].text
    for item in story.expected["letter_must_state"]:
        forms = item if isinstance(item, list) else [item]
        assert any(f in text or _plain(f) in _plain(text) for f in forms), forms[0]


def test_no_letter_says_what_it_must_not(story: Story) -> None:
    """No forbidden word in any letter, not even in those for channels that are not open."""
    for letter in letters_of(story.dossier, everything=True).values():
        said = letter.text + letter.title + "".join(f.value for f in letter.fields)
        for bad in story.expected["letter_must_not"]:
            assert bad not in said, (letter.name, bad)


def test_public_texts_hold_no_secret(story: Story) -> None:
    """Neither with nor without dashes, in text, title or fields."""
    for letter in letters_of(story.dossier, everything=True).values():
        if letter.public:
            said = re.sub(r"[\s-]", "", letter.text + letter.title + str(letter.fields)).lower()
            for bad in story.expected["public_must_not"]:
                assert re.sub(r"[\s-]", "", bad).lower() not in said


def test_every_fact_names_its_exhibit_or_the_buyer(story: Story) -> None:
    """Each sentence of the facts ends in an exhibit number or 据买家陈述."""
    lines = letters_of(story.dossier)["demand"].text.split("\n")
    facts = lines[lines.index("一、事实") + 1 : lines.index("二、依据") - 1]
    assert len(facts) >= 4
    for fact in facts:
        assert re.search(r"（证据\d+(、证据\d+)*）。$|（据买家陈述）。$", fact), fact


def test_every_demand_has_a_date_and_says_whose_it_is(story: Story) -> None:
    """The day is three days on for a merchant, 48 hours for a platform, and our wish."""
    letters = letters_of(story.dossier, everything=True)
    on = story.dossier.as_of
    merchant = on + timedelta(days=3)
    wanted = [f"{d.year}年{d.month}月{d.day}日" for d in (merchant, on + timedelta(hours=48))]
    assert any(day in letters["demand"].text for day in wanted)
    assert "不是法定期限" in letters["demand"].text
    assert wanted[1] in letters["management"].text
    assert "不是法定期限" in letters["management"].text


def test_nobody_is_asked_for_money_with_silence(story: Story) -> None:
    """No letter offers withdrawal, deletion or silence, and none threatens."""
    for letter in letters_of(story.dossier, everything=True).values():
        assert not re.search(r"撤诉|删帖|不予追究|否则|曝光|后果自负|保密费", letter.text), (
            letter.name
        )


def test_letters_read_well(story: Story) -> None:
    """No doubled or half-width punctuation beside Chinese, no empty brackets, no None."""
    for letter in letters_of(story.dossier, everything=True).values():
        _assert_reads_well(letter)


def test_full_letters_say_that_nothing_was_filed(story: Story) -> None:
    """The last line says who files."""
    letters = letters_of(story.dossier, everything=True)
    for name in ("demand", "management", "in_platform", "court", "police"):
        assert letters[name].text.endswith("本文由申请人自行核对后提交，撰写工具不代为提交。")


_TEXT_LIMITS = {
    "social": 140,
    "board": 500,
    "payment": 300,
    "regulator_report": 400,
    "regulator_complaint": 400,
    "consumer_association": 500,
}


def _assert_within(letters: dict[str, Letter]) -> None:
    for letter in letters.values():
        for field in letter.fields:
            assert field.limit is None or len(field.value) <= field.limit, (letter.name, field.code)
        if letter.name in _TEXT_LIMITS:
            assert 0 < len(letter.text) <= _TEXT_LIMITS[letter.name], letter.name
    assert len(letters["board"].title) <= 30


def test_limits_are_kept(story: Story) -> None:
    """Every field of every form, and the texts themselves, in code points."""
    _assert_within(letters_of(story.dossier, everything=True))


@pytest.mark.parametrize("filler", ["长", "𠮷", "长，。", "a b ", "\n"])
def test_limits_hold_for_absurd_input(filler: str) -> None:
    """A product, shop, platform and promise of thousands of characters still fit."""
    long = filler * 3000
    dossier = read_story(NAMES[0]).dossier
    dossier = _change(
        dossier,
        "order",
        platform=long,
        merchant=long,
        product=long,
        order_no=long,
        promise=long,
        transaction_no=long,
    )
    dossier = _change(dossier, "claim", reasons=tuple(Reason))
    said = tuple(
        replace(line, message=replace(line.message, text=line.message.text + long))
        for line in dossier.said
    )
    _assert_within(letters_of(replace(dossier, said=said), everything=True))


def test_hostile_values_in_files_are_kept_in_bounds() -> None:
    """Values of thousands of characters, with line breaks, read from files do no harm."""
    story = read_story(NAMES[0])
    exhibits = tuple(
        replace(e, fields={k: Field(f.value + "坏\n" * 4000) for k, f in e.fields.items()})
        for e in story.dossier.exhibits
    )
    letters = letters_of(replace(story.dossier, exhibits=exhibits), everything=True)
    _assert_within(letters)
    for letter in letters.values():
        assert len(letter.text) < 12_000, letter.name


def test_a_secret_is_not_halved_by_clipping() -> None:
    """A secret that would straddle the end of a quotation leaves no readable half."""
    dossier = read_story(NAMES[0]).dossier
    for pad in range(40, 75):
        text = "好" * pad + "新的卡密ABCD-9F2K-77QA-0M3E拿去用"
        said = tuple(replace(x, message=replace(x.message, text=text)) for x in dossier.said)
        for letter in letters_of(replace(dossier, said=said), everything=True).values():
            assert "9F2K" not in letter.text


def test_short_forms_keep_payment_breach_and_demand() -> None:
    """What is left of a text with a limit is what matters."""
    letters = letters_of(read_story(NAMES[0]).dossier)
    for name in ("payment", "regulator_complaint", "consumer_association", "regulator_report"):
        text = letters[name].text
        assert "98.00元" in text and "卡密无效" in text and "14:03" in text, name
        assert text.rstrip().endswith("。")
    assert "退还98.00元" in letters["payment"].text


def test_contradicted_values_follow_the_exhibit() -> None:
    """Where receipt and statement differ, the receipt's amount and time are written."""
    letters = letters_of(read_story("c06-face-value-mismatch").dossier, everything=True)
    text = letters["demand"].text
    assert "2026年11月5日20:13" in text and "付款186.00元" in text
    for letter in letters.values():
        assert "付款188" not in letter.text and "20:31" not in letter.text


def test_reseller_gets_contract_law_alone() -> None:
    """No consumer, no threefold, no 12315 complaint, no association for a reseller."""
    letters = letters_of(read_story("c03-reseller-test-cards").dossier, everything=True)
    assert "regulator_complaint" not in letters and "consumer_association" not in letters
    for letter in letters.values():
        assert not re.search(r"消费者|退一赔|三倍|12315投诉", letter.text), letter.name
    assert "《中华人民共和国民法典》第五百七十七条" in letters["demand"].text


def test_admission_is_quoted_only_where_it_is_one() -> None:
    """承认 stands beside the merchant only with an explicit admission of the merchant."""
    for name in NAMES:
        story = read_story(name)
        text = letters_of(story.dossier)["demand"].text
        explicit = story.expected["elements"]["admission"] == "explicit"
        assert bool(re.search(r"商家承认：“", text)) is explicit, name
        if explicit:
            assert story.expected["admission_quote"] in text


def test_the_merchant_line_decides_not_the_platform() -> None:
    """The platform's finding is quoted as its answer, never as the merchant's admission."""
    dossier = read_story("c05-blocked-no-identity").dossier
    assert "承认" not in letters_of(dossier)["demand"].text


def test_cancelled_case_cites_the_article_and_the_refund_to_the_balance() -> None:
    """Article 49, and honestly that the money went back to a balance."""
    text = letters_of(read_story("c08-cancelled-by-merchant").dossier)["demand"].text
    assert "《中华人民共和国电子商务法》第四十九条" in text
    assert "58.00元退回平台余额" in text


def test_unknown_merchant_turns_the_demand_to_the_platform() -> None:
    """Without a shop the letter goes to the platform, with the seller's identity asked for."""
    letters = letters_of(read_story("c05-blocked-no-identity").dossier)
    assert letters["demand"].to.startswith("示例发卡小站")
    assert "真实名称、地址和有效联系方式" in letters["demand"].text
    assert "真实名称" in letters["identity_demand"].text
    assert "个人账户" in letters["police"].text


def test_known_respondent_is_named_with_code_and_needs_no_identity_demand() -> None:
    """Name, shop and code in the address; the platform is not asked who it is."""
    letters = letters_of(read_story(NAMES[0]).dossier)
    assert "示例市数卡网络科技商行" in letters["demand"].to
    assert "92990100MA9D7K2L29" in letters["demand"].to
    assert "identity_demand" not in letters


def test_each_excuse_gets_its_counter_question() -> None:
    """The question of the rules stands in the letter."""
    text = letters_of(read_story("c04-fake-discount").dossier)["demand"].text
    assert "请提供划线价的来历，以及前七日在本店的成交记录。" in text
    assert "请指出具体是哪一条规则、何时公示" in text


def _with_terms(dossier: Dossier, *lines: str) -> Dossier:
    terms = Exhibit(
        "before/terms.txt",
        digest_bytes(b"terms"),
        "text/plain",
        Kind.SERVICE_TERMS,
        "claimed",
        lines=tuple(TextLine(line, line=n) for n, line in enumerate(lines, 1)),
    )
    return replace(dossier, exhibits=(*dossier.exhibits, terms))


def test_the_platforms_own_clause_is_quoted_by_number() -> None:
    """A clause on the point is quoted with number and exhibit; without terms that is said."""
    dossier = read_story(NAMES[0]).dossier
    assert "没有取得平台规则文本" in letters_of(dossier)["demand"].text
    dossier = _with_terms(
        dossier,
        "第一条 欢迎使用本站。",
        "第七条 卡密无法兑换的，卖家应当在24小时内",
        "退款或者更换。",
        "第八条 用户应当妥善保管账号。",
    )
    text = letters_of(dossier)["demand"].text
    number = len(dossier.exhibits)
    assert "平台规则第七条：“卡密无法兑换的，卖家应当在24小时内退款或者更换”" in text
    assert f"（证据{number}）" in text and "没有取得" not in text


def test_further_demands_follow_in_order() -> None:
    """The first as it is, the others as alternatives."""
    dossier = _change(
        read_story(NAMES[0]).dossier,
        "claim",
        also=(AlsoDemand(Demand.REPLACEMENT), AlsoDemand(Demand.DISCLOSURE)),
    )
    text = letters_of(dossier)["demand"].text
    assert text.index("退还98.00元。") < text.index("如不能满足第一项请求，请补发")


def test_punitive_damages_only_on_demand_and_with_a_condition() -> None:
    """Never by itself; asked for, it stands under the condition of a finding."""
    plain = letters_of(read_story(NAMES[0]).dossier, everything=True)
    assert not any("第五十五条" in letter.text for letter in plain.values())
    dossier = _change(read_story(NAMES[0]).dossier, "claim", demand=Demand.PUNITIVE)
    text = letters_of(dossier)["demand"].text
    assert "如经查明存在欺诈行为" in text and "第五十五条" in text
    assert "退一赔三" not in text


def _assert_reads_well(letter: Letter) -> None:
    text = letter.text
    assert not re.search(r"[。，；：、]{2}|（）|“”|《》|None|\{|\}|  ", text), letter.name
    assert not re.search(r"[\u4e00-\u9fff][,;?!][\u4e00-\u9fff]", text), letter.name
    assert text.count("（") == text.count("）"), letter.name
    assert text.count("“") == text.count("”"), letter.name


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_and_demand_makes_sound_letters(reason: Reason) -> None:
    """For consumer and reseller, whatever is claimed: limits, wording, statutes."""
    for name in (NAMES[0], "c03-reseller-test-cards", "c05-blocked-no-identity"):
        for demand in Demand:
            dossier = read_story(name).dossier
            dossier = _change(dossier, "claim", reasons=(reason,), demand=demand, amount=None)
            letters = letters_of(dossier, everything=True)
            _assert_within(letters)
            for letter in letters.values():
                _assert_reads_well(letter)
                if not dossier.statement.buyer.own_use:
                    assert not re.search(r"消费者|退一赔|三倍|12315投诉", letter.text), letter.name
                if not dossier.statement.claim.suspect_fraud:
                    assert not re.search(r"诈骗|犯罪", letter.text), letter.name


def test_an_order_page_alone_carries_amount_and_time() -> None:
    """Without a receipt the order page is cited, and what it lacks is the buyer's word."""
    dossier = read_story(NAMES[0]).dossier
    kept = tuple(e for e in dossier.exhibits if e.kind is not Kind.PAYMENT_RECEIPT)
    text = letters_of(replace(dossier, exhibits=kept))["demand"].text
    number = 1 + next(i for i, e in enumerate(kept) if e.kind is Kind.ORDER_PAGE)
    assert f"2026年11月2日14:03，我通过支付宝付款98.00元（证据{number}）。" in text
    kept = tuple(
        replace(e, fields={k: v for k, v in e.fields.items() if k != "amount"}) for e in kept
    )
    text = letters_of(replace(dossier, exhibits=kept))["demand"].text
    assert "98.00元（金额据买家陈述）" in text


def test_other_currencies_are_not_called_yuan() -> None:
    """An amount in dollars keeps its code."""
    dossier = replace(read_story(NAMES[0]).dossier, exhibits=())
    dossier = _change(dossier, "order", paid=Money(9800, "USD"))
    dossier = _change(dossier, "claim", amount=None)
    text = letters_of(dossier)["demand"].text
    assert "98.00USD" in text and "98.00元" not in text


def test_nothing_is_said_of_suing_where_limitation_has_passed() -> None:
    """Years later no letter speaks of a court, and none is written to one."""
    dossier = read_story(NAMES[0]).dossier
    letters = letters_of(replace(dossier, as_of=dossier.as_of.replace(year=2031)))
    assert "court" not in letters
    for name in ("demand", "payment", "board"):
        assert not re.search(r"起诉|诉讼|法院", letters[name].text) if name in letters else True


def test_a_boast_in_the_promise_is_left_out_and_the_rest_kept() -> None:
    """退一赔十 on the page is not repeated; the time promised beside it still is."""
    dossier = read_story(NAMES[0]).dossier
    boast = "付款后 10 分钟内自动发货，假货退一赔十"
    dossier = _change(dossier, "order", promise=boast)
    exhibits = tuple(
        replace(e, fields={**e.fields, "promise": Field(boast)})
        if e.kind is Kind.LISTING_PAGE
        else e
        for e in dossier.exhibits
    )
    letters = letters_of(replace(dossier, exhibits=exhibits), everything=True)
    assert not any("退一赔" in letter.text for letter in letters.values())
    assert "承诺“付款后 10 分钟内自动发货”" in letters["demand"].text
    assert "晚了147分钟" in letters["demand"].text


def test_a_guardian_writes_for_a_minor() -> None:
    """The guardian speaks, does not ratify, and public texts say nothing about the child."""
    dossier = _change(read_story(NAMES[0]).dossier, "buyer", adult=False)
    letters = letters_of(dossier, everything=True)
    assert "监护人" in letters["demand"].text and "不追认" in letters["demand"].text
    assert "我方在聊天中要求退款" in letters["demand"].text
    assert "法定代理人：【请填写：监护人姓名】" in letters["court"].text
    for letter in letters.values():
        if letter.public:
            assert not re.search(r"监护|未成年|孩子", letter.text)


def test_public_texts_hold_no_personal_data() -> None:
    """The buyer's name and phone, numbers in quotations and surnames are taken out."""
    dossier = read_story(NAMES[0]).dossier
    dossier = _change(dossier, "buyer", name="示例某甲", phone="13800001111")
    extra = " 联系示例某甲 13800001111 微信号：abcd12345 王经理"
    extra += " x@y.example 身份证110101199003070011"
    said = tuple(
        replace(line, message=replace(line.message, text=line.message.text[:20] + extra))
        for line in dossier.said
    )
    for letter in letters_of(replace(dossier, said=said), everything=True).values():
        if letter.public:
            said_text = letter.text + str(letter.fields)
            for private in ("示例某甲", "13800001111", "abcd12345", "王经理", "x@y", "199003"):
                assert private not in said_text


def test_public_texts_report_and_do_not_judge() -> None:
    """They say that it is one side's report."""
    letters = letters_of(read_story(NAMES[0]).dossier)
    assert "据我的证据显示" in letters["board"].text
    assert "据我的证据显示" in letters["social"].text
    assert not re.search(r"已证实|属实|违法行为成立|承认", letters["board"].text)


def test_crime_is_named_only_where_fraud_is_suspected() -> None:
    """诈骗 and 犯罪 in no letter of a plain breach, and in no public text at all."""
    for name in NAMES:
        story = read_story(name)
        fraud = story.dossier.statement.claim.suspect_fraud
        for letter in letters_of(story.dossier, everything=True).values():
            if not fraud or letter.public:
                assert not re.search(r"诈骗|犯罪|刑", letter.text), (name, letter.name)


def test_a_refuted_claim_becomes_a_question() -> None:
    """Where the issuer contradicts the claim the letter says so and demands no money."""
    story = read_story("c07-already-redeemed-12315")
    exhibits = tuple(
        replace(
            e,
            fields={
                "redeemed_at": Field("2026-10-25 09:00:00"),
                "body": Field("使用记录为 2026-10-25 09:00:00"),
            },
        )
        if e.kind is Kind.ISSUER_STATEMENT
        else e
        for e in story.dossier.exhibits
    )
    letters = letters_of(replace(story.dossier, exhibits=exhibits))
    text = letters["demand"].text
    assert "2026年10月25日09:00" in text and "请核实上述记录" in text
    assert "退还291" not in text


def test_rules_are_those_in_force_when_it_happened() -> None:
    """A rule that began later than the payment is not cited for it."""
    dossier = read_story("c08-cancelled-by-merchant").dossier
    early = dossier.statement.order.paid_at
    assert early is not None
    dossier = _change(dossier, "order", paid_at=early.replace(year=2020))
    dossier = replace(dossier, exhibits=())
    text = letters_of(dossier)["demand"].text
    assert "民法典" not in text.split("三、")[0].split("二、依据")[1]


def test_letters_do_not_depend_on_the_language() -> None:
    """Letters to Chinese recipients are Chinese in every language."""
    from gongdao.core.language import use_language

    dossier = read_story(NAMES[0]).dossier
    chinese = letters_of(dossier)
    use_language("en")
    try:
        assert letters_of(dossier) == chinese
    finally:
        use_language("zh")


def test_an_empty_statement_gives_a_letter_with_places_to_fill() -> None:
    """Nothing known at all is no error."""
    dossier = replace(read_story(NAMES[0]).dossier, statement=Statement(), exhibits=(), said=())
    letters = letters_of(dossier, everything=True)
    assert "【请填写：姓名】" in letters["demand"].text
    _assert_within(letters)


def test_fit_never_exceeds() -> None:
    """Even a limit of one or nothing is kept."""
    assert [len(fit("长" * 9, n)) <= n for n in range(4)] == [True] * 4
