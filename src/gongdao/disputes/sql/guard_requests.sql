-- What the database refuses of requests by authorities: nothing is deleted, what was entered stands, and a request goes
-- entered > confirmed or refused, confirmed > ended. Which orders it names is only added to, while it is entered.
CREATE FUNCTION authority_request_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (OLD.id, OLD.number, OLD.asks, OLD.tell, OLD.sealed, OLD.paper_digest, OLD.original_id, OLD.dated_on, OLD.until,
      OLD.entered_by_id, OLD.entered_at)
     IS DISTINCT FROM
     (NEW.id, NEW.number, NEW.asks, NEW.tell, NEW.sealed, NEW.paper_digest, NEW.original_id, NEW.dated_on, NEW.until,
      NEW.entered_by_id, NEW.entered_at)
     OR (OLD.state || '>' || NEW.state) NOT IN ('entered>confirmed', 'entered>refused', 'confirmed>ended') THEN
    RAISE EXCEPTION 'a request does not change like this' USING ERRCODE = 'GD002';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER authority_request_moves BEFORE UPDATE ON authority_request
  FOR EACH ROW EXECUTE FUNCTION authority_request_moves();
CREATE TRIGGER authority_request_stays BEFORE DELETE ON authority_request
  FOR EACH ROW EXECUTE FUNCTION dispute_stays();
CREATE TRIGGER authority_subject_stays BEFORE UPDATE OR DELETE ON authority_subject
  FOR EACH ROW EXECUTE FUNCTION dispute_stays();
CREATE FUNCTION authority_subject_adds() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM authority_request WHERE id = NEW.request_id AND state = 'entered') THEN
    RAISE EXCEPTION 'a request that was checked names no further order' USING ERRCODE = 'GD002';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER authority_subject_adds BEFORE INSERT ON authority_subject
  FOR EACH ROW EXECUTE FUNCTION authority_subject_adds()
