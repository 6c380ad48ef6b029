-- That a merchant cancelled an order is never changed or forgotten.
CREATE TRIGGER market_cancel_stays BEFORE UPDATE OR DELETE ON market_ordercancel
  FOR EACH ROW EXECUTE FUNCTION market_deed_stays();
CREATE TRIGGER market_cancel_stays_whole BEFORE TRUNCATE ON market_ordercancel
  FOR EACH STATEMENT EXECUTE FUNCTION market_deed_stays();
