"""The market: merchants, listings, orders, delivery.

It owns who may sell, what is offered and what was shown, every order and its true status. It
promises that an order holds exactly what the buyer saw, that paid means delivered or remedied, and
that nobody opens an order with its number alone. It never moves money or secrets by itself: it asks
`ledger` and `vault`, in one transaction, and writes a leaf of the public log for every event.

Verbs: `publish_listing`, `place_order`, `confirm_payment`, `reveal`, `confirm_receipt`, `release`.
"""
