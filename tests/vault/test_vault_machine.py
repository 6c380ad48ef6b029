"""The vault against a model of it: any order of imports, sales, releases, recalls and rotations."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from uuid import uuid4

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    rule,
    run_state_machine_as_test,
)
from tests.vault.vault_kit import AT, STORES, claim, empty, make_shelf, put, whole

from gongdao.core.errors import NoSuchShelf, StockShort
from gongdao.vault.allocate import allocate
from gongdao.vault.quarantine_batches import lift_quarantine, quarantine_batches
from gongdao.vault.queries import count_available
from gongdao.vault.replace_unit import replace_unit
from gongdao.vault.reserve import release, release_reservations, reserve
from gongdao.vault.reveal import reveal
from gongdao.vault.rotate_fingerprints import rotate_fingerprints
from gongdao.vault.withdraw_batch import withdraw_batch

USES = (1, 3)
"""Of a secret on the first and on the second shelf. A use is (batch, secret, number)."""


class Vault(RuleBasedStateMachine):
    """Two shelves, some secrets, and for each of their uses where it is."""

    batches = Bundle("batches")
    claims = Bundle("claims")

    def __init__(self):
        super().__init__()
        empty()
        self.now = AT
        self.shelves = [make_shelf(), make_shelf(uses_allowed=USES[1])]
        self.taken = set()  # secrets that no import may bring again
        self.content = {}  # batch → shelf, its uses in order
        self.live = set()  # batches that are for sale
        self.stock = [[], []]  # uses for sale, in the order of sale
        self.held = {}  # claim → shelf, units asked for, uses, when they lapse (None: never)
        self.worn = set()  # uses that were replaced

    @rule(
        target=batches,
        shelf=st.integers(0, 1),
        numbers=st.lists(st.integers(0, 23), min_size=1, max_size=6),
    )
    def bring(self, shelf, numbers):
        """Import: new secrets get in once, known ones never."""
        batch, texts = uuid4(), [f"SECRET-{number:02d}" for number in numbers]
        fresh = [text for text in dict.fromkeys(texts) if text not in self.taken]
        assert put(self.shelves[shelf], texts, batch=batch).accepted == len(fresh)
        uses = [(batch, text, use) for text in fresh for use in range(USES[shelf])]
        self.content[batch] = (shelf, uses)
        self.taken |= set(fresh)
        self.stock[shelf] += uses
        if fresh:
            self.live.add(batch)
        return batch

    @rule(target=claims, shelf=st.integers(0, 1), units=st.integers(1, 4), kept=st.integers(1, 30))
    def set_aside(self, shelf, units, kept):
        """Reserve: the first so many, or none."""
        who, until = claim(), self.now + timedelta(minutes=kept)
        self.held[who] = (shelf, units, [], None)
        try:
            reserve(sku=self.shelves[shelf], claim=who, units=units, until=until, at=self.now)
        except StockShort:
            assert len(self.stock[shelf]) < units
        else:
            self.held[who] = (shelf, units, self._sell(shelf, units), until)
        return who

    @rule(who=claims)
    def pay(self, who):
        """Allocate: what is reserved, the rest from the shelf, all or none; again: the same."""
        shelf, units, mine, until = self.held[who]
        missing = 0 if mine and until is None else units - len(mine)
        try:
            given = allocate(sku=self.shelves[shelf], claim=who, units=units, at=self.now)
        except StockShort:
            assert missing > len(self.stock[shelf])
        else:
            assert len(given) == units
            self.held[who] = (shelf, units, mine + self._sell(shelf, missing), None)

    @rule(who=claims)
    def give_up(self, who):
        """Release: only what is not for good goes back."""
        shelf, units, mine, until = self.held[who]
        assert release(claim=who) == (len(mine) if until else 0)
        if until:
            self._put_back(shelf, mine)
            self.held[who] = (shelf, units, [], None)

    @rule(minutes=st.integers(1, 20))
    def wait(self, minutes):
        """Time passes, and the sweep comes."""
        self.now += timedelta(minutes=minutes)
        lapsed = {who for who, held in self.held.items() if held[3] and held[3] <= self.now}
        assert set(release_reservations(at=self.now)) == lapsed
        for who in lapsed:
            shelf, units, mine, _until = self.held[who]
            self._put_back(shelf, mine)
            self.held[who] = (shelf, units, [], None)

    @rule(who=claims)
    def look(self, who):
        """Reveal: what was allocated, exactly."""
        _shelf, _units, mine, until = self.held[who]
        seen = reveal(stores=STORES, claim=who, who="buyer", at=self.now)
        now = Counter(one.fields["code"] for one in seen if not one.replaced)
        assert now == (Counter() if until else Counter(text for _b, text, _n in mine))

    @rule(who=claims)
    def complain(self, who):
        """Replace: another use in its place, if possible of another batch; the old one is worn."""
        shelf, units, mine, until = self.held[who]
        if until or not mine:
            with pytest.raises(NoSuchShelf):
                replace_unit(claim=who, unit=-1, at=self.now)
            return
        seen = reveal(stores=STORES, claim=who, who="buyer", at=self.now)
        bad = next(one for one in seen if not one.replaced)
        old = next(use for use in mine if use[:2] == (bad.batch, bad.fields["code"]))
        others = [use for use in self.stock[shelf] if use[0] != bad.batch] or self.stock[shelf]
        try:
            replace_unit(claim=who, unit=bad.unit, at=self.now)
        except StockShort:
            assert not others
            return
        self.stock[shelf] = [use for use in self.stock[shelf] if use != others[0]]
        kept = [use for use in mine if use != old]
        self.held[who] = (shelf, units, [*kept, others[0]], None)
        self.worn.add(old)

    @rule(batch=consumes(batches), back=st.booleans())
    def recall(self, batch, back):
        """Withdraw: nothing of it is for sale, reservations lapse, what is sold is sold."""
        if batch not in self.live:
            with pytest.raises(NoSuchShelf):
                withdraw_batch(stores=STORES, batch=batch, reason="bad", at=self.now)
            return
        gone = withdraw_batch(
            stores=STORES, batch=batch, reason="bad", may_return=back, at=self.now
        )
        assert set(gone.lapsed) == self._take_down(batch)
        if back:
            everything = {text for _b, text, _n in self.content[batch][1]}
            self.taken -= everything - {text for _b, text, _n in self._sold(batch)}
        self.live.discard(batch)

    @rule(batch=batches)
    def restore_a_backup(self, batch):
        """Quarantine, and back, as nothing was sold since: only reservations are lost."""
        if batch not in self.live:
            return
        done = quarantine_batches(stores=STORES, batches=[batch], reason="restored", at=self.now)
        assert set(done.lapsed) == self._take_down(batch)
        assert count_available(self.shelves) == self._counts()
        lifted = lift_quarantine(stores=STORES, batch=batch, sold=[], reason="ok", at=self.now)
        shelf, uses = self.content[batch]
        back = [use for use in uses if use not in self._sold(batch)]
        assert lifted.back == len(back)
        self._put_back(shelf, back)

    @rule(most=st.sampled_from([1, 3, None]))
    def new_key(self, most):
        """Rotate, in part or whole: nothing else changes."""
        rotate_fingerprints(stores=STORES, at=self.now, most=most)

    @invariant()
    def the_shelves_are_as_the_model_says(self):
        """Counts agree after every step."""
        assert count_available(self.shelves) == self._counts()

    def teardown(self):
        """At the end everything is compared with everything."""
        assert not whole()

    def _counts(self):
        return {one: len(uses) for one, uses in zip(self.shelves, self.stock, strict=True)}

    def _sell(self, shelf, units):
        assert len(self.stock[shelf]) >= units
        sold, self.stock[shelf] = self.stock[shelf][:units], self.stock[shelf][units:]
        return sold

    def _sold(self, batch):
        """Uses of ``batch`` that belong, or belonged, to somebody for good."""
        for_good = {use for _s, _u, mine, until in self.held.values() if not until for use in mine}
        return {use for use in for_good | self.worn if use[0] == batch}

    def _put_back(self, shelf, uses):
        """To where they stood on the shelf."""
        places = [use for of, content in self.content.values() if of == shelf for use in content]
        self.stock[shelf] = sorted([*self.stock[shelf], *uses], key=places.index)

    def _take_down(self, batch):
        """Off the shelf and out of reservations; the claims that lost something."""
        shelf = self.content[batch][0]
        self.stock[shelf] = [use for use in self.stock[shelf] if use[0] != batch]
        losers = set()
        for who, (of, units, mine, until) in self.held.items():
            rest = [use for use in mine if use[0] != batch]
            if until and rest != mine:
                losers.add(who)
                self.held[who] = (of, units, rest, until if rest else None)
        return losers


@pytest.mark.django_db(transaction=True)
def test_the_vault_keeps_to_its_model():
    """Any sequence of verbs leaves what the model says, and a vault that is whole."""
    run_state_machine_as_test(
        Vault, settings=settings(max_examples=25, stateful_step_count=40, deadline=None)
    )
