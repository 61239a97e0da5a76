-- Retries of trainings: what has failed or was cancelled may be taken up again.

INSERT INTO fleet.training_job_transitions (from_state, to_state) VALUES
  ('failed', 'ready'), ('cancelled', 'ready'), ('cancelled', 'waiting'), ('skipped', 'waiting');

CREATE OR REPLACE FUNCTION fleet.guard_training() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.state IN ('failed', 'cancelled') AND NEW.state = 'running'
     AND to_jsonb(NEW) - '{state,finished_at}'::text[] = to_jsonb(OLD) - '{state,finished_at}'::text[]
  THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'training % is over (%) and may not be changed', OLD.id, OLD.state USING ERRCODE = 'check_violation';
END $$;
COMMENT ON FUNCTION fleet.guard_training IS 'Refuses to change a training that is over, but for taking up again one that has failed or was cancelled.';
