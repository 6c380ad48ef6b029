-- The facts of one round of a case, in one statement. Index: dispute_fact_once.
INSERT INTO dispute_fact (case_id, round, name, value, source, evidence, at)
SELECT %(case)s, %(round)s, f.name, f.value::jsonb, f.source, f.evidence::jsonb, f.at
FROM unnest(%(names)s::text[], %(values)s::text[], %(sources)s::text[], %(evidence)s::text[],
  %(times)s::timestamptz[]) AS f (name, value, source, evidence, at)
