"""The log as files (c2sp.org/tlog-tiles): checkpoint, tiles, entries; policy and receipts."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.http import require_safe

from gongdao.front.stores import get_stores
from gongdao.front.web.log_promise import promise_of
from gongdao.front.web.log_trust import find_trust
from gongdao.front.web.pages.log_answers import MOMENT, answer_file, answer_nothing
from gongdao.log.reader import (
    Standing,
    covered_size,
    database_source,
    find_checkpoint,
    get_standing,
)
from gongdao.log.receipt import make_receipt
from gongdao_verify.tlog_tiles import parse_tile_path, width_at
from gongdao_verify.tree_reader import MissingTile

TEXT = "text/plain; charset=utf-8"
BYTES = "application/octet-stream"


@require_safe
def checkpoint(request: HttpRequest) -> HttpResponse:
    """The newest checkpoint with every cosignature that is known."""
    found = find_checkpoint()
    if found is None:
        return answer_nothing("no checkpoint yet")
    return answer_file(found.cosigned, TEXT, seconds=2)


@require_safe
def tile(request: HttpRequest, name: str) -> HttpResponse:
    """A tile of hashes or a bundle of entries, full or partial; what no checkpoint covers yet is
    not there."""
    try:
        wanted = parse_tile_path(f"tile/{name}")
    except ValueError:
        return answer_nothing("no such tile")
    if wanted.width > width_at(covered_size(), wanted.level, wanted.n):
        return answer_nothing("no such tile")
    try:
        data = database_source()(wanted.path())
    except MissingTile:
        return answer_nothing("no such tile")
    return answer_file(data, BYTES, for_good=True, packed=wanted.level is not None)


@require_safe
def policy(request: HttpRequest) -> HttpResponse:
    """Our key, and the witnesses that we know of, as the operator publishes them."""
    trust = find_trust(settings.GONGDAO)
    if trust is None:
        return answer_nothing("no log yet")
    return answer_file(trust.text.encode(), TEXT, seconds=MOMENT)


@require_safe
def receipt(request: HttpRequest, leaf_hash: str) -> HttpResponse:
    """The receipt of a leaf, without what opens its commitments; for one that waits, our signed
    promise."""
    digest = bytes.fromhex(leaf_hash)
    standing, index = get_standing(digest)
    if standing is Standing.UNKNOWN:
        return answer_nothing("no such leaf")
    if index is None:
        return _promised(digest)
    data = make_receipt(stores=get_stores(), leaf_hash=digest, openings=False)
    return answer_file(data, TEXT, seconds=MOMENT, name=f"{index}.tlog-proof")


def _promised(digest: bytes) -> HttpResponse:
    note = promise_of(settings.GONGDAO, digest)
    answer = answer_nothing("not covered yet", status=202)
    if note is not None:
        answer.content = note
    answer["Retry-After"] = "1"
    return answer


urlpatterns = [
    path("checkpoint", checkpoint, name="log_checkpoint"),
    path("tile/<path:name>", tile, name="log_tile"),
    path("policy", policy, name="log_policy"),
    path("receipt/<leaf_hash:leaf_hash>", receipt, name="log_receipt"),
]
