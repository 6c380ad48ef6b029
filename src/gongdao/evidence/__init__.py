"""Exhibits, their reading, and the closure check.

Owns: what kinds of evidence there are, how a file is read (never changed), who said what in a
chat, what the evidence carries. Promises: originals byte for byte; what was *read* is kept apart
from what was *said*; every reading names its place, basis and confidence; a broken file costs
only itself. Never writes beside an original and never reaches the network.
Verbs: ``read_exhibit``, ``read_bill``, ``read_chat``, ``label_lines``, ``check_closure``.
"""
