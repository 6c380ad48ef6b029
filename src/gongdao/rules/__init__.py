"""Law, channels and platform policy as dated, sourced, append-only data, and its loader.

Owns: ``data/**/*.toml`` (every entry with id, version, dates in force, source, status and the day
it was checked) and ``data/rules.lock``. Promises: ``at(id, on=date)`` gives the version in force
on that day or says that none was; a published version never changes; what is not known is said to
be not known; no text of a statute is stored, only own sentences about it. Never reads a clock and
never touches the network.
Verbs: ``at``, ``count_deadline``, ``articles_for``, ``answer_to``, ``channel``, ``exclusions``,
``deadline``, ``small_claims_ceiling``, ``check_rules``, ``digest_rules``.
"""
