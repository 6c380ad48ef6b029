"""What an old shop said of goods that were moved in, beside the form of the draft they became."""

from __future__ import annotations

from typing import Any

from gongdao.core.language import gettext as _
from gongdao.market.models import Listing
from gongdao.market.moved_models import MovedDraft


def old_words(listing: Listing) -> list[dict[str, str]]:
    """The old shop's words by their names, for the merchant to copy from; empty for a listing that
    was written here, and where nothing was said."""
    row = MovedDraft.objects.filter(listing=listing).first()
    if row is None:
        return []
    said: dict[str, Any] = row.beside
    struck = said.get("struck_price", "")
    found = (
        (_("分类"), said.get("category", "")),
        (_("简介"), said.get("summary", "")),
        (_("关键词"), said.get("keywords", "")),
        (_("购买提示"), said.get("prompt", "")),
        (_("说明"), said.get("description", "")),
        (_("划线价"), struck if struck.strip("0.") else ""),
        (_("卖出过"), str(said.get("sold") or "")),
        (_("那时的状态"), _("在卖") if said.get("was_open") else _("没有在卖")),
        (_("发货时的自动通知"), _("旧店有，没有搬过来") if said.get("hook") else ""),
    )
    return [{"name": name, "value": value.strip()} for name, value in found if value.strip()]
