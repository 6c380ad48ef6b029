"""Words that every room uses: errors, money, time, digests, language.

Owns no business and no state. Promises: an amount is integer minor units with its currency, a
time is an argument and carries its zone, an error says what to do. Never reads the clock, never
touches the network.
"""
