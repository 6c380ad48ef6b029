"""Why a shelf has too little: it is sold out, or what is on it waits after a restore."""

from __future__ import annotations

from uuid import UUID

from gongdao.core.errors import StockHeld, StockRefused, StockShort
from gongdao.vault.models import Batch
from gongdao.vault.states import BatchState


def short_of(sku: UUID) -> StockRefused:
    """The error to raise where ``sku`` has too few units for sale: StockHeld where a batch of it is
    quarantined (then nobody may conclude that it is sold out), else StockShort."""
    held = Batch.objects.filter(sku_id=sku, state=BatchState.QUARANTINED).exists()
    return StockHeld() if held else StockShort()
