"""The independent verifier of sealed case files: `gongdao-verify FILE`.

Works offline with the standard library and `cryptography` alone, and imports nothing of Gongdao.
Says what is intact, names each changed, missing or added file, says by whom and when the seal was
time-stamped, and lists what all that does *not* prove. Extracts nothing, prints no content.

Reading order: check (the judgement) · archive (the zip) · manifest (the lists) · timestamp, chain
and der (RFC 3161) · words (every sentence, Chinese and English) · main (the command line).
"""
