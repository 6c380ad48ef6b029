"""Bill exports of payment services, banks and wallets to one row shape.

Promises: the header row is found by content, never by line number; a row that cannot be read is
kept in ``skipped`` with line and reason; refunds point to what they refund where the layout
tells; nothing from an archive is written to disk. Never adds, drops or nets amounts.
Verb: ``read_bill`` in ``read.py``.
"""
