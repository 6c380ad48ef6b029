"""Give up an import that has not ended: nothing of it was ever for sale, so nothing of it stays."""

from __future__ import annotations

from uuid import UUID

from django.db import connection, transaction

from gongdao.core.errors import StockRefused, WrongStockState
from gongdao.core.language import Phrase
from gongdao.core.models import DataKey
from gongdao.vault.locks import lock_batch, lock_keys
from gongdao.vault.models import Batch, Group
from gongdao.vault.states import BatchState

_UNITS = (
    "SELECT id FROM vault_unit WHERE batch_id = %(batch)s AND id BETWEEN %(first)s AND %(last)s"
)
_STEPS = (
    f"DELETE FROM vault_fingerprint WHERE sealed_id IN ({_UNITS})",
    f"DELETE FROM vault_sealed WHERE id IN ({_UNITS})",
    f"DELETE FROM vault_unit WHERE id IN ({_UNITS})",
)


def check_may_go(row: Batch) -> None:
    """Raise StockRefused where a restored backup holds an import up."""
    if row.reason:
        raise StockRefused(
            Phrase(
                "数据是从备份恢复的，这次导入也许早已做完、卖出过，不能放弃。公开日志回放后查明没有做完的，"
                "会自己解开；做完过的会一直留着，请换一个商品上架别的卡密。"
            )
        )


def discard_import(*, batch: UUID) -> int:
    """Remove what was imported of ``batch``; how many secrets that was. They may be imported again.

    Raise NoSuchShelf; WrongStockState for a batch that is whole: that one is withdrawn;
    StockRefused while a restored backup holds it up: it may have been finished and sold from.
    """
    with transaction.atomic():
        lock_keys(to_change=False)
        row = lock_batch(batch)
        if row.state != BatchState.INCOMING:
            raise WrongStockState(row.state)
        check_may_go(row)
        Group.objects.filter(batch_id=batch).delete()
        values = {"batch": batch, "first": row.first_id, "last": row.last_id}
        with connection.cursor() as cursor:
            for step in _STEPS:
                cursor.execute(step, values)
        Batch.objects.filter(id=batch).delete()
        # Not only emptied: the same file may come again, as the same batch.
        DataKey.objects.filter(subject_kind="batch", subject_id=batch).delete()
    return row.secrets
