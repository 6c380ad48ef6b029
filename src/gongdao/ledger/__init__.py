"""Money: accounts, transfers, holds, payouts (Django app ``ledger``).

Owns: who has how much, where it waits and for whom; every movement as one row that names both
accounts. Promises: every currency sums to zero at every commit; nothing is edited; free money is
never negative; held money leaves through its hold alone; the same reference moves money once.
Never knows an order, a case or a secret: what a transfer is about is an opaque reference.
Verbs: ``open_account``, ``post_transfers``, ``place_hold``, ``settle_hold``, ``void_hold``,
``begin_pending``, ``post_pending``, ``void_pending``, ``reverse_transfer``, ``charge_back``,
``return_charge_back``, ``collect_receivable``, ``write_off``, ``roll_up``, ``check_ledger``; payees
and payouts: ``add_payee``, ``verify_payee``, ``propose_payout``, ``approve_payout``,
``request_payouts``, ``confirm_payout``, ``fail_payout``.
"""
