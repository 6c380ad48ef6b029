"""An import killed with SIGKILL, wherever it was: given again, it ends as if nothing had been."""

from __future__ import annotations

import base64
import os
import random
import signal
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import connection
from tests.vault.vault_kit import STORES, codes, count, make_shelf, put, whole

from gongdao.vault.batch_tree import root_of
from gongdao.vault.models import Sealed
from gongdao.vault.queries import count_available
from gongdao_verify.merkle import leaf_hash

MANY = 3000
ROOT = Path(__file__).resolve().parents[2]


def _url() -> str:
    place = connection.settings_dict
    user, password = place["USER"], place["PASSWORD"]
    return f"postgresql://{user}:{password}@{place['HOST']}:{place['PORT']}/{place['NAME']}"


def _start(data, shelf, batch):
    master = base64.b64encode(STORES.masters.current).decode()
    given = (_url(), master, str(shelf), str(batch), str(MANY))
    return subprocess.Popen(
        [sys.executable, "-m", "tests.vault.kill_import", *given],
        cwd=ROOT,
        env={**os.environ, "GONGDAO_DATA": str(data)},
        stdout=subprocess.PIPE,
        text=True,
    )  # fmt: skip


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_killed_import_is_taken_up_again(seed, tmp_path):
    """Killed twice at random moments: the third try leaves the whole list, once, in order."""
    shelf, batch, dice = make_shelf(), uuid4(), random.Random(seed)
    killed = 0
    for _try in range(2):
        process = _start(tmp_path, shelf, batch)
        stop_at = dice.randrange(2, 20)
        for n, _line in enumerate(process.stdout, 1):
            if n == stop_at:
                process.send_signal(signal.SIGKILL)
                break
        process.stdout.close()
        killed += process.wait() == -signal.SIGKILL
        assert count_available([shelf]) == {shelf: 0}
    assert killed == 2 and 0 < count("sealed") < MANY
    before = count("sealed")
    done = put(shelf, codes(MANY), batch=batch)
    assert done.accepted + done.already == MANY and done.already >= before
    assert count_available([shelf], most=MANY + 1) == {shelf: MANY}
    in_order = Sealed.objects.order_by("line").values_list("commitment", flat=True)
    assert done.root == root_of([leaf_hash(bytes(one)) for one in in_order])
    assert not whole()
