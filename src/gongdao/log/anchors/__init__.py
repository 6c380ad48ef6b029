"""Anchors: somebody else's word on when a checkpoint of the log existed.

Owns: the port, its two adapters (RFC 3161 time-stamps, an EVM chain) and what is kept of each
anchor. Promises: nothing is believed that was not checked; a transaction is kept before it is sent,
so that it is never sent twice; nothing planned is forgotten; a key or an address with a key in it
shows up in no error and no log line. Verbs: plan_anchors, keep_anchors, check_anchor.
"""
