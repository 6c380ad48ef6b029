-- What suppliers said and what was handed over is evidence: it is only added.
CREATE FUNCTION market_evidence_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'answers of suppliers and deliveries never change' USING ERRCODE = 'GD001';
END $$;
CREATE TRIGGER market_answer_stays BEFORE UPDATE OR DELETE ON market_supplieranswer
  FOR EACH ROW EXECUTE FUNCTION market_evidence_stays();
CREATE TRIGGER market_answer_stays_whole BEFORE TRUNCATE ON market_supplieranswer
  FOR EACH STATEMENT EXECUTE FUNCTION market_evidence_stays();
CREATE TRIGGER market_handover_stays BEFORE UPDATE OR DELETE ON market_handover
  FOR EACH ROW EXECUTE FUNCTION market_evidence_stays();
CREATE TRIGGER market_handover_stays_whole BEFORE TRUNCATE ON market_handover
  FOR EACH STATEMENT EXECUTE FUNCTION market_evidence_stays();
CREATE TRIGGER market_riskanswer_stays BEFORE UPDATE OR DELETE ON market_riskanswer
  FOR EACH ROW EXECUTE FUNCTION market_evidence_stays();
CREATE TRIGGER market_riskanswer_stays_whole BEFORE TRUNCATE ON market_riskanswer
  FOR EACH STATEMENT EXECUTE FUNCTION market_evidence_stays();
CREATE FUNCTION market_topup_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.ended_at IS NOT NULL THEN
    RAISE EXCEPTION 'a top-up that ended as % stays so', OLD.state USING ERRCODE = 'GD002';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER market_topup_moves BEFORE UPDATE OF state, ended_at, done_minor ON market_topup
  FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state OR OLD.ended_at IS DISTINCT FROM NEW.ended_at
    OR OLD.done_minor IS DISTINCT FROM NEW.done_minor)
  EXECUTE FUNCTION market_topup_moves();
