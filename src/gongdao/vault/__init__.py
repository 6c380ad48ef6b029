"""Card secrets: encrypted, never twice on the platform, one unit for one claim.

It owns products' shelves (SKU), batches, the sealed secrets, their fingerprints, claims and the
record of every reveal. It promises that a secret lies here only encrypted; that the same secret
is never accepted twice, in whichever shop; that a unit is live in one claim, and a claim of n units
gets exactly n or none; that every decryption for somebody is recorded. It knows neither orders nor
merchants, only opaque references, and never writes a plain secret into a log line, an error, a list
or a cache.

Verbs: `make_sku`, `import_secrets`, `discard_import`, `reserve`, `allocate`, `release`,
`release_reservations`, `reveal`, `replace_unit`, `withdraw_batch`, `quarantine_batches`,
`lift_quarantine`, `check_units`, `rotate_fingerprints`. Reads: `queries`, `prove_unit` and
`check_vault`.
"""
