"""What a line of a chat amounts to: admission, evasion, promise, refusal, demand, insult.

A measured classifier (character n-grams, logistic regression, trained on lines of our own under
``training/chat_lines``) with guards on top: calling something an admission that is none is the
worst mistake, so hypotheses, questions and quotations are refused by rule.
Verbs: ``label_lines``, ``find_promised_time``.
"""
