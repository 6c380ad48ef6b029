"""A process that moves a shop in until it is killed: `python -m tests.market.kill_move_in URL KEY
MERCHANT DUMP`. Prints a line after each transaction that a kill may come after."""

from __future__ import annotations

import os
import sys
from uuid import UUID


def main(url: str, master: str, merchant: str, dump: str) -> None:
    """Move in with small steps."""
    os.environ["DATABASE_URL"] = url
    os.environ["DJANGO_SETTINGS_MODULE"] = "gongdao.front.web.django_settings"
    import django

    django.setup()
    from pathlib import Path

    from tests.market.market_kit import AT

    from gongdao.core.blobs import FolderBlobs
    from gongdao.core.envelope import MasterKeys
    from gongdao.core.stores import Stores
    from gongdao.market.moving_in import move_dujiaoka as moving
    from gongdao.market.moving_in import stock_stream
    from gongdao.market.moving_in.keep_orders import OldShop
    from gongdao.vault import write_batch

    write_batch.CHUNK = stock_stream.CHUNK = 200
    moving._ORDERS, moving._STEP = 100, 250
    stores = Stores(MasterKeys.parse(master), FolderBlobs(Path("unused")))
    with open(dump, "rb") as file:
        moving.move_dujiaoka(
            stores=stores,
            wanted=moving.MoveIn(OldShop(UUID(merchant), "dujiaoka"), file),
            at=AT,
            progress=lambda *where: print(*where, flush=True),
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
