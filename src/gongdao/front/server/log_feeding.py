"""Beside the sequencer: the witnesses of the policy see each new checkpoint."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from gongdao.core.errors import InputError
from gongdao.core.language import gettext as _
from gongdao.front.clock import now
from gongdao.front.log_place import find_published
from gongdao.front.log_policy import read_policy
from gongdao.front.settings import Settings
from gongdao.log.feed_witnesses import Ground, WitnessFeeder
from gongdao.log.keep_cosignatures import CosignatureStore
from gongdao_verify.checkpoint import LARGEST_SIZE
from gongdao_verify.tlog_policy import LogSigner, Policy

_LOG = logging.getLogger("gongdao.log.witnesses")
_PATIENCE_S = 5


@contextmanager
def feeding_witnesses(settings: Settings, own: LogSigner) -> Iterator[None]:
    """Feed the witnesses of GONGDAO_LOG_POLICY, in a thread, as long as this lasts; ``own`` are the
    log's keys. Nothing that goes wrong there reaches the caller; it is said in the server's log."""
    policy = _read(settings, own)
    if policy is None:
        yield
        return
    folder = find_published(settings)
    store = CosignatureStore(database_url=settings.database_url, folder=folder, key=own)
    ground = Ground(
        log=own,
        witnesses=tuple(policy.witnesses.values()),
        checkpoint=folder.checkpoint,
        ours=store.note_of,
        source=folder.source(),
        keep=store.keep,
        clock=lambda: int(now().timestamp()),
    )
    stop = threading.Event()
    thread = threading.Thread(
        target=WitnessFeeder(ground).run, args=(stop,), name="witnesses", daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(_PATIENCE_S)


def _read(settings: Settings, own: LogSigner) -> Policy | None:
    """The policy, if it can be read and names witnesses with an address."""
    if settings.log_policy is None:
        return None
    try:
        policy = read_policy(settings.log_policy)
    except (InputError, OSError) as error:
        _LOG.error("%s", error)
        return None
    known = policy.logs.get(own.name)
    if known is None or not set(own.keys_at(LARGEST_SIZE)) <= set(known.keys_at(LARGEST_SIZE)):
        text = _("信任文件 {path} 里没有这本日志的公钥，别人按它验不了。")
        _LOG.warning("%s", text.format(path=settings.log_policy))
    return policy if any(one.url for one in policy.witnesses.values()) else None
