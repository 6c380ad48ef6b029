-- Deeds of the staff and acceptances of the terms are only added.
CREATE FUNCTION market_deed_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'what was done or accepted is never changed' USING ERRCODE = 'GD001';
END $$;
CREATE TRIGGER market_deed_stays BEFORE UPDATE OR DELETE ON market_staffdeed
  FOR EACH ROW EXECUTE FUNCTION market_deed_stays();
CREATE TRIGGER market_deed_stays_whole BEFORE TRUNCATE ON market_staffdeed
  FOR EACH STATEMENT EXECUTE FUNCTION market_deed_stays();
CREATE TRIGGER market_acceptance_stays BEFORE UPDATE OR DELETE ON market_termsaccepted
  FOR EACH ROW EXECUTE FUNCTION market_deed_stays();
CREATE TRIGGER market_acceptance_stays_whole BEFORE TRUNCATE ON market_termsaccepted
  FOR EACH STATEMENT EXECUTE FUNCTION market_deed_stays();
