"""The anchors that the settings name."""

from __future__ import annotations

from datetime import timedelta

from gongdao.core.timestamp import load_roots
from gongdao.front.settings import AnchorPlaces
from gongdao.log.anchors.evm import EvmAnchor, EvmPlace
from gongdao.log.anchors.port import Anchor
from gongdao.log.anchors.rfc3161 import Rfc3161Anchor


def make_anchors(places: AnchorPlaces) -> list[tuple[Anchor, timedelta]]:
    """An adapter for each kind that is set, with the span of which it anchors one checkpoint.

    Loads nothing of a chain, and no key, before one is needed.
    """
    made: list[tuple[Anchor, timedelta]] = []
    if places.tsa_url and places.tsa_roots:
        stamps = Rfc3161Anchor(places.tsa_url, load_roots([places.tsa_roots]))
        made.append((stamps, timedelta(seconds=places.tsa_seconds)))
    if places.evm_url and places.evm_key:
        place = EvmPlace(
            url=places.evm_url,
            chain_id=places.evm_chain,
            key_file=places.evm_key,
            confirmations=places.evm_confirmations,
            most_gwei=places.evm_gwei,
        )
        made.append((EvmAnchor(place), timedelta(seconds=places.evm_seconds)))
    return made
