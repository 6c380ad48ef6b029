"""A log whose leaves are the stories of orders, for tests of the auditor."""

from __future__ import annotations

import random
from pathlib import Path

from tests.log.small_log import SmallLog

from gongdao.log.audit import Auditor, AuditReport, audit_log
from gongdao.log.audit_source import FolderLog, LogSource
from gongdao.log.cosigner_key import CosignerKey
from gongdao.log.life_cycles import LifeCycle, join_cycles
from gongdao.log.log_moves import LIFE_CYCLES
from gongdao.vault.log_moves import LIFE_CYCLES as VAULT_CYCLES

STATES = ("order.created", "order.paid", "order.delivered", "order.closed")
ORDERS = LifeCycle(
    "order",
    frozenset(STATES[:1]),
    {
        STATES[0]: frozenset({STATES[1], STATES[3]}),
        STATES[1]: frozenset({STATES[2], STATES[3]}),
        STATES[2]: frozenset({STATES[3], "order.replaced"}),
        "order.replaced": frozenset({STATES[3]}),
    },
)
CYCLES = join_cycles(LIFE_CYCLES, VAULT_CYCLES, [ORDERS])
KEY = CosignerKey("auditor.example.org/a1", bytes(range(32)))
NOW = 1_790_000_000


def order(number: int) -> str:
    """The pseudonym of an order."""
    return f"order:{number:032x}"


def grow_stories(log: SmallLog, size: int, seed: int = 1) -> SmallLog:
    """Let ``log`` have ``size`` leaves: genesis, and orders that go through their states."""
    random_ = random.Random(seed * 1000 + log.size)
    if not log.size and size:
        log.begin()
    going: list[tuple[str, int]] = []
    number = log.size * 1000
    while log.size < size:
        if going and random_.random() < 0.6:
            subject, stage = going.pop(random_.randrange(len(going)))
            stage += 1
        else:
            number += 1
            subject, stage = order(number), 0
        log.add_leaf(STATES[stage], subject)
        if stage < len(STATES) - 1 and len(going) < 50:
            going.append((subject, stage))
    return log


def story_log(size: int, seed: int = 1) -> SmallLog:
    """A good log of ``size`` leaves."""
    return grow_stories(SmallLog(), size, seed)


def audit_folder(
    folder: Path | LogSource,
    state: Path,
    log: SmallLog,
    *,
    at: int = NOW,
    cosigner: CosignerKey | None = KEY,
    jobs: int = 1,
) -> AuditReport:
    """Audit what was published into ``folder``."""
    source = FolderLog(folder) if isinstance(folder, Path) else folder
    auditor = Auditor(log.key, CYCLES, cosigner, jobs)
    return audit_log(source=source, state=state, auditor=auditor, at=at)
