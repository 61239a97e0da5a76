-- Takes step 8 (state_machines) back.

DROP TRIGGER guard_new_run ON fleet.runs;
DROP TRIGGER guard_pass ON fleet.passes;
DROP TRIGGER guard_new_tile ON fleet.tiles;
DROP TRIGGER guard_tile ON fleet.tiles;
DROP TRIGGER guard_tile_result ON fleet.tile_results;
DROP FUNCTION fleet.refuse_new_run();
DROP FUNCTION fleet.refuse_pass();
DROP FUNCTION fleet.refuse_tile();
DROP FUNCTION fleet.refuse_tile_result();
CREATE OR REPLACE FUNCTION fleet.guard_run()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
  IF NEW.state <> OLD.state AND NOT EXISTS (
    SELECT FROM fleet.run_transitions t WHERE t.from_state = OLD.state AND t.to_state = NEW.state)
  THEN
    RAISE EXCEPTION 'run % may not go from % to %', OLD.id, OLD.state, NEW.state USING ERRCODE = 'check_violation';
  END IF;
  IF OLD.state IN ('completed', 'failed', 'cancelled') THEN
    RAISE EXCEPTION 'run % is over and may not be changed', OLD.id USING ERRCODE = 'check_violation';
  END IF;
  IF NEW.epoch < OLD.epoch THEN
    RAISE EXCEPTION 'the epoch of run % may not go back from % to %', OLD.id, OLD.epoch, NEW.epoch
      USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $function$;
INSERT INTO fleet.run_transitions VALUES ('submitted', 'failed'), ('continuing', 'failed');
