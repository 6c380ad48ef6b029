"""The gate before the queue: who appends is refused as a whole, whichever way he appends; a replay
passes."""

from __future__ import annotations

import psycopg
import pytest
from django.db import OperationalError, connection, transaction
from tests.log.log_kit import AT, append, append_some, sealed

from gongdao.log.append_inline import begin_ctes, leaf_values
from gongdao.log.errors import LogQueueFull
from gongdao.log.integrate import connect
from gongdao.log.models import LogPending, LogSubject
from gongdao.log.queue_gate import as_queue_full, bound_queue, is_closed, open_queue, pass_gate

pytestmark = pytest.mark.django_db(transaction=True)


def _inline() -> None:
    """Append a leaf within a larger statement, as orders do."""
    (leaf,) = sealed(1)
    statement = f"WITH {begin_ctes().lstrip()} SELECT count(*) FROM log_appended"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, leaf_values(leaves=[leaf], before=None, at=AT))


def test_it_closes_at_the_bound_and_opens_again(ground):
    """Below the bound nothing is refused; at the bound everything is, subjects included; opened,
    all goes on."""
    append_some(4)
    with connect(ground.url) as own:
        assert not bound_queue(own, most=5) and not is_closed(own)
        _inline()
        assert bound_queue(own, most=5) and is_closed(own)
        assert not bound_queue(own, most=5)  # it is closed already
        with pytest.raises(LogQueueFull):
            append(sealed(1))
        with pytest.raises(OperationalError) as caught:
            _inline()
        assert as_queue_full(caught.value) is not None
        assert (LogPending.objects.count(), LogSubject.objects.count()) == (5, 5)
        open_queue(own)
        _inline()
        append_some(1)
        assert LogPending.objects.count() == 7


def test_only_its_own_refusal_is_taken_for_it(ground):
    """Another fault of the database is not told as a full queue."""
    with pytest.raises(psycopg.Error) as caught, connect(ground.url) as own:
        own.execute("SELECT 1 / 0")
    assert as_queue_full(caught.value) is None
    assert as_queue_full(None) is None


def test_a_replay_may_move_what_waits(ground):
    """A connection that was let pass writes to the closed queue; others still may not."""
    append_some(1)
    with connect(ground.url) as own, connect(ground.url) as other:
        bound_queue(own, most=1)
        row = own.execute("DELETE FROM log_pending RETURNING leaf_hash, entry, subject").fetchone()
        put = "INSERT INTO log_pending (leaf_hash, entry, subject) VALUES (%s, %s, %s)"
        with pytest.raises(psycopg.errors.ConfigurationLimitExceeded):
            other.execute(put, row)
        pass_gate(own)
        own.execute(put, row)
        open_queue(own)
    assert LogPending.objects.count() == 1
