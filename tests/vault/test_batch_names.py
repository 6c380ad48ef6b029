"""Names that follow from a secret without telling it."""

from __future__ import annotations

import io
from pathlib import Path
from uuid import UUID, uuid4

from gongdao.core.blobs import FolderBlobs
from gongdao.core.envelope import MasterKeys, new_master_key
from gongdao.core.stores import Stores
from gongdao.core.subject import SubjectRef
from gongdao.vault.batch_names import batch_of_file, supplier_pseudonym


def _stores() -> Stores:
    return Stores(MasterKeys.parse(new_master_key()), FolderBlobs(Path("unused")))


def test_the_same_file_is_the_same_batch():
    """On one shelf and server; another file, shelf or server gives another id, a proper UUID."""
    stores, sku = _stores(), uuid4()

    def of(data: bytes, *, stores=stores, sku=sku) -> UUID:
        return batch_of_file(stores=stores, sku=sku, file=io.BytesIO(data))

    first = of(b"CODE-1\n" * 400_000)
    assert first == of(b"CODE-1\n" * 400_000)
    others = {of(b"CODE-2\n"), of(b"CODE-2\n", sku=uuid4()), of(b"CODE-2\n", stores=_stores())}
    assert len(others | {first}) == 4
    assert {(one.version, one.variant) for one in others} == {(8, first.variant)}


def test_the_file_is_left_at_its_beginning():
    """It is read again right after."""
    file = io.BytesIO(b"CODE-1\n")
    file.read()
    batch_of_file(stores=_stores(), sku=uuid4(), file=file)
    assert file.tell() == 0


def test_a_supplier_keeps_his_pseudonym():
    """However the name is spaced; each seller's supplier is somebody else; no name can be read."""
    stores, seller = _stores(), SubjectRef("merchant", uuid4())

    def of(name: str, *, stores=stores, seller=seller) -> str:
        return supplier_pseudonym(stores=stores, seller=seller, name=name)

    assert of("示例 上游") == of(" 示例  上游 ") != of("别家")
    assert of("示例", seller=SubjectRef("merchant", uuid4())) != of("示例")
    assert of("示例", stores=_stores()) != of("示例")
    assert len(of("示例")) == len("supplier:") + 32 and "示例" not in of("示例")
