-- As in refuse_changes.sql; and what makes a case's key is only ever emptied, with the moment of it, in a closed case that then
-- stays as it is.
CREATE OR REPLACE FUNCTION dispute_case_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (OLD.id, OLD.order_id, OLD.merchant_id, OLD.log_subject, OLD.currency, OLD.rules_on, OLD.opened_at)
     IS DISTINCT FROM
     (NEW.id, NEW.order_id, NEW.merchant_id, NEW.log_subject, NEW.currency, NEW.rules_on, NEW.opened_at)
     OR NEW.moves < OLD.moves
     OR (OLD.state = 'closed' AND NEW.state = 'open' AND NEW.forum NOT IN ('appeal', 'management'))
     OR (NEW.own_key <> OLD.own_key AND (NEW.own_key <> '' OR NEW.erased_at IS NULL))
     OR (OLD.erased_at IS NOT NULL AND NEW.erased_at IS DISTINCT FROM OLD.erased_at) THEN
    RAISE EXCEPTION 'a case does not change like this' USING ERRCODE = 'GD002';
  END IF;
  RETURN NEW;
END $$
