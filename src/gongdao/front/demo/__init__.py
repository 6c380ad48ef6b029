"""A believable market to try things out on: merchants, listings, stock and orders, made with the
verbs that real ones are made with. Only where the sandbox pays, and never mixed with real shops.
"""
