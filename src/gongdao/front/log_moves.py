"""The one literal table of what may follow what in the public log, over all rooms.

Without Django: the auditor checks the same table. A type that is not here gets into no leaf.
"""

from __future__ import annotations

from gongdao.casework import log_moves as casework
from gongdao.disputes import log_moves as disputes
from gongdao.log import log_moves as log
from gongdao.log.life_cycles import LifeCycles, join_cycles
from gongdao.market import log_moves as market
from gongdao.vault import log_moves as vault

LIFE_CYCLES: LifeCycles = join_cycles(
    log.LIFE_CYCLES,
    vault.LIFE_CYCLES,
    casework.LIFE_CYCLES,
    market.LIFE_CYCLES,
    disputes.LIFE_CYCLES,
)
"""The life cycle of each kind of subjects."""
