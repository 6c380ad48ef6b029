"""Follow a case over weeks: filings, counted deadlines, reminders, outcomes, the calendar file.

Owns: what a filing is to the core, which deadlines run and what moved them, when to remind, what an
outcome opens, and the port to the messengers. Promises: everything here is pure; keys are stable,
so that planning anew never doubles; texts that travel through third parties name nobody and no
amount. Never sends, stores or reads a clock.
Verbs: ``contacts_of``, ``find_deadlines``, ``compare_deadlines``, ``plan_reminders``,
``record_outcome``, ``find_next``, ``calendar_file``.
"""
