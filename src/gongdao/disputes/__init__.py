"""Disputes on market orders: facts, published rules, one clock, a verdict that anybody recomputes.

Owns: cases, their clocks, offers, verdicts and remedies. Promises: an open case has exactly one
running or stopped clock, and what silence means is said beforehand; a verdict follows from typed
facts and dated rules alone, and its file recomputes to itself; automatic verdicts rest only on
what platform, gateway, supplier or issuer recorded. Never calls itself 仲裁; bars no complaint.
Pure (no Django): ``facts``, ``states``, ``clocks``, ``decide_*``, ``verdict_file``, ``explain``.
"""
