-- What buyer and merchant wrote, proofs of source and deeds at the desk are only added.
CREATE FUNCTION market_desk_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'rows of % are only added', TG_TABLE_NAME USING ERRCODE = 'GD001';
END $$;
CREATE TRIGGER market_post_stays BEFORE UPDATE OR DELETE ON market_threadpost
  FOR EACH ROW EXECUTE FUNCTION market_desk_stays();
CREATE TRIGGER market_post_stays_whole BEFORE TRUNCATE ON market_threadpost
  FOR EACH STATEMENT EXECUTE FUNCTION market_desk_stays();
CREATE TRIGGER market_proof_stays BEFORE UPDATE OR DELETE ON market_sourceproof
  FOR EACH ROW EXECUTE FUNCTION market_desk_stays();
CREATE TRIGGER market_deed_stays BEFORE UPDATE OR DELETE ON market_deskdeed
  FOR EACH ROW EXECUTE FUNCTION market_desk_stays();
CREATE TRIGGER market_deed_stays_whole BEFORE TRUNCATE ON market_deskdeed
  FOR EACH STATEMENT EXECUTE FUNCTION market_desk_stays();
