"""Fields of a recognised screen, one file per family of screens.

Owns: which label means which field on which screen. Promises: a value comes from the page as
printed, with its box and the confidence of the characters; a payment time is never the clock of
the status bar; nothing is made up where the page shows nothing.
Verbs: ``read_fields``.
"""
