"""Cases as rows, for a server (Django app ``casework``).

Owns: the case behind a private link, its statement, filings, deadlines, reminders, shares.
Promises: the same answer as the command line gives for the same files; two tabs never overwrite
each other unnoticed; nothing personal in a plain column; erased when asked, key and all.
Verbs are one file each: ``begin_case``, ``unlock_case``, ``assemble_case``, ``state_facts``, …
"""
