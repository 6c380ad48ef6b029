"""Who tops up, or sells on, for a merchant: one port and an adapter for each kind of interface.

Promise: an adapter never takes silence or rubbish for a failure, and never asks for more than the
merchant allows to be spent. It keeps nothing; what it heard is returned whole, as evidence.
"""
