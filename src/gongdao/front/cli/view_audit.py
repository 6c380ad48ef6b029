"""What an audit found, in words: where a fault is, what two notes of a fork mean, what is not
proven by an audit that went well."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from gongdao.core.language import gettext as _
from gongdao.core.language import mark, translated

if TYPE_CHECKING:
    from gongdao.log.audit import AuditReport
    from gongdao.log.audit_leaves import Fault

_RULES = {
    "tile": mark("哈希文件和签过的根对不上"),
    "bundle": mark("记录文件和它的哈希对不上"),
    "leaf": mark("这条记录的格式不对"),
    "prev": mark("这条记录没有接在同一对象的上一条后面"),
    "twice": mark("同一张卡密发了不止一次，超过任何批次申报的次数"),
    "step": mark("这个对象不能走这一步"),
}


def view_audit(
    report: AuditReport, *, seconds: float, state: Path, vkey: str = ""
) -> Iterator[str]:
    """The lines for a person; ``vkey`` is the public key that cosigned."""
    yield _("日志 {name}").format(name=report.origin)
    if report.state == "forked":
        yield from _view_fork(report)
    elif report.fault is not None:
        yield from _view_fault(report.fault)
    else:
        yield from _view_good(report, seconds)
        if report.cosignature:
            yield _("已签名：")
            yield report.cosignature
            yield _("公钥：{vkey}").format(vkey=vkey)
        yield _("镜像在 {folder}，可以用任何网页服务器公开。").format(folder=state / "public")


def _view_good(report: AuditReport, seconds: float) -> Iterator[str]:
    size = report.checkpoint.size if report.checkpoint else 0
    if report.state == "behind":
        yield _("服务器给出的检查点比见过的旧，两者一致；已审计的仍是 {size} 条。").format(
            size=size
        )
    else:
        yield _("审计通过：{size} 条记录，这次新查 {n} 条，用了 {time} 秒。").format(
            size=size, n=report.checked, time=f"{seconds:.1f}"
        )
    yield _("没有证明：记录的内容是真的；该记的都记了。")


def _view_fault(fault: Fault) -> Iterator[str]:
    yield _("审计没有通过，没有签名。")
    yield _("规则：{rule}（{what}）").format(rule=fault.rule, what=translated(_RULES[fault.rule]))
    yield _("文件：{path}").format(path=fault.path)
    if fault.index is not None:
        yield _("编号：{index}").format(index=fault.index)
    if fault.subject:
        yield _("对象：{subject}").format(subject=fault.subject)
    if fault.detail:
        yield _("细节：{detail}").format(detail=fault.detail)


def _view_fork(report: AuditReport) -> Iterator[str]:
    yield _("分叉：同一把密钥签了两段互相矛盾的历史。没有签名。")
    yield _("请把下面两份都保存并公开，任何人都能核对签名：")
    for note in report.notes:
        yield ""
        yield from note.rstrip("\n").split("\n")
    yield ""
    if report.kept is not None:
        yield _("两份都存在 {path}。").format(path=report.kept)
