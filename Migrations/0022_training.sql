-- Training on the fleet: what is to be trained, the jobs of it, who has which, the curves.

CREATE TABLE fleet.trainings (
  id              uuid PRIMARY KEY,
  tenant          text NOT NULL CHECK (tenant ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$'),
  task            text NOT NULL,
  model_name      text NOT NULL,
  data            fleet.sha256 NOT NULL,
  spec            jsonb NOT NULL,
  request_digest  fleet.sha256 NOT NULL,
  idempotency_key text,
  state           text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'completed', 'failed', 'cancelled')),
  submitted_at    timestamptz NOT NULL DEFAULT now(),
  finished_at     timestamptz,
  CONSTRAINT trainings_end CHECK ((state = 'running') = (finished_at IS NULL))
);
CREATE UNIQUE INDEX trainings_key ON fleet.trainings (tenant, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX trainings_running ON fleet.trainings (id) WHERE state = 'running';
COMMENT ON TABLE fleet.trainings IS 'Tasks that are trained: several configurations, each on several folds.';
COMMENT ON COLUMN fleet.trainings.id IS 'The training, a version 7 UUID.';
COMMENT ON COLUMN fleet.trainings.tenant IS 'For whom it is trained.';
COMMENT ON COLUMN fleet.trainings.task IS 'nnU-Net''s name of the task, such as Task501_BrainTissue.';
COMMENT ON COLUMN fleet.trainings.model_name IS 'The name that the best configuration is registered under.';
COMMENT ON COLUMN fleet.trainings.data IS 'The preprocessed task in the blob store: SHA-256 of its folder''s manifest.';
COMMENT ON COLUMN fleet.trainings.spec IS 'All that was asked for: configurations, folds, trainers, epochs, seed.';
COMMENT ON COLUMN fleet.trainings.request_digest IS 'SHA-256 of all that was asked for.';
COMMENT ON COLUMN fleet.trainings.idempotency_key IS 'The submitter''s own key.';
COMMENT ON COLUMN fleet.trainings.state IS 'running, completed, failed or cancelled.';
COMMENT ON COLUMN fleet.trainings.submitted_at IS 'When it was submitted.';
COMMENT ON COLUMN fleet.trainings.finished_at IS 'When it was completed, failed or cancelled.';

CREATE TABLE fleet.training_jobs (
  training          uuid NOT NULL REFERENCES fleet.trainings ON DELETE CASCADE,
  position          integer NOT NULL CHECK (position >= 0),
  kind              text NOT NULL CHECK (kind IN ('fold', 'selection')),
  configuration     text,
  fold              integer CHECK (fold >= 0),
  needs             integer[] NOT NULL,
  state             text NOT NULL CHECK (state IN ('waiting', 'ready', 'queued', 'running', 'done', 'failed', 'skipped', 'cancelled')),
  attempt           integer NOT NULL DEFAULT 0 CHECK (attempt >= 0),
  setbacks          integer NOT NULL DEFAULT 0 CHECK (setbacks >= 0),
  epochs            integer NOT NULL DEFAULT 0 CHECK (epochs >= 0),
  checkpoint        fleet.sha256,
  checkpoint_epochs integer NOT NULL DEFAULT 0 CHECK (checkpoint_epochs >= 0),
  result            fleet.sha256,
  worker            text,
  lease_seconds     double precision NOT NULL DEFAULT 60 CHECK (lease_seconds > 0),
  lease_until       timestamptz,
  not_before        timestamptz,
  claimed_until     timestamptz,
  published_at      timestamptz,
  started_at        timestamptz,
  finished_at       timestamptz,
  failure_kind      text CHECK (failure_kind IN ('transient', 'poison', 'invalid', 'corrupt', 'out_of_memory')),
  failure_reason    text,
  PRIMARY KEY (training, position),
  CONSTRAINT training_jobs_work CHECK (
    (kind = 'fold') = (configuration IS NOT NULL) AND (kind = 'fold') = (fold IS NOT NULL)),
  CONSTRAINT training_jobs_lease CHECK ((state = 'running') = (lease_until IS NOT NULL) AND (state <> 'running' OR worker IS NOT NULL)),
  CONSTRAINT training_jobs_end CHECK ((state IN ('done', 'failed', 'skipped', 'cancelled')) = (finished_at IS NOT NULL)),
  CONSTRAINT training_jobs_result CHECK ((state = 'done') = (result IS NOT NULL)),
  CONSTRAINT training_jobs_failure CHECK (
    (state = 'failed') = (failure_kind IS NOT NULL) AND (failure_kind IS NULL) = (failure_reason IS NULL))
) WITH (fillfactor = 70);
CREATE INDEX training_jobs_running ON fleet.training_jobs (lease_until) WHERE state = 'running';
COMMENT ON TABLE fleet.training_jobs IS 'Jobs of trainings: each configuration on each fold, and the choice among them. They change only while their training''s row is locked.';
COMMENT ON COLUMN fleet.training_jobs.training IS 'The training.';
COMMENT ON COLUMN fleet.training_jobs.position IS 'The job''s place in it, from 0.';
COMMENT ON COLUMN fleet.training_jobs.kind IS 'fold, or selection: finding the best configuration and registering it.';
COMMENT ON COLUMN fleet.training_jobs.configuration IS '2d, 3d_lowres, 3d_fullres or 3d_cascade_fullres; null for a selection.';
COMMENT ON COLUMN fleet.training_jobs.fold IS 'Fold of the task''s split, from 0; null for a selection.';
COMMENT ON COLUMN fleet.training_jobs.needs IS 'Positions of the jobs that must be done before.';
COMMENT ON COLUMN fleet.training_jobs.state IS 'waiting (for others), ready, queued (on its way), running, done, failed, skipped (what it needs has failed) or cancelled.';
COMMENT ON COLUMN fleet.training_jobs.attempt IS 'How often it was handed out; reports of earlier attempts are refused.';
COMMENT ON COLUMN fleet.training_jobs.setbacks IS 'Attempts that ended badly since the last new checkpoint.';
COMMENT ON COLUMN fleet.training_jobs.epochs IS 'Epochs that are trained.';
COMMENT ON COLUMN fleet.training_jobs.checkpoint IS 'The last accepted checkpoint: SHA-256 of the manifest of the fold''s folder.';
COMMENT ON COLUMN fleet.training_jobs.checkpoint_epochs IS 'Epochs behind that checkpoint.';
COMMENT ON COLUMN fleet.training_jobs.result IS 'SHA-256 of the manifest of the finished fold''s folder, or of the document of the choice.';
COMMENT ON COLUMN fleet.training_jobs.worker IS 'The trainer process that has it, or had it last.';
COMMENT ON COLUMN fleet.training_jobs.lease_seconds IS 'How long the trainer may be silent, seconds.';
COMMENT ON COLUMN fleet.training_jobs.lease_until IS 'Until when it is the trainer''s; renewed by each of its reports.';
COMMENT ON COLUMN fleet.training_jobs.not_before IS 'It isn''t handed out before.';
COMMENT ON COLUMN fleet.training_jobs.claimed_until IS 'Until when a dispatcher has it in hand to publish it.';
COMMENT ON COLUMN fleet.training_jobs.published_at IS 'When the broker confirmed the present attempt''s message.';
COMMENT ON COLUMN fleet.training_jobs.started_at IS 'When its first attempt was begun.';
COMMENT ON COLUMN fleet.training_jobs.finished_at IS 'When it was over.';
COMMENT ON COLUMN fleet.training_jobs.failure_kind IS 'Why it failed: transient, poison, invalid, corrupt or out_of_memory.';
COMMENT ON COLUMN fleet.training_jobs.failure_reason IS 'The same as a sentence.';

CREATE TABLE fleet.training_job_transitions (
  from_state text NOT NULL,
  to_state   text NOT NULL,
  PRIMARY KEY (from_state, to_state)
);
COMMENT ON TABLE fleet.training_job_transitions IS 'The legal changes of a training job''s state.';
COMMENT ON COLUMN fleet.training_job_transitions.from_state IS 'The state before.';
COMMENT ON COLUMN fleet.training_job_transitions.to_state IS 'The state after.';
INSERT INTO fleet.training_job_transitions (from_state, to_state) VALUES
  ('waiting', 'ready'), ('waiting', 'skipped'), ('waiting', 'cancelled'), ('ready', 'queued'), ('ready', 'cancelled'),
  ('queued', 'running'), ('queued', 'ready'), ('queued', 'cancelled'),
  ('running', 'ready'), ('running', 'done'), ('running', 'failed'), ('running', 'cancelled');

-- A report may take a job through two steps at once: from queued by way of running.
CREATE FUNCTION fleet.guard_training_job() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.attempt NOT BETWEEN OLD.attempt AND OLD.attempt + 1 OR NEW.checkpoint_epochs < OLD.checkpoint_epochs THEN
    RAISE EXCEPTION 'job % of training % may not go from attempt % to %, nor from % epochs behind its checkpoint to %',
      OLD.position, OLD.training, OLD.attempt, NEW.attempt, OLD.checkpoint_epochs, NEW.checkpoint_epochs
      USING ERRCODE = 'check_violation';
  END IF;
  IF NEW.state <> OLD.state
     AND NOT EXISTS (SELECT FROM fleet.training_job_transitions t WHERE t.from_state = OLD.state AND t.to_state = NEW.state)
     AND NOT (OLD.state = 'queued'
              AND EXISTS (SELECT FROM fleet.training_job_transitions t WHERE t.from_state = 'running' AND t.to_state = NEW.state))
  THEN
    RAISE EXCEPTION 'job % of training % may not go from % to %', OLD.position, OLD.training, OLD.state, NEW.state
      USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
COMMENT ON FUNCTION fleet.guard_training_job IS 'Refuses what isn''t a legal step of a training job.';
CREATE TRIGGER guard_training_job BEFORE UPDATE ON fleet.training_jobs FOR EACH ROW EXECUTE FUNCTION fleet.guard_training_job();

CREATE FUNCTION fleet.guard_training() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'training % is over (%) and may not be changed', OLD.id, OLD.state USING ERRCODE = 'check_violation';
END $$;
COMMENT ON FUNCTION fleet.guard_training IS 'Refuses to change a training that is over.';
CREATE TRIGGER guard_training BEFORE UPDATE ON fleet.trainings FOR EACH ROW WHEN (OLD.state <> 'running')
  EXECUTE FUNCTION fleet.guard_training();

CREATE TABLE fleet.training_epochs (
  training        uuid NOT NULL,
  position        integer NOT NULL,
  epoch           integer NOT NULL CHECK (epoch >= 0),
  training_loss   double precision,
  validation_loss double precision,
  dice            double precision CHECK (dice BETWEEN 0 AND 1),
  learning_rate   double precision,
  seconds         double precision NOT NULL CHECK (seconds >= 0),
  attempt         integer NOT NULL,
  worker          text NOT NULL,
  at              timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (training, position, epoch),
  FOREIGN KEY (training, position) REFERENCES fleet.training_jobs ON DELETE CASCADE
);
COMMENT ON TABLE fleet.training_epochs IS 'What epochs have brought. An epoch that was trained again after a loss has the values of its last time, which are the same.';
COMMENT ON COLUMN fleet.training_epochs.training IS 'The training.';
COMMENT ON COLUMN fleet.training_epochs.position IS 'The job''s place in it.';
COMMENT ON COLUMN fleet.training_epochs.epoch IS 'The epoch, from 0.';
COMMENT ON COLUMN fleet.training_epochs.training_loss IS 'Mean loss of the training batches (cross-entropy minus soft Dice, no unit).';
COMMENT ON COLUMN fleet.training_epochs.validation_loss IS 'Mean loss of the validation batches (no unit).';
COMMENT ON COLUMN fleet.training_epochs.dice IS 'Mean Dice of the foreground classes in the validation''s patches, 0 to 1; null where none occurred.';
COMMENT ON COLUMN fleet.training_epochs.learning_rate IS 'Learning rate of the epoch (no unit).';
COMMENT ON COLUMN fleet.training_epochs.seconds IS 'How long it took, seconds.';
COMMENT ON COLUMN fleet.training_epochs.attempt IS 'The attempt that trained it.';
COMMENT ON COLUMN fleet.training_epochs.worker IS 'The trainer process that trained it.';
COMMENT ON COLUMN fleet.training_epochs.at IS 'When it was reported.';

CREATE TABLE fleet.training_checkpoints (
  training   uuid NOT NULL,
  position   integer NOT NULL,
  epochs     integer NOT NULL CHECK (epochs >= 0),
  checkpoint fleet.sha256 NOT NULL,
  attempt    integer NOT NULL,
  worker     text NOT NULL,
  at         timestamptz NOT NULL DEFAULT now(),
  removed_at timestamptz,
  PRIMARY KEY (training, position, epochs, checkpoint),
  FOREIGN KEY (training, position) REFERENCES fleet.training_jobs ON DELETE CASCADE
);
CREATE INDEX training_checkpoints_there ON fleet.training_checkpoints (at) WHERE removed_at IS NULL;
COMMENT ON TABLE fleet.training_checkpoints IS 'Checkpoints that were reported. Those that a later one has made needless are removed from the store.';
COMMENT ON COLUMN fleet.training_checkpoints.training IS 'The training.';
COMMENT ON COLUMN fleet.training_checkpoints.position IS 'The job''s place in it.';
COMMENT ON COLUMN fleet.training_checkpoints.epochs IS 'Epochs behind the checkpoint.';
COMMENT ON COLUMN fleet.training_checkpoints.checkpoint IS 'SHA-256 of the manifest of the fold''s folder.';
COMMENT ON COLUMN fleet.training_checkpoints.attempt IS 'The attempt that made it.';
COMMENT ON COLUMN fleet.training_checkpoints.worker IS 'The trainer process that made it.';
COMMENT ON COLUMN fleet.training_checkpoints.at IS 'When it was reported.';
COMMENT ON COLUMN fleet.training_checkpoints.removed_at IS 'When it was removed from the store; null while it is there.';

--------------------------------------------------------------------------------------------------------- for analysts

-- Whoever may read the ledger sees all, others the tenants that they were granted, as with runs.
CREATE VIEW fleet.visible_trainings WITH (security_barrier) AS
  SELECT t.* FROM fleet.trainings t
  WHERE (SELECT has_table_privilege('fleet.runs'::regclass, 'SELECT')
                OR EXISTS (SELECT FROM fleet.analyst_tenants a WHERE a.login = current_user AND a.tenant = '*'))
     OR t.tenant = ANY (ARRAY(SELECT a.tenant FROM fleet.analyst_tenants a WHERE a.login = current_user));
COMMENT ON VIEW fleet.visible_trainings IS 'The trainings of the tenants that the current role may see: what the views for analysts are made from.';
DO $$
DECLARE
  name text;
  comment text;
BEGIN
  FOR name, comment IN
    SELECT a.attname, col_description(a.attrelid, a.attnum) FROM pg_attribute a
    WHERE a.attrelid = 'fleet.trainings'::regclass AND a.attnum > 0 AND NOT a.attisdropped
  LOOP
    EXECUTE format('COMMENT ON COLUMN fleet.visible_trainings.%I IS %L', name, comment);
  END LOOP;
END $$;

CREATE VIEW analytics.training_jobs WITH (security_barrier) AS
  SELECT t.id AS training, t.tenant, t.task, t.model_name AS model, t.state AS training_state, j.position, j.kind, j.configuration, j.fold, j.state,
         j.epochs, (t.spec->>'epochs')::integer AS planned_epochs, j.attempt AS attempts, j.worker, t.submitted_at, j.started_at, j.finished_at,
         extract(epoch FROM j.finished_at - j.started_at)::double precision AS processing_seconds, j.checkpoint_epochs,
         j.checkpoint AS checkpoint_sha256, j.result AS result_sha256, j.failure_kind, j.failure_reason
  FROM fleet.visible_trainings t JOIN fleet.training_jobs j ON j.training = t.id;
COMMENT ON VIEW analytics.training_jobs IS 'Trainings, one row for each configuration and fold, and one for the choice among them.';
COMMENT ON COLUMN analytics.training_jobs.training IS 'The training.';
COMMENT ON COLUMN analytics.training_jobs.tenant IS 'For whom it is trained.';
COMMENT ON COLUMN analytics.training_jobs.task IS 'nnU-Net''s name of the task.';
COMMENT ON COLUMN analytics.training_jobs.model IS 'The name that the best configuration is registered under.';
COMMENT ON COLUMN analytics.training_jobs.training_state IS 'State of the training: running, completed, failed or cancelled.';
COMMENT ON COLUMN analytics.training_jobs.position IS 'The job''s place in the training, from 0.';
COMMENT ON COLUMN analytics.training_jobs.kind IS 'fold, or selection.';
COMMENT ON COLUMN analytics.training_jobs.configuration IS '2d, 3d_lowres, 3d_fullres or 3d_cascade_fullres; null for the selection.';
COMMENT ON COLUMN analytics.training_jobs.fold IS 'Fold of the cross-validation, from 0; null for the selection.';
COMMENT ON COLUMN analytics.training_jobs.state IS 'State of the job: waiting, ready, queued, running, done, failed, skipped or cancelled.';
COMMENT ON COLUMN analytics.training_jobs.epochs IS 'Epochs that are trained.';
COMMENT ON COLUMN analytics.training_jobs.planned_epochs IS 'Epochs that there will be.';
COMMENT ON COLUMN analytics.training_jobs.attempts IS 'How often it was handed to a trainer.';
COMMENT ON COLUMN analytics.training_jobs.worker IS 'The trainer process that has it, or had it last.';
COMMENT ON COLUMN analytics.training_jobs.submitted_at IS 'When the training was submitted.';
COMMENT ON COLUMN analytics.training_jobs.started_at IS 'When the job was begun first.';
COMMENT ON COLUMN analytics.training_jobs.finished_at IS 'When the job was over.';
COMMENT ON COLUMN analytics.training_jobs.processing_seconds IS 'From its first beginning to its end, seconds.';
COMMENT ON COLUMN analytics.training_jobs.checkpoint_epochs IS 'Epochs behind the last checkpoint.';
COMMENT ON COLUMN analytics.training_jobs.checkpoint_sha256 IS 'SHA-256 of the manifest of that checkpoint.';
COMMENT ON COLUMN analytics.training_jobs.result_sha256 IS 'SHA-256 of the manifest of the finished fold''s folder, or of the document of the choice.';
COMMENT ON COLUMN analytics.training_jobs.failure_kind IS 'Why it failed: transient, poison, invalid, corrupt or out_of_memory.';
COMMENT ON COLUMN analytics.training_jobs.failure_reason IS 'The same as a sentence.';

CREATE VIEW analytics.training_curves WITH (security_barrier) AS
  SELECT t.id AS training, t.tenant, t.task, t.model_name AS model, j.configuration, j.fold, e.epoch, e.training_loss, e.validation_loss, e.dice,
         e.learning_rate, e.seconds, e.attempt, e.worker, e.at AS reported_at
  FROM fleet.visible_trainings t
  JOIN fleet.training_jobs j ON j.training = t.id
  JOIN fleet.training_epochs e ON e.training = j.training AND e.position = j.position;
COMMENT ON VIEW analytics.training_curves IS 'Losses and Dice of trainings by epoch.';
COMMENT ON COLUMN analytics.training_curves.training IS 'The training.';
COMMENT ON COLUMN analytics.training_curves.tenant IS 'For whom it is trained.';
COMMENT ON COLUMN analytics.training_curves.task IS 'nnU-Net''s name of the task.';
COMMENT ON COLUMN analytics.training_curves.model IS 'The name that the best configuration is registered under.';
COMMENT ON COLUMN analytics.training_curves.configuration IS '2d, 3d_lowres, 3d_fullres or 3d_cascade_fullres.';
COMMENT ON COLUMN analytics.training_curves.fold IS 'Fold of the cross-validation, from 0.';
COMMENT ON COLUMN analytics.training_curves.epoch IS 'The epoch, from 0.';
COMMENT ON COLUMN analytics.training_curves.training_loss IS 'Mean loss of the training batches (cross-entropy minus soft Dice, no unit).';
COMMENT ON COLUMN analytics.training_curves.validation_loss IS 'Mean loss of the validation batches (no unit).';
COMMENT ON COLUMN analytics.training_curves.dice IS 'Mean Dice of the foreground classes in the validation''s patches, 0 to 1; null where none occurred.';
COMMENT ON COLUMN analytics.training_curves.learning_rate IS 'Learning rate of the epoch (no unit).';
COMMENT ON COLUMN analytics.training_curves.seconds IS 'How long the epoch took, seconds.';
COMMENT ON COLUMN analytics.training_curves.attempt IS 'The attempt of the job that trained it: more than 1 after a loss or a failure.';
COMMENT ON COLUMN analytics.training_curves.worker IS 'The trainer process that trained it.';
COMMENT ON COLUMN analytics.training_curves.reported_at IS 'When it was reported.';

-- What only a migration changes: the service is given new tables by default.
DO $$
DECLARE
  service record;
BEGIN
  FOR service IN
    SELECT DISTINCT x.grantee::regrole AS role
    FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) x
    WHERE c.oid = 'fleet.training_job_transitions'::regclass AND x.grantee NOT IN (0, c.relowner) AND x.privilege_type = 'INSERT'
  LOOP
    EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON fleet.training_job_transitions FROM %s', service.role);
  END LOOP;
END $$;
