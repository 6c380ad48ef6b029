"""The independent verifier: `gongdao-verify FILE`, for case files and receipts of the public log.

Works offline with the standard library and `cryptography` alone, and imports nothing of Gongdao.
Says what is intact, names what was changed, says who vouches for it and since when, and lists
what all that does *not* prove. Extracts nothing, prints no content of a case file.

Reading order, case files: check (the judgement) · archive (the zip) · manifest (the lists) ·
anchor, timestamp, chain, der (RFC 3161). Receipts: log_verdict (the judgement) · tlog_proof,
receipt_extra, log_anchors (the file) · merkle (the proofs) · signed_note, checkpoint, tlog_policy
(the signatures) · canonical, leaf_form (the leaf) · fork, tree_reader, tlog_tiles (forks).
words and show_log hold every sentence, main the command line.
"""
