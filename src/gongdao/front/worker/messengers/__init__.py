"""Adapters of the messenger port: mail, and through apprise the services people use.

Promises: an address is fields that are checked, never a URL that a person gave; one call sends at
most once and ends within its time limit; nothing is redirected; an error names no address and no
key. Who calls decides when to try again.
"""
