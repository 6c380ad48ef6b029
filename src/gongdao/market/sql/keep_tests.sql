-- What a buyer told of his test is only added.
CREATE FUNCTION market_test_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'what a buyer told of his test never changes' USING ERRCODE = 'GD001';
END $$;
CREATE TRIGGER market_test_stays BEFORE UPDATE OR DELETE ON market_ordertest
  FOR EACH ROW EXECUTE FUNCTION market_test_stays();
CREATE TRIGGER market_test_stays_whole BEFORE TRUNCATE ON market_ordertest
  FOR EACH STATEMENT EXECUTE FUNCTION market_test_stays();
