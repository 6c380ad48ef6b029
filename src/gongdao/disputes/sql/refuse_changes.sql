-- What the database itself refuses in disputes, whoever asks. Installed by the last migration.
CREATE FUNCTION dispute_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is only added to: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'GD001';
END $$;
DO $$
DECLARE one text;
BEGIN
  FOREACH one IN ARRAY ARRAY['event', 'post', 'exhibit', 'exhibit_reading', 'offer', 'offer_answer', 'excuse', 'handover', 'fact',
    'verdict', 'root_cause', 'cause_answer', 'cause_effect']
  LOOP
    EXECUTE format('CREATE TRIGGER dispute_%1$s_stays BEFORE UPDATE OR DELETE ON dispute_%1$s
      FOR EACH ROW EXECUTE FUNCTION dispute_stays()', one);
    EXECUTE format('CREATE TRIGGER dispute_%1$s_whole BEFORE TRUNCATE ON dispute_%1$s
      FOR EACH STATEMENT EXECUTE FUNCTION dispute_stays()', one);
  END LOOP;
END $$;

-- A case is never deleted; what it is about stands. Closed, it opens again for an appeal alone.
CREATE TRIGGER dispute_case_stays BEFORE DELETE ON dispute_case
  FOR EACH ROW EXECUTE FUNCTION dispute_stays();
CREATE FUNCTION dispute_case_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (OLD.id, OLD.order_id, OLD.merchant_id, OLD.log_subject, OLD.currency, OLD.rules_on, OLD.opened_at)
     IS DISTINCT FROM
     (NEW.id, NEW.order_id, NEW.merchant_id, NEW.log_subject, NEW.currency, NEW.rules_on, NEW.opened_at)
     OR NEW.moves < OLD.moves
     OR (OLD.state = 'closed' AND NEW.state = 'open' AND NEW.forum NOT IN ('appeal', 'management')) THEN
    RAISE EXCEPTION 'a case does not change like this' USING ERRCODE = 'GD002';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER dispute_case_moves BEFORE UPDATE ON dispute_case
  FOR EACH ROW EXECUTE FUNCTION dispute_case_moves();

-- A step of a remedy is planned, asked, ended, in this order; what it pays never changes; and all steps of an order
-- together never pay more than was paid for it. The order's row keeps two from being added at once.
CREATE FUNCTION dispute_remedy_adds() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE paid bigint; owed bigint; whose uuid;
BEGIN
  SELECT o.id, o.total_minor INTO whose, paid FROM dispute_case c JOIN market_order o ON o.id = c.order_id
    WHERE c.id = NEW.case_id FOR NO KEY UPDATE OF o;
  SELECT coalesce(sum(r.amount_minor), 0) INTO owed FROM dispute_remedy r JOIN dispute_case c ON c.id = r.case_id
    WHERE c.order_id = whose AND r.kind IN ('refund', 'compensation') AND r.state <> 'failed';
  IF NEW.kind IN ('refund', 'compensation') AND owed + NEW.amount_minor > paid THEN
    RAISE EXCEPTION 'more would go back than was paid' USING ERRCODE = 'GD003';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER dispute_remedy_adds BEFORE INSERT ON dispute_remedy
  FOR EACH ROW EXECUTE FUNCTION dispute_remedy_adds();
CREATE FUNCTION dispute_remedy_steps() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (OLD.case_id, OLD.basis, OLD.place, OLD.kind, OLD.amount_minor, OLD.currency, OLD.bearer, OLD.planned_at)
     IS DISTINCT FROM
     (NEW.case_id, NEW.basis, NEW.place, NEW.kind, NEW.amount_minor, NEW.currency, NEW.bearer, NEW.planned_at)
     OR (OLD.state || '>' || NEW.state) NOT IN ('planned>planned', 'planned>asked', 'planned>done', 'planned>failed',
       'asked>asked', 'asked>done', 'asked>failed', 'done>done', 'failed>failed') THEN
    RAISE EXCEPTION 'a step does not go from % to %', OLD.state, NEW.state USING ERRCODE = 'GD002';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER dispute_remedy_steps BEFORE UPDATE ON dispute_remedy
  FOR EACH ROW EXECUTE FUNCTION dispute_remedy_steps();
CREATE TRIGGER dispute_remedy_stays BEFORE DELETE ON dispute_remedy
  FOR EACH ROW EXECUTE FUNCTION dispute_stays()
