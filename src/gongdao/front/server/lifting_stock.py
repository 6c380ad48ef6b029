"""Beside the sequencer, after a restore: stock goes back on sale as far as log and payment services
account for it. In a thread, since services answer slowly, and the log waits for nobody."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from gongdao.core.errors import GongdaoError
from gongdao.core.language import gettext as _

if TYPE_CHECKING:
    from gongdao.market.lift_restored import RestoredStock

log = logging.getLogger("gongdao.log")
AGAIN_S = 60.0
"""Pause before what did not answer is asked again."""
_PATIENCE_S = 5


@contextmanager
def lifting_stock(clock: Callable[[], datetime]) -> Iterator[None]:
    """Lift what a restore took off sale, as long as this lasts; the log has to be whole."""
    stop = threading.Event()
    thread = threading.Thread(target=_run, args=(clock, stop), name="lifting", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(_PATIENCE_S)


def _run(clock: Callable[[], datetime], stop: threading.Event) -> None:
    while not _try(clock()):
        if stop.wait(AGAIN_S):
            return


def _try(at: datetime) -> bool:
    try:
        return lift_stock(at)
    except Exception:  # whatever it is, stock that waits must not wait for a restart
        log.exception("%s", _("恢复备份之后的库存还不能卖，稍后再试。"))
        return False


def lift_stock(at: datetime) -> bool:
    """Put stock back without what the log says was delivered since, or what may have been; whether
    that came to its end. What goes wrong is said, and keeps the log from nothing."""
    from django.db import Error, connections

    from gongdao.front.gateways import get_gateways
    from gongdao.front.stores import get_stores
    from gongdao.market.lift_restored import lift_restored

    try:
        done = lift_restored(stores=get_stores(), gateways=get_gateways(), at=at)
    except (GongdaoError, Error) as error:
        log.error(
            _("恢复备份之后的库存还不能卖：{reason}").format(
                reason=" ".join(f"{type(error).__name__}: {error}".split())[:400]
            )
        )
        return False
    finally:
        connections.close_all()
    if done is not None:
        _tell_lifted(done)
    return True


def _tell_lifted(done: RestoredStock) -> None:
    log.warning(
        _(
            "恢复备份之后的库存核对完了：{batches} 批恢复出售，共 {back} 件；"
            "{sold} 件在备份之后已经卖掉，不再出售。"
        ).format(batches=len(done.back), back=sum(done.back.values()), sold=done.sold)
    )
    for what, text in (
        (
            done.gone,
            _(
                "这些批次是备份之后才导入的，这里没有了。重新导入之前，先去掉其中已经卖掉的：{names}"
            ),
        ),
        (
            done.unfinished,
            _("这些批次备份时还没导入完，后来导入完了，可能已经卖过，不要直接再导入：{names}"),
        ),
        (done.withdrawn, _("这些批次在备份之后已经下架，保持下架：{names}")),
        (
            done.doubted,
            _("这些批次可能还有发出去而日志没记到的，先不卖，到运营台核对：{names}"),
        ),
        (done.money.silent, _("这些支付渠道查不到账单，备份之后收过哪些款无从得知：{names}")),
        (done.money.refunded, _("这些付款在这里没有发货记录，正在原路退回：{names}")),
        (done.money.person, _("这些付款在这里对不上任何订单，请人工核对：{names}")),
    ):
        if what:
            log.warning(text.format(names=" ".join(map(str, what))))
