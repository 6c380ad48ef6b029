"""Originals and their readings as rows and blobs, for a server (Django app ``evidence``).

Owns: uploaded originals, byte for byte, encrypted, addressed by their content; what was read from
them; the record of who opened which. Promises: the same bytes are kept once per subject; every
opening is recorded; erasing leaves nothing. Knows a subject by an opaque reference only.
Verbs: ``keep_original``, ``open_original``, ``write_reading``, ``erase_originals``.
"""
