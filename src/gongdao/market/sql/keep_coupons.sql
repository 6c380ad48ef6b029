-- What a coupon took off an order, and whose it was, never changes; a use only goes back, or is taken again.
CREATE FUNCTION market_coupon_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '%: this % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'GD001';
END $$;
CREATE TRIGGER market_coupon_stays BEFORE UPDATE ON market_coupon FOR EACH ROW WHEN (
  (OLD.id, OLD.merchant_id, OLD.digest, OLD.kind, OLD.percent, OLD.off_minor, OLD.minimum_minor, OLD.currency)
    IS DISTINCT FROM
  (NEW.id, NEW.merchant_id, NEW.digest, NEW.kind, NEW.percent, NEW.off_minor, NEW.minimum_minor, NEW.currency)
) EXECUTE FUNCTION market_coupon_stays();
CREATE TRIGGER market_coupon_kept BEFORE DELETE ON market_coupon
  FOR EACH ROW EXECUTE FUNCTION market_coupon_stays();
CREATE TRIGGER market_couponuse_stays BEFORE UPDATE ON market_couponuse FOR EACH ROW WHEN (
  (OLD.order_id, OLD.coupon_id, OLD.buyer_digest, OLD.off_minor, OLD.currency, OLD.at)
    IS DISTINCT FROM
  (NEW.order_id, NEW.coupon_id, NEW.buyer_digest, NEW.off_minor, NEW.currency, NEW.at)
) EXECUTE FUNCTION market_coupon_stays();
CREATE TRIGGER market_couponuse_kept BEFORE DELETE ON market_couponuse
  FOR EACH ROW EXECUTE FUNCTION market_coupon_stays();
CREATE TRIGGER market_couponuse_kept_whole BEFORE TRUNCATE ON market_couponuse
  FOR EACH STATEMENT EXECUTE FUNCTION market_coupon_stays();
