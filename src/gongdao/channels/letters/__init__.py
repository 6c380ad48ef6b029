"""Letters: facts, rules and a dated demand, one per channel, within its limits.

Owns: the wording of every letter to Chinese recipients (Chinese in every language).
Promises: nothing the evidence does not carry; public texts hold no secret and no personal data; a
letter is its parts joined, and no edit changes a locked one.
Never: sends anything, or drops what somebody typed.
Verbs: write_letters, apply_edits, check_edits.
"""
