"""Render a case report for people: plain when piped, with a little colour on a terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gongdao.casework.words import (
    ELEMENT_NAMES,
    STAGE_NAMES,
    STATE_NAMES,
    STEP_NAMES,
    SUGGESTION_NAMES,
)
from gongdao.core.codes import Element, Stage
from gongdao.core.language import gettext as _
from gongdao.core.language import mark, translated
from gongdao.front.cli.say import say

# A shape goes with each word, so that colour is never needed to understand.
_SHAPES = {
    "proven": "●",
    "complete": "●",
    "explicit": "●",
    "weak": "◐",
    "partial": "◐",
    "ambiguous": "◐",
    "missing": "○",
    "none": "○",
    "contradicted": "✕",
    "denied": "✕",
    "open": "●",
    "later": "◷",
    "spent": "–",
    "barred": "✕",
}
_ROUTE_STATES = {
    "open": mark("现在可以"),
    "later": mark("还不到时候"),
    "spent": mark("已经用过"),
    "barred": mark("不适用"),
}


def _heading(text: str) -> None:
    say(f"\n{text}\n{'─' * 32}")


def print_report(report: dict[str, Any]) -> None:
    """The whole answer: where you stand, what to do, where to go."""
    _print_case(report)
    if not (report["case"]["order_no"] or report["case"]["reasons"]):
        _print_before_order(report)
        return
    _print_standing(report)
    _print_contradictions(report)
    _print_steps(report)
    _print_suggestions(report)
    _print_evasions(report)
    _print_channel_lines(report)
    _print_tone(report)
    _print_group(report)
    _print_warnings(report)
    say(f"\n{report['disclaimer']}")


def _print_case(report: dict[str, Any]) -> None:
    case = report["case"]
    head = "  ".join(x for x in (case["platform"], case["merchant"], case["order_no"]) if x)
    say(head or _("（还没有订单）"))
    claim = "、".join(case["reasons"])
    if claim:
        say(_("{claim}；要求：{demand}").format(claim=claim, demand=case["demand"]))
    say(_("截至 {at}").format(at=report["as_of"][:16].replace("T", " ")))


def _print_standing(report: dict[str, Any]) -> None:
    _heading(_("现在的情况"))
    for stage in Stage:
        _print_stage(report, stage)
    say()
    for element in Element:
        state = report["elements"][element.value]
        name = translated(ELEMENT_NAMES[element])
        say(f"{_SHAPES[state]} {name}  {translated(STATE_NAMES[state])}")
        for row in report["evidence"].get(element.value, [])[:3]:
            say(f"    {row['exhibit']}：{row['shows']}")
        for weak in report["weakens"].get(element.value, []):
            say(f"    △ {weak}")


def _print_stage(report: dict[str, Any], stage: Stage) -> None:
    state = report["stages"][stage.value]
    lacks = "；".join(report["stage_details"][stage.value]["lacks"])
    say(
        f"{_SHAPES[state]} {translated(STAGE_NAMES[stage])}  {translated(STATE_NAMES[state])}"
        + (f"  {_('缺')}：{lacks}" if lacks and state != "complete" else "")
    )


def _print_before_order(report: dict[str, Any]) -> None:
    """Before an order there is nothing to prove yet: only what to save, and how to fix its time."""
    _heading(_("下单之前"))
    _print_stage(report, Stage.BEFORE)
    _print_suggestions(report)
    _print_warnings(report)
    say()
    say(_("现在就可以用 gongdao case seal 封存：页面以后改了，也说得清当时写的是什么。"))
    say(f"\n{report['disclaimer']}")


def _print_contradictions(report: dict[str, Any]) -> None:
    if not report["contradictions"]:
        return
    _heading(_("不一致之处"))
    for row in report["contradictions"]:
        say(
            _("{what}：您写的是“{case}”，{exhibit} 显示“{value}”").format(
                what=row["what"],
                case=row["case"],
                exhibit=row["exhibit"],
                value=row["exhibit_value"],
            )
        )


def _print_steps(report: dict[str, Any]) -> None:
    if not report["next_steps"]:
        return
    _heading(_("接下来"))
    for number, step in enumerate(report["next_steps"], 1):
        say(f"{number}. {step['title']}：{step['why']}")


def _print_suggestions(report: dict[str, Any]) -> None:
    if not report["suggestions"]:
        return
    _heading(_("最值得补的"))
    for row in report["suggestions"][:4]:
        say(f"· {translated(SUGGESTION_NAMES[row['code']])}：{row['why']}。{row['how']}。")
        if row["say"]:
            say(f"    {_('可以这样说')}：{row['say']}")


def _print_evasions(report: dict[str, Any]) -> None:
    if not report["evasions"]:
        return
    _heading(_("对方的说法和回应"))
    for row in report["evasions"]:
        say(f"“{row['quote']}”（{row['exhibit']}）")
        say(f"    {row['answer']}")
        say(f"    {_('反问')}：{row['ask']}")


def _print_channel_lines(report: dict[str, Any]) -> None:
    _heading(_("渠道"))
    for channel, row in report["channels"]["states"].items():
        say(
            f"{_SHAPES[row['state']]} {translated(STEP_NAMES[channel])}  "
            f"{translated(_ROUTE_STATES[row['state']])}：{row['why']}"
        )


def print_routes(report: dict[str, Any]) -> None:
    """Channels with what they can do, and every clock with its counting shown."""
    _print_case(report)
    _print_steps(report)
    _heading(_("渠道"))
    for channel, row in report["channels"]["states"].items():
        about = report["channels"]["about"][channel]
        say(
            f"{_SHAPES[row['state']]} {about['name']}  "
            f"{translated(_ROUTE_STATES[row['state']])}：{row['why']}"
        )
        if row["state"] == "open":
            say(f"    {_('入口')}：{about['entry']}")
            say(
                f"    {_('能做到')}：{about['achieves']}；"
                f"{_('做不到')}：{about['cannot']}（{about['cost']}）"
            )
        if channel == "court":
            for line in report["channels"]["small_claims"].values():
                say(f"    {line}")
    _heading(_("期限"))
    for clock in report["channels"]["clocks"]:
        marks = [
            *([_("公道的规则，不是法定期限")] if clock["house_policy"] else []),
            *([_("估算")] if clock["estimated"] else []),
            *([_("已过")] if clock["overdue"] else []),
        ]
        marked = f"（{'，'.join(marks)}）" if marks else ""
        due = clock["due"][:16].replace("T", " ")
        say(f"· {translated(STEP_NAMES[clock['channel']])}：{due}{marked}")
        say(f"    {clock['counted']}")
    say(f"\n{report['disclaimer']}")


def _print_tone(report: dict[str, Any]) -> None:
    if not report["tone_flags"]:
        return
    _heading(_("语气"))
    for row in report["tone_flags"]:
        say(f"“{row['quote']}”（{row['exhibit']}）→ {row['calmer']}")


def _print_group(report: dict[str, Any]) -> None:
    group = report.get("group")
    if not group or not any(group.values()):
        return
    _heading(_("还有别人"))
    for key, title in (
        ("same_secret_with", _("同一卡密")),
        ("same_merchant_with", _("同一店铺")),
        ("same_payee_with", _("同一收款方")),
    ):
        if group.get(key):
            say(f"{title}：{'、'.join(group[key])}")


def _print_warnings(report: dict[str, Any]) -> None:
    if not report["warnings"]:
        return
    _heading(_("注意"))
    for warning in report["warnings"]:
        say(f"! {warning}")


def print_next_step(root: Path, report: dict[str, Any]) -> None:
    """After ``case start``: what was read, the first step, and how to go on."""
    say(_("已建好案件文件夹 {root}，原文件没有改动。").format(root=root))
    _print_case(report)
    _print_steps({**report, "next_steps": report["next_steps"][:2]})
    _print_suggestions({**report, "suggestions": report["suggestions"][:2]})
    for warning in report["warnings"][:3]:
        say(f"! {warning}")
    say()
    say(
        _("请核对 {root}/case.toml 里预填的内容，然后运行：gongdao case check {root}").format(
            root=root
        )
    )


def print_before_buying(root: Path) -> None:
    """After ``case new``: what to save before buying."""
    say(_("已新建 {root}。还没下单的话，先把这些存进 before/：").format(root=root))
    for line in (
        _("写着价格、承诺和说明的商品页整页截图（含小字和网址）"),
        _("店铺的营业执照或资质信息页"),
        _("平台的用户协议和售后规则页"),
    ):
        say(f"  · {line}")
    say(_("收到卡密之前先打开录屏，收到后马上测试。"))
