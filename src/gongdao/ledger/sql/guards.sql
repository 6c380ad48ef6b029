-- What the database itself refuses, whoever asks. Installed by migration 0003; never changed
-- afterwards: a later rule gets a file and a migration of its own.
--
-- Guards of an account: 0 none, 1 a balance that may not be negative, 2 held, moved by holds only.

ALTER TABLE ledger_transfer
  ADD CONSTRAINT ledger_transfer_debit_account FOREIGN KEY (debit_id, currency, debit_guard)
    REFERENCES ledger_account (id, currency, guard),
  ADD CONSTRAINT ledger_transfer_credit_account FOREIGN KEY (credit_id, currency, credit_guard)
    REFERENCES ledger_account (id, currency, guard),
  ADD CONSTRAINT ledger_transfer_reverses FOREIGN KEY (reverses_id)
    REFERENCES ledger_transfer (seq),
  ADD CONSTRAINT ledger_transfer_names_its_hold
    CHECK ((debit_guard = 2 OR credit_guard = 2) = (hold_id IS NOT NULL)
           AND NOT (debit_guard = 2 AND credit_guard = 2)),
  ADD CONSTRAINT ledger_transfer_has_its_ground
    CHECK (debit_guard <> 2
           OR reference ~ '^(confirmation|expiry|verdict|refund|chargeback|void):.');

ALTER TABLE ledger_pending
  ADD CONSTRAINT ledger_pending_debit_account FOREIGN KEY (debit_id, currency, debit_guard)
    REFERENCES ledger_account (id, currency, guard),
  ADD CONSTRAINT ledger_pending_credit_account FOREIGN KEY (credit_id, currency, credit_guard)
    REFERENCES ledger_account (id, currency, guard);

ALTER TABLE ledger_balance
  ADD CONSTRAINT ledger_balance_account FOREIGN KEY (account_id) REFERENCES ledger_account (id);
ALTER TABLE ledger_rollup
  ADD CONSTRAINT ledger_rollup_account FOREIGN KEY (account_id) REFERENCES ledger_account (id);

-- The balance row of a hot merchant changes often and never in an indexed column.
ALTER TABLE ledger_balance SET (fillfactor = 50);

CREATE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is kept as it was written: % is refused', TG_TABLE_NAME, TG_OP
    USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'ledger_append_only';
END $$;

-- A guarded account gets its balance row with it.
CREATE FUNCTION ledger_account_opens() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO ledger_balance (account_id, posted_minor, pending_minor) VALUES (NEW.id, 0, 0);
  RETURN NULL;
END $$;
CREATE TRIGGER ledger_account_opens AFTER INSERT ON ledger_account
  FOR EACH ROW WHEN (NEW.guard = 1) EXECUTE FUNCTION ledger_account_opens();

-- What a transfer does besides being written. The numbers give the order in which they happen:
-- a pending amount is freed before it is spent.
-- "(…) IS TRUE" keeps a planner without statistics from walking all open holds of a merchant
-- (ledger_hold_open) instead of the one row that the primary key names.

CREATE FUNCTION ledger_transfer_mirrors() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM ledger_transfer t
    WHERE t.seq = NEW.reverses_id AND t.reverses_id IS NULL
      AND t.debit_id = NEW.credit_id AND t.credit_id = NEW.debit_id
      AND t.amount_minor = NEW.amount_minor AND t.hold_id IS NOT DISTINCT FROM NEW.hold_id;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'transfer % is not what is reversed', NEW.reverses_id
      USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'ledger_transfer_mirrors';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER ledger_transfer_1_mirrors AFTER INSERT ON ledger_transfer
  FOR EACH ROW WHEN (NEW.reverses_id IS NOT NULL) EXECUTE FUNCTION ledger_transfer_mirrors();

CREATE FUNCTION ledger_transfer_posts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE ledger_pending p SET state = 'posted', ended_at = NEW.at
    WHERE p.id = NEW.pending_id
      AND (p.state = 'pending' AND p.debit_id = NEW.debit_id) IS TRUE
      AND p.credit_id = NEW.credit_id AND p.currency = NEW.currency AND p.kind = NEW.kind
      AND p.owner_kind = NEW.owner_kind AND p.owner_id = NEW.owner_id
      AND p.reference = NEW.reference AND p.amount_minor >= NEW.amount_minor;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'pending transfer % cannot be posted like this', NEW.pending_id
      USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'ledger_pending_posted';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER ledger_transfer_2_posts AFTER INSERT ON ledger_transfer
  FOR EACH ROW WHEN (NEW.pending_id IS NOT NULL) EXECUTE FUNCTION ledger_transfer_posts();

