-- The facts of one round of a case, in one statement. Index: dispute_fact_once.
INSERT INTO dispute_fact (case_id, round, name, value, source, evidence, at)
SELECT %(case)s, %(round)s, f.name, f.value, f.source, f.evidence, f.at
FROM json_to_recordset(%(facts)s::json) AS f (name text, value jsonb, source text, evidence jsonb, at timestamptz)
