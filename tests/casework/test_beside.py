"""Comparing folders: ties are found, and no secret leaves."""

from __future__ import annotations

import json
from pathlib import Path

from tests.casework.case_kit import AS_OF, CASE, CHAT, make_case

from gongdao.casework.beside import compare_beside, ties_of
from gongdao.casework.check import check_case
from gongdao.evidence.dossier import Dossier

SECRET = "8KQ2-M7XP-4ZTR-9WBN"


def _dossier(root: Path, merchant: str = "示例店", chat: str = CHAT) -> Dossier:
    folder = make_case(root, CASE.replace("示例店", merchant), {"during/chat.txt": chat})
    return check_case(root=folder, as_of=AS_OF).judgement.dossier


def test_same_secret_and_same_shop_are_found(tmp_path: Path) -> None:
    """A secret written with and without dashes is the same; another shop is not."""
    line = "2026-11-02 16:55:00 商家: 卡密：{}\n"
    own = _dossier(tmp_path / "a", "示例甲店", CHAT + line.format(SECRET))
    twin = _dossier(tmp_path / "b", "示例乙店", CHAT + line.format(SECRET.replace("-", "")))
    shop = _dossier(tmp_path / "c", "示例 甲店")
    none = _dossier(tmp_path / "d", "示例丙店")
    found = compare_beside(own, [("b", twin), ("c", shop), ("d", none)])
    assert found["same_secret_with"] == ["b"]
    assert found["same_merchant_with"] == ["c"]
    assert SECRET not in json.dumps([sorted(ties_of(own).secrets), found])


def test_an_order_number_is_no_secret(tmp_path: Path) -> None:
    """Two cases that quote the same order number share no secret."""
    chat = CHAT + "2026-11-02 16:55:00 买家: 订单 KM20261102000001 麻烦查一下\n"
    one, two = _dossier(tmp_path / "a", "甲店甲", chat), _dossier(tmp_path / "b", "乙店乙", chat)
    assert compare_beside(one, [("b", two)])["same_secret_with"] == []


def test_unknown_shops_tie_nothing(tmp_path: Path) -> None:
    """Two cases that both know no shop are not the same shop."""
    one, two = _dossier(tmp_path / "a", ""), _dossier(tmp_path / "b", "")
    assert not any(compare_beside(one, [("b", two)]).values())
