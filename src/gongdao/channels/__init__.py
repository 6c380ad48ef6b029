"""Where to go, when, and what to write.

Owns: the state of every channel for a case, the clocks that run, the order of the next steps, the
letters, what to attach, the tone check on the buyer's own words.
Promises: every judgement is a pure function of a dossier; every fact in a letter names its exhibit
or is marked as the buyer's word; every demand has a date; no letter exceeds its channel's limit.
Never: files anything, threatens, insults, offers silence for money, or cites what was not in force.
Verbs: find_routes, find_clocks, recommend, write_letters, check_tone, shorten, plan_attachments,
prepare_attachment.
"""
