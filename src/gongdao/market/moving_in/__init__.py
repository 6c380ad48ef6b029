"""Moving in: what another shop's own data says, and what becomes of it here.

Reading a dump is pure (`dujiaoka_dump`, `mysql_dump`, `survey`, `draft_of_goods`): plain records,
and one that cannot be understood is a record too, so nothing is lost unseen. `move_dujiaoka`
writes: drafts that nobody can buy yet, stock, what was sold (never for sale again), old orders,
coupons.
"""
