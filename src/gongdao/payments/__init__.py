"""Payments: what was asked for, what payment services said, and what of it is believed.

It owns intents, every callback as it came, confirmed payments and refunds. It promises that a
payment is credited once whatever the callbacks do; that signature, amount, currency, order and
account were all compared; that requested is never taken for confirmed. It knows no orders: an
intent belongs to an opaque `SubjectRef`.

Verbs: `start_payment`, `take_callback`, `credit_report`, `request_refund`, `carry_out_refunds`,
`ask_about_unpaid`, `read_bills`.
"""
