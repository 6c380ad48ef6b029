"""The public log: what was recorded, when, and that it was not rewritten, for anybody to check.

Owns the tables of leaves, tiles and checkpoints, the one sequencer that numbers leaves, what is
published, receipts, witnesses, the auditor and anchors. Promises: a leaf stands or falls with the
business row it was appended with; a published checkpoint is never contradicted; what was signed
last is known outside the database, so that a rolled-back database is refused, not continued. Never
holds a secret or a word about a person: telling values are salted commitments.

Verbs: append_leaves, wait_covered, make_receipt, make_promise, replay, export, audit.
"""
