"""Letters: facts, rules and a dated demand, one per channel, within its limits.

Owns: the wording of every letter to Chinese recipients (Chinese in every language).
Promises: nothing the evidence does not carry; public texts hold no secret and no personal data.
Never: sends anything.
Verbs: write_letters.
"""
