-- What came from an old shop stays as it came; who looked at it is only added.
CREATE FUNCTION market_moved_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '%: this % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'GD001';
END $$;
CREATE TRIGGER market_movedthing_stays BEFORE UPDATE OR DELETE ON market_movedthing
  FOR EACH ROW EXECUTE FUNCTION market_moved_stays();
CREATE TRIGGER market_movedorder_stays BEFORE UPDATE OR DELETE ON market_movedorder
  FOR EACH ROW EXECUTE FUNCTION market_moved_stays();
CREATE TRIGGER market_movedorder_stays_whole BEFORE TRUNCATE ON market_movedorder
  FOR EACH STATEMENT EXECUTE FUNCTION market_moved_stays();
CREATE TRIGGER market_movedlook_stays BEFORE UPDATE OR DELETE ON market_movedlook
  FOR EACH ROW EXECUTE FUNCTION market_moved_stays();
CREATE TRIGGER market_movedlook_stays_whole BEFORE TRUNCATE ON market_movedlook
  FOR EACH STATEMENT EXECUTE FUNCTION market_moved_stays();
