"""How well each reason of complaint is shown; one pure function a reason.

Files go by what is looked at: delivery, the secret itself, the listing, the other side's conduct.
``judge_breach`` in ``judge.py`` is the one entry.
"""
