"""A process that imports a list until it is killed: `python -m tests.vault.kill_import URL KEY SKU
BATCH COUNT`. Prints a line after each chunk."""

from __future__ import annotations

import os
import sys
from uuid import UUID


def main(url: str, master: str, sku: str, batch: str, count: str) -> None:
    """Import so many codes in chunks of 50."""
    os.environ["DATABASE_URL"] = url
    os.environ["DJANGO_SETTINGS_MODULE"] = "gongdao.front.web.django_settings"
    import django

    django.setup()
    from pathlib import Path

    from tests.vault.vault_kit import codes, put

    from gongdao.core.blobs import FolderBlobs
    from gongdao.core.envelope import MasterKeys
    from gongdao.core.stores import Stores
    from gongdao.vault import write_batch

    write_batch.CHUNK = 50
    stores = Stores(MasterKeys.parse(master), FolderBlobs(Path("unused")))
    put(
        UUID(sku),
        codes(int(count)),
        batch=UUID(batch),
        stores=stores,
        progress=lambda lines: print(lines, flush=True),
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