CREATE FUNCTION ledger_transfer_empties() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE ledger_hold h
    SET left_minor = h.left_minor - NEW.amount_minor,
        state = CASE WHEN h.left_minor > NEW.amount_minor THEN 'held'
                     WHEN NEW.kind IN ('hold_void', 'reversal') THEN 'void'
                     ELSE 'released' END
    WHERE h.id = NEW.hold_id
      AND (h.account_id = NEW.debit_id AND h.state = 'held') IS TRUE
      AND h.left_minor >= NEW.amount_minor;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'hold % does not cover %', NEW.hold_id, NEW.amount_minor
      USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'ledger_hold_covers';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER ledger_transfer_3_empties AFTER INSERT ON ledger_transfer
  FOR EACH ROW WHEN (NEW.debit_guard = 2) EXECUTE FUNCTION ledger_transfer_empties();

-- Money that comes onto a held account makes its hold; a reversal puts it back into its hold.
CREATE FUNCTION ledger_transfer_fills() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.reverses_id IS NULL THEN
    INSERT INTO ledger_hold (id, account_id, currency, owner_kind, owner_id, purpose,
                             amount_minor, left_minor, state, created_at)
    VALUES (NEW.hold_id, NEW.credit_id, NEW.currency, NEW.owner_kind, NEW.owner_id, NEW.reference,
            NEW.amount_minor, NEW.amount_minor, 'held', NEW.at);
  ELSE
    UPDATE ledger_hold h SET left_minor = h.left_minor + NEW.amount_minor, state = 'held'
      WHERE h.id = NEW.hold_id AND h.account_id = NEW.credit_id
        AND h.left_minor + NEW.amount_minor <= h.amount_minor;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'hold % does not take % back', NEW.hold_id, NEW.amount_minor
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'ledger_hold_covers';
    END IF;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER ledger_transfer_4_fills AFTER INSERT ON ledger_transfer
  FOR EACH ROW WHEN (NEW.credit_guard = 2) EXECUTE FUNCTION ledger_transfer_fills();

CREATE FUNCTION ledger_transfer_weighs() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  wanted integer := (NEW.debit_guard = 1)::integer + (NEW.credit_guard = 1)::integer;
  changed integer;
BEGIN
  UPDATE ledger_balance b
    SET posted_minor = b.posted_minor
      + CASE WHEN b.account_id = NEW.credit_id THEN NEW.amount_minor ELSE -NEW.amount_minor END
    WHERE b.account_id = ANY (array_remove(ARRAY[
      CASE WHEN NEW.debit_guard = 1 THEN NEW.debit_id END,
      CASE WHEN NEW.credit_guard = 1 THEN NEW.credit_id END], NULL));
  GET DIAGNOSTICS changed = ROW_COUNT;
  IF changed <> wanted THEN
    RAISE EXCEPTION 'a guarded account has no balance row'
      USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'ledger_balance_account';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER ledger_transfer_5_weighs AFTER INSERT ON ledger_transfer
  FOR EACH ROW WHEN (NEW.debit_guard = 1 OR NEW.credit_guard = 1)
  EXECUTE FUNCTION ledger_transfer_weighs();

-- A pending transfer promises its amount away from a guarded balance until it ends.
CREATE FUNCTION ledger_pending_promises() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE ledger_balance b
    SET pending_minor = b.pending_minor
      + CASE WHEN TG_OP = 'INSERT' THEN NEW.amount_minor ELSE -NEW.amount_minor END
    WHERE b.account_id = NEW.debit_id;
  RETURN NULL;
END $$;
CREATE TRIGGER ledger_pending_promises AFTER INSERT ON ledger_pending
  FOR EACH ROW WHEN (NEW.debit_guard = 1) EXECUTE FUNCTION ledger_pending_promises();
CREATE TRIGGER ledger_pending_frees AFTER UPDATE ON ledger_pending
  FOR EACH ROW WHEN (NEW.debit_guard = 1) EXECUTE FUNCTION ledger_pending_promises();

-- A hand may make it void; posted it becomes by its transfer alone. Nothing else changes.
CREATE FUNCTION ledger_pending_ends() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.state <> 'pending'
     OR NOT (NEW.state = 'void' OR NEW.state = 'posted' AND pg_trigger_depth() > 1)
     OR (to_jsonb(NEW) - '{state,ended_at}'::text[])
        IS DISTINCT FROM (to_jsonb(OLD) - '{state,ended_at}'::text[]) THEN
    RAISE EXCEPTION 'a pending transfer ends once and changes in nothing else'
      USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'ledger_append_only';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER ledger_pending_ends BEFORE UPDATE ON ledger_pending
  FOR EACH ROW EXECUTE FUNCTION ledger_pending_ends();
CREATE FUNCTION ledger_pending_begins() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a pending transfer begins pending'
    USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'ledger_append_only';
