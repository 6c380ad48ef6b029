"""Measuring this installation's machine: what ``gongdao bench`` prints.

Everything runs in a folder of its own that is thrown away, on a database of its own with the
defaults of a real server: what is committed is on disk. Nothing of the operator's data is touched.
"""
