-- The state machines of run, pass and tile: what isn't a legal step is refused, whoever tries it. The same machines are written in Swift
-- (FleetContracts/Lifecycles); a test tries every pair of states on both.

-------------------------------------------------------------------------------------------------------------- runs

-- What nothing in the program does.
DELETE FROM fleet.run_transitions WHERE (from_state, to_state) IN (('submitted', 'failed'), ('continuing', 'failed'));

CREATE OR REPLACE FUNCTION fleet.guard_run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM fleet.run_transitions t WHERE t.from_state = OLD.state) THEN
    RAISE EXCEPTION 'run % is over (%) and may not be changed', OLD.id, OLD.state USING ERRCODE = 'check_violation';
  END IF;
  IF NEW.state <> OLD.state AND NOT EXISTS (
    SELECT FROM fleet.run_transitions t WHERE t.from_state = OLD.state AND t.to_state = NEW.state)
  THEN
    RAISE EXCEPTION 'run % may not go from % to %', OLD.id, OLD.state, NEW.state USING ERRCODE = 'check_violation';
  END IF;
  IF NEW.epoch NOT BETWEEN OLD.epoch AND OLD.epoch + 1 THEN
    RAISE EXCEPTION 'the epoch of run % may not go from % to %', OLD.id, OLD.epoch, NEW.epoch USING ERRCODE = 'check_violation';
  END IF;
  IF NEW.epoch = OLD.epoch AND NEW.owner IS NOT NULL AND NEW.owner IS DISTINCT FROM OLD.owner THEN
    RAISE EXCEPTION 'run % may not pass to % without a new epoch', OLD.id, NEW.owner USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;

CREATE FUNCTION fleet.refuse_new_run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a run must begin as submitted and with the epoch 0, not as % and with %', NEW.state, NEW.epoch
    USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER guard_new_run BEFORE INSERT ON fleet.runs FOR EACH ROW
  WHEN (NEW.state <> 'submitted' OR NEW.epoch <> 0) EXECUTE FUNCTION fleet.refuse_new_run();

------------------------------------------------------------------------------------------------------------- passes

CREATE FUNCTION fleet.refuse_pass() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'pass % is planned once and done once: what was written then may not be changed', OLD.id
    USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER guard_pass BEFORE UPDATE ON fleet.passes FOR EACH ROW
  WHEN (OLD.label_map IS NOT NULL
        OR (OLD.id, OLD.run, OLD.position, OLD.epoch, OLD.document, OLD.tiles)
           IS DISTINCT FROM (NEW.id, NEW.run, NEW.position, NEW.epoch, NEW.document, NEW.tiles))
  EXECUTE FUNCTION fleet.refuse_pass();

-------------------------------------------------------------------------------------------------------------- tiles

-- Thousands of tiles change in a second, so the legal steps stand in the trigger's condition, which costs next to nothing;
-- the function is called for illegal ones only.

CREATE FUNCTION fleet.refuse_tile() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    RAISE EXCEPTION 'tile % of pass % must begin as planned, not as %', NEW.tile, NEW.pass, NEW.state
      USING ERRCODE = 'check_violation';
  END IF;
  RAISE EXCEPTION 'tile % of pass % may not go from % to %, nor its attempts from % to %',
    OLD.tile, OLD.pass, OLD.state, NEW.state, OLD.attempts, NEW.attempts USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER guard_new_tile BEFORE INSERT ON fleet.tiles FOR EACH ROW
  WHEN (NEW.state <> 'planned' OR NEW.attempts <> 0) EXECUTE FUNCTION fleet.refuse_tile();
CREATE TRIGGER guard_tile BEFORE UPDATE ON fleet.tiles FOR EACH ROW
  WHEN (NEW.attempts < OLD.attempts
        OR (NEW.state <> OLD.state
            AND NOT (OLD.state = 'planned' OR (OLD.state = 'queued' AND NEW.state IN ('planned', 'done', 'dead')))))
  EXECUTE FUNCTION fleet.refuse_tile();

CREATE FUNCTION fleet.refuse_tile_result() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the accepted result of tile % of pass % stays for good', OLD.tile, OLD.pass USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER guard_tile_result BEFORE UPDATE ON fleet.tile_results FOR EACH ROW
  WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION fleet.refuse_tile_result();
