-- The triggers, constraints, indexes and function bodies by which this room's tables refuse.
SELECT 'trigger', t.tgname, CASE WHEN t.tgenabled IN ('O', 'A') THEN '' ELSE 'off' END
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE NOT t.tgisinternal AND c.relname LIKE 'ledger\_%'
UNION ALL
SELECT 'constraint', k.conname, CASE WHEN k.convalidated THEN '' ELSE 'off' END
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid WHERE c.relname LIKE 'ledger\_%'
UNION ALL
SELECT 'constraint', i.relname, CASE WHEN x.indisvalid THEN '' ELSE 'off' END
FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class c ON c.oid = x.indrelid
WHERE x.indisunique AND c.relname LIKE 'ledger\_%'
UNION ALL
SELECT 'function', p.proname, p.prosrc FROM pg_proc p
WHERE p.proname LIKE 'ledger\_%' AND p.pronamespace = current_schema()::regnamespace
