-- Takes step 23 (training retries) back.

DELETE FROM fleet.training_job_transitions
WHERE (from_state, to_state) IN (('failed', 'ready'), ('cancelled', 'ready'), ('cancelled', 'waiting'), ('skipped', 'waiting'));

CREATE OR REPLACE FUNCTION fleet.guard_training() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'training % is over (%) and may not be changed', OLD.id, OLD.state USING ERRCODE = 'check_violation';
END $$;
COMMENT ON FUNCTION fleet.guard_training IS 'Refuses to change a training that is over.';