END $$;
CREATE TRIGGER ledger_pending_begins BEFORE INSERT ON ledger_pending
  FOR EACH ROW WHEN (NEW.state <> 'pending') EXECUTE FUNCTION ledger_pending_begins();

-- Append-only. Holds and balances follow transfers: only from within those triggers are they
-- written (depth 0 is a hand).
CREATE TRIGGER ledger_account_kept BEFORE UPDATE OR DELETE ON ledger_account
  FOR EACH ROW EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_transfer_kept BEFORE UPDATE OR DELETE ON ledger_transfer
  FOR EACH ROW EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_hold_kept BEFORE DELETE ON ledger_hold
  FOR EACH ROW EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_hold_follows BEFORE INSERT OR UPDATE ON ledger_hold
  FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_balance_kept BEFORE DELETE ON ledger_balance
  FOR EACH ROW EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_balance_follows BEFORE INSERT OR UPDATE ON ledger_balance
  FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_pending_kept BEFORE DELETE ON ledger_pending
  FOR EACH ROW EXECUTE FUNCTION ledger_refuse();

CREATE TRIGGER ledger_account_whole BEFORE TRUNCATE ON ledger_account
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_transfer_whole BEFORE TRUNCATE ON ledger_transfer
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_hold_whole BEFORE TRUNCATE ON ledger_hold
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_balance_whole BEFORE TRUNCATE ON ledger_balance
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_pending_whole BEFORE TRUNCATE ON ledger_pending
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();

-- Payouts: only to a verified payee of the same merchant; a step at a time; the rest stands.
CREATE FUNCTION ledger_payout_begins() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM ledger_payee p
    WHERE p.id = NEW.payee_id AND p.owner_kind = NEW.owner_kind AND p.owner_id = NEW.owner_id
      AND p.verified_at IS NOT NULL AND p.retired_at IS NULL;
  IF NOT FOUND OR NEW.state <> 'proposed' THEN
    RAISE EXCEPTION 'a payout begins as a proposal to a verified payee of the same merchant'
      USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'ledger_payout_payee';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER ledger_payout_begins BEFORE INSERT ON ledger_payout
  FOR EACH ROW EXECUTE FUNCTION ledger_payout_begins();

CREATE FUNCTION ledger_payout_steps() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (OLD.state || '>' || NEW.state) NOT IN (
       'proposed>approved', 'proposed>cancelled', 'approved>requested', 'approved>cancelled',
       'requested>confirmed', 'requested>failed', 'confirmed>returned')
     OR (NEW.id, NEW.owner_kind, NEW.owner_id, NEW.reference, NEW.payee_id, NEW.through_id,
         NEW.amount_minor, NEW.currency, NEW.limit_minor, NEW.proposed_by, NEW.proposed_at)
        IS DISTINCT FROM
        (OLD.id, OLD.owner_kind, OLD.owner_id, OLD.reference, OLD.payee_id, OLD.through_id,
         OLD.amount_minor, OLD.currency, OLD.limit_minor, OLD.proposed_by, OLD.proposed_at)
     OR (OLD.approved_by IS NOT NULL AND NEW.approved_by IS DISTINCT FROM OLD.approved_by)
     OR (OLD.batch_id IS NOT NULL AND NEW.batch_id IS DISTINCT FROM OLD.batch_id) THEN
    RAISE EXCEPTION 'a payout does not step from % to % like this', OLD.state, NEW.state
      USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'ledger_payout_steps';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER ledger_payout_steps BEFORE UPDATE ON ledger_payout
  FOR EACH ROW EXECUTE FUNCTION ledger_payout_steps();
CREATE TRIGGER ledger_payout_kept BEFORE DELETE ON ledger_payout
  FOR EACH ROW EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_payout_whole BEFORE TRUNCATE ON ledger_payout
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();

-- A payee's account never changes, and what was verified stays said; a mistake is retired.
CREATE FUNCTION ledger_payee_stands() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (NEW.id, NEW.owner_kind, NEW.owner_id, NEW.sealed, NEW.digest, NEW.added_at)
       IS DISTINCT FROM
     (OLD.id, OLD.owner_kind, OLD.owner_id, OLD.sealed, OLD.digest, OLD.added_at)
     OR (OLD.verified_at IS NOT NULL
         AND (NEW.verified_at, NEW.verified_by, NEW.proof)
             IS DISTINCT FROM (OLD.verified_at, OLD.verified_by, OLD.proof))
     OR (OLD.retired_at IS NOT NULL AND NEW.retired_at IS DISTINCT FROM OLD.retired_at) THEN
    RAISE EXCEPTION 'a payee is verified once, retired once, and changes in nothing else'
      USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'ledger_append_only';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER ledger_payee_stands BEFORE UPDATE ON ledger_payee
  FOR EACH ROW EXECUTE FUNCTION ledger_payee_stands();
