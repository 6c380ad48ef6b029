"""Chat exports and pastes to one shape: who said what, when, on which line.

Promises: nothing that stands in the file is dropped silently; who speaks is said only where the
file, the buyer's declaration or a two-person talk settles it; a time that was inferred is marked
``at_given=False``. Never guesses a merchant's words into a buyer's mouth.
Verb: ``read_chat`` in ``read.py``.
"""
