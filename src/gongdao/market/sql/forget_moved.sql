-- What came from an old shop stays as it came. After three years what was sealed of an order there may be erased, with
-- what opened it; that there was one stays.
DROP TRIGGER market_movedorder_stays ON market_movedorder;
CREATE TRIGGER market_movedorder_stays BEFORE DELETE ON market_movedorder
  FOR EACH ROW EXECUTE FUNCTION market_moved_stays();
CREATE TRIGGER market_movedorder_words_stay BEFORE UPDATE ON market_movedorder FOR EACH ROW
  WHEN (octet_length(NEW.sealed) > 0 OR octet_length(NEW.proof) > 0 OR OLD.moved_at > now() - interval '3 years'
    OR (OLD.id, OLD.merchant_id, OLD.shop, OLD.old_id, OLD.number, OLD.state, OLD.quantity, OLD.paid_minor, OLD.currency,
        OLD.ordered_at, OLD.by_password, OLD.moved_at)
      IS DISTINCT FROM (NEW.id, NEW.merchant_id, NEW.shop, NEW.old_id, NEW.number, NEW.state, NEW.quantity, NEW.paid_minor,
        NEW.currency, NEW.ordered_at, NEW.by_password, NEW.moved_at))
  EXECUTE FUNCTION market_moved_stays();
