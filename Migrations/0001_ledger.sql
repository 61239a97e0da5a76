-- The ledger: the truth about models, runs, tiles and results. Times are timestamptz, durations double precision seconds,
-- volumes millilitres, digests SHA-256 as 64 lower-case hexadecimal digits. Nothing here names a patient.

CREATE DOMAIN fleet.sha256 AS text CHECK (VALUE ~ '^[0-9a-f]{64}$');
COMMENT ON DOMAIN fleet.sha256 IS 'A SHA-256 digest, 64 lower-case hexadecimal digits.';

------------------------------------------------------------------------------------------------------------ models

CREATE TABLE fleet.models (
  digest        fleet.sha256 PRIMARY KEY,
  name          text NOT NULL CHECK (name <> ''),
  configuration text NOT NULL,
  trainer       text NOT NULL,
  channels      integer NOT NULL CHECK (channels > 0),
  registered_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE fleet.models IS 'Trained models, by the digest of their manifest; never changed.';
COMMENT ON COLUMN fleet.models.digest IS 'SHA-256 of the manifest, a blob that lists the model''s files and their digests.';
COMMENT ON COLUMN fleet.models.name IS 'The name under which it was registered first.';
COMMENT ON COLUMN fleet.models.configuration IS 'nnU-Net''s configuration, such as 3d_fullres.';
COMMENT ON COLUMN fleet.models.trainer IS 'nnU-Net''s trainer class.';
COMMENT ON COLUMN fleet.models.channels IS 'Image channels that a study must bring.';
COMMENT ON COLUMN fleet.models.registered_at IS 'When it was registered first.';

CREATE TABLE fleet.model_labels (
  model fleet.sha256 NOT NULL REFERENCES fleet.models ON DELETE CASCADE,
  label integer NOT NULL CHECK (label > 0),
  name  text NOT NULL,
  PRIMARY KEY (model, label)
);
COMMENT ON TABLE fleet.model_labels IS 'What a model finds, without the background.';
COMMENT ON COLUMN fleet.model_labels.model IS 'The model''s digest.';
COMMENT ON COLUMN fleet.model_labels.label IS 'The value of the label''s voxels in the label map.';
COMMENT ON COLUMN fleet.model_labels.name IS 'What the label is called.';

CREATE TABLE fleet.model_names (
  name        text PRIMARY KEY CHECK (name <> ''),
  model       fleet.sha256 NOT NULL REFERENCES fleet.models,
  assigned_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX model_names_model ON fleet.model_names (model, assigned_at);
COMMENT ON TABLE fleet.model_names IS 'Which model a name means at present.';
COMMENT ON COLUMN fleet.model_names.name IS 'What `tessera submit --model` says.';
COMMENT ON COLUMN fleet.model_names.model IS 'The model''s digest.';
COMMENT ON COLUMN fleet.model_names.assigned_at IS 'Since when the name means this model.';

-------------------------------------------------------------------------------------------------------------- runs

CREATE TABLE fleet.runs (
  id               uuid PRIMARY KEY,
  model            fleet.sha256 NOT NULL REFERENCES fleet.models,
  model_name       text NOT NULL,
  options          jsonb NOT NULL,
  request_digest   fleet.sha256 NOT NULL,
  idempotency_key  text UNIQUE,
  state            text NOT NULL DEFAULT 'submitted'
                   CHECK (state IN ('submitted', 'preparing', 'predicting', 'stitching', 'completed', 'failed')),
  epoch            integer NOT NULL DEFAULT 0 CHECK (epoch >= 0),
  owner            text,
  lease_until      timestamptz,
  submitted_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
  started_at       timestamptz,
  finished_at      timestamptz,
  failure_kind     text CHECK (failure_kind IN ('transient', 'poison', 'invalid', 'corrupt')),
  failure_reason   text,
  label_map        fleet.sha256,
  label_voxels     fleet.sha256,
  probabilities    fleet.sha256,
  properties       fleet.sha256,
  engine           text,
  software_version text,
  CONSTRAINT runs_claim CHECK ((owner IS NULL) = (lease_until IS NULL)),
  CONSTRAINT runs_claimed_while_worked_on CHECK (owner IS NULL OR state IN ('preparing', 'stitching')),
  CONSTRAINT runs_preparing_is_claimed CHECK (state <> 'preparing' OR owner IS NOT NULL),
  CONSTRAINT runs_started CHECK (state = 'submitted' OR started_at IS NOT NULL),
  CONSTRAINT runs_finished CHECK ((state IN ('completed', 'failed')) = (finished_at IS NOT NULL)),
  CONSTRAINT runs_failure CHECK (
    (state = 'failed') = (failure_kind IS NOT NULL) AND (failure_kind IS NULL) = (failure_reason IS NULL)),
  CONSTRAINT runs_result CHECK (
    (state = 'completed') = (label_map IS NOT NULL)
    AND (label_map IS NULL) = (label_voxels IS NULL)
    AND (label_map IS NULL) = (engine IS NULL)
    AND (label_map IS NULL) = (software_version IS NULL)
    AND (label_map IS NOT NULL OR (probabilities IS NULL AND properties IS NULL)))
) WITH (fillfactor = 70); -- updated often: leaves room for new row versions on the same page
-- What dispatchers and aggregators ask for all the time; runs that are over aren't in it.
CREATE INDEX runs_live ON fleet.runs (state, submitted_at, id) WHERE state NOT IN ('completed', 'failed');
CREATE INDEX runs_newest ON fleet.runs (submitted_at DESC, id DESC);
COMMENT ON TABLE fleet.runs IS 'One study, segmented by one model.';
COMMENT ON COLUMN fleet.runs.id IS 'A version 7 UUID: sorts by time of making.';
COMMENT ON COLUMN fleet.runs.model IS 'The model''s digest.';
COMMENT ON COLUMN fleet.runs.model_name IS 'What the model was called when the run was submitted.';
COMMENT ON COLUMN fleet.runs.options IS 'How the model is applied: folds, mirroring, stepSize (share of the patch), savesProbabilities.';
COMMENT ON COLUMN fleet.runs.request_digest IS 'SHA-256 of what was asked for: images, model, options.';
COMMENT ON COLUMN fleet.runs.idempotency_key IS 'The caller''s key: one key, one run.';
COMMENT ON COLUMN fleet.runs.state IS 'submitted, preparing, predicting, stitching, completed or failed.';
COMMENT ON COLUMN fleet.runs.epoch IS 'Grows with each claim; whoever writes with an older one is refused.';
COMMENT ON COLUMN fleet.runs.owner IS 'The process that works on the run, or null.';
COMMENT ON COLUMN fleet.runs.lease_until IS 'When the owner''s claim may pass to another process.';
COMMENT ON COLUMN fleet.runs.submitted_at IS 'When the run was submitted.';
COMMENT ON COLUMN fleet.runs.started_at IS 'When a dispatcher claimed it first.';
COMMENT ON COLUMN fleet.runs.finished_at IS 'When it was completed or failed.';
COMMENT ON COLUMN fleet.runs.failure_kind IS 'Why it failed: transient, poison, invalid or corrupt.';
COMMENT ON COLUMN fleet.runs.failure_reason IS 'Why it failed, as a sentence.';
COMMENT ON COLUMN fleet.runs.label_map IS 'SHA-256 of the label map (.nii.gz) in the blob store.';
COMMENT ON COLUMN fleet.runs.label_voxels IS 'SHA-256 of the label map''s voxels, uint8 [z, y, x]: the same for any number of workers.';
COMMENT ON COLUMN fleet.runs.probabilities IS 'SHA-256 of nnU-Net''s .npz, where asked for.';
COMMENT ON COLUMN fleet.runs.properties IS 'SHA-256 of nnU-Net''s .pkl, where asked for.';
COMMENT ON COLUMN fleet.runs.engine IS 'Engine and instruction set that predicted the tiles; several are joined by commas.';
COMMENT ON COLUMN fleet.runs.software_version IS 'The version of Tessera that completed the run.';

CREATE TABLE fleet.run_inputs (
  run     uuid NOT NULL REFERENCES fleet.runs ON DELETE CASCADE,
  channel integer NOT NULL CHECK (channel >= 0),
  image   fleet.sha256 NOT NULL,
  PRIMARY KEY (run, channel)
);
COMMENT ON TABLE fleet.run_inputs IS 'The images of a run.';
COMMENT ON COLUMN fleet.run_inputs.run IS 'The run.';
COMMENT ON COLUMN fleet.run_inputs.channel IS 'The model''s input channel, from 0.';
COMMENT ON COLUMN fleet.run_inputs.image IS 'SHA-256 of the image file (NIfTI) in the blob store.';

-- The only way of a run's state. An attempt to leave it is a bug of ours, and is refused.
CREATE TABLE fleet.run_transitions (
  from_state text NOT NULL,
  to_state   text NOT NULL,
  PRIMARY KEY (from_state, to_state)
);
INSERT INTO fleet.run_transitions VALUES
  ('submitted', 'preparing'), ('preparing', 'submitted'), ('preparing', 'predicting'), ('predicting', 'stitching'),
  ('stitching', 'completed'), ('submitted', 'failed'), ('preparing', 'failed'), ('predicting', 'failed'),
  ('stitching', 'failed');
COMMENT ON TABLE fleet.run_transitions IS 'The changes of state that a run may undergo.';
COMMENT ON COLUMN fleet.run_transitions.from_state IS 'The state before.';
COMMENT ON COLUMN fleet.run_transitions.to_state IS 'The state after.';

CREATE TABLE fleet.run_events (
  id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  run   uuid NOT NULL REFERENCES fleet.runs ON DELETE CASCADE,
  state text NOT NULL,
  epoch integer NOT NULL,
  owner text,
  at    timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX run_events_run ON fleet.run_events (run, id);
COMMENT ON TABLE fleet.run_events IS 'Each run''s way through its states and claims; only added to.';
COMMENT ON COLUMN fleet.run_events.id IS 'Grows with time.';
COMMENT ON COLUMN fleet.run_events.run IS 'The run.';
COMMENT ON COLUMN fleet.run_events.state IS 'The state that it came into, or was claimed in.';
COMMENT ON COLUMN fleet.run_events.epoch IS 'The epoch from then on.';
COMMENT ON COLUMN fleet.run_events.owner IS 'The process that holds it from then on, or null.';
COMMENT ON COLUMN fleet.run_events.at IS 'When.';

CREATE FUNCTION fleet.guard_run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.state <> OLD.state AND NOT EXISTS (
    SELECT FROM fleet.run_transitions t WHERE t.from_state = OLD.state AND t.to_state = NEW.state)
  THEN
    RAISE EXCEPTION 'run % may not go from % to %', OLD.id, OLD.state, NEW.state USING ERRCODE = 'check_violation';
  END IF;
  IF OLD.state IN ('completed', 'failed') THEN
    RAISE EXCEPTION 'run % is over and may not be changed', OLD.id USING ERRCODE = 'check_violation';
  END IF;
  IF NEW.epoch < OLD.epoch THEN
    RAISE EXCEPTION 'the epoch of run % may not go back from % to %', OLD.id, OLD.epoch, NEW.epoch
      USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER guard_run BEFORE UPDATE ON fleet.runs FOR EACH ROW EXECUTE FUNCTION fleet.guard_run();

CREATE FUNCTION fleet.note_run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO fleet.run_events (run, state, epoch, owner) VALUES (NEW.id, NEW.state, NEW.epoch, NEW.owner);
  RETURN NULL;
END $$;
CREATE TRIGGER note_new_run AFTER INSERT ON fleet.runs FOR EACH ROW EXECUTE FUNCTION fleet.note_run();
CREATE TRIGGER note_run AFTER UPDATE ON fleet.runs FOR EACH ROW
  WHEN ((OLD.state, OLD.epoch, OLD.owner) IS DISTINCT FROM (NEW.state, NEW.epoch, NEW.owner))
  EXECUTE FUNCTION fleet.note_run();

--------------------------------------------------------------------------------------------------- passes and tiles

CREATE TABLE fleet.passes (
  id         uuid PRIMARY KEY,
  run        uuid NOT NULL REFERENCES fleet.runs ON DELETE CASCADE,
  epoch      integer NOT NULL,
  document   fleet.sha256 NOT NULL,
  tiles      integer NOT NULL CHECK (tiles >= 0),
  planned_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX passes_run ON fleet.passes (run);
COMMENT ON TABLE fleet.passes IS 'The way of one model configuration through a run.';
COMMENT ON COLUMN fleet.passes.id IS 'A version 7 UUID.';
COMMENT ON COLUMN fleet.passes.run IS 'The run.';
COMMENT ON COLUMN fleet.passes.epoch IS 'The run''s epoch when it was planned; tile results of another one are refused.';
COMMENT ON COLUMN fleet.passes.document IS 'SHA-256 of the blob that says what to compute: model, options, volume, tile plan.';
COMMENT ON COLUMN fleet.passes.tiles IS 'Planned tiles.';
COMMENT ON COLUMN fleet.passes.planned_at IS 'When the tiles were planned.';

CREATE TABLE fleet.tiles (
  pass         uuid NOT NULL REFERENCES fleet.passes ON DELETE CASCADE,
  tile         integer NOT NULL CHECK (tile >= 0),
  state        text NOT NULL DEFAULT 'planned' CHECK (state IN ('planned', 'queued', 'done', 'dead')),
  attempts     integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
  not_before   timestamptz NOT NULL DEFAULT now(),
  queued_at    timestamptz,
  published_at timestamptz,
  PRIMARY KEY (pass, tile),
  CONSTRAINT tiles_queued CHECK (state <> 'queued' OR (attempts > 0 AND queued_at IS NOT NULL)),
  CONSTRAINT tiles_published CHECK (published_at IS NULL OR state <> 'planned')
) WITH (fillfactor = 70);
CREATE INDEX tiles_backlog ON fleet.tiles (pass, tile) WHERE state = 'planned';
CREATE INDEX tiles_queued ON fleet.tiles (published_at) WHERE state = 'queued';
CREATE INDEX tiles_unfinished ON fleet.tiles (pass) WHERE state <> 'done';
COMMENT ON TABLE fleet.tiles IS 'A patch''s place in the grid of a pass, and how far it has come.';
COMMENT ON COLUMN fleet.tiles.pass IS 'The pass.';
COMMENT ON COLUMN fleet.tiles.tile IS 'The place in plan order, from 0.';
COMMENT ON COLUMN fleet.tiles.state IS 'planned (in the backlog), queued (in the outbox, at the broker, or with a worker), done or dead.';
COMMENT ON COLUMN fleet.tiles.attempts IS 'Jobs made for the tile so far.';
COMMENT ON COLUMN fleet.tiles.not_before IS 'When it may be queued again.';
COMMENT ON COLUMN fleet.tiles.queued_at IS 'When its last job was put into the outbox.';
COMMENT ON COLUMN fleet.tiles.published_at IS 'When the broker confirmed its last job.';

CREATE TABLE fleet.tile_results (
  pass          uuid NOT NULL,
  tile          integer NOT NULL,
  probabilities fleet.sha256 NOT NULL,
  bytes         bigint NOT NULL CHECK (bytes >= 0),
  attempt       integer NOT NULL,
  worker        text NOT NULL,
  engine        text NOT NULL,
  fetch_seconds double precision NOT NULL,
  infer_seconds double precision NOT NULL,
  put_seconds   double precision NOT NULL,
  accepted_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (pass, tile),
  FOREIGN KEY (pass, tile) REFERENCES fleet.tiles ON DELETE CASCADE
);
COMMENT ON TABLE fleet.tile_results IS 'The accepted result of each tile: the first one, for good.';
COMMENT ON COLUMN fleet.tile_results.pass IS 'The pass.';
COMMENT ON COLUMN fleet.tile_results.tile IS 'The place in plan order, from 0.';
COMMENT ON COLUMN fleet.tile_results.probabilities IS 'SHA-256 of the un-weighted mean probabilities, float32 [class, z, y, x], in the blob store.';
COMMENT ON COLUMN fleet.tile_results.bytes IS 'Size of the probabilities, in bytes.';
COMMENT ON COLUMN fleet.tile_results.attempt IS 'The attempt that they come from.';
COMMENT ON COLUMN fleet.tile_results.worker IS 'The worker process that computed them.';
COMMENT ON COLUMN fleet.tile_results.engine IS 'Engine and instruction set.';
COMMENT ON COLUMN fleet.tile_results.fetch_seconds IS 'Seconds for getting model and volume.';
COMMENT ON COLUMN fleet.tile_results.infer_seconds IS 'Seconds in the network, all folds and mirrorings.';
COMMENT ON COLUMN fleet.tile_results.put_seconds IS 'Seconds for storing the probabilities.';
COMMENT ON COLUMN fleet.tile_results.accepted_at IS 'When the ledger took the result.';

CREATE TABLE fleet.tile_failures (
  pass    uuid NOT NULL,
  tile    integer NOT NULL,
  attempt integer NOT NULL,
  kind    text NOT NULL CHECK (kind IN ('transient', 'poison', 'invalid', 'corrupt')),
  reason  text NOT NULL,
  worker  text NOT NULL,
  at      timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (pass, tile, attempt),
  FOREIGN KEY (pass, tile) REFERENCES fleet.tiles ON DELETE CASCADE
);
COMMENT ON TABLE fleet.tile_failures IS 'Attempts that failed, each once.';
COMMENT ON COLUMN fleet.tile_failures.pass IS 'The pass.';
COMMENT ON COLUMN fleet.tile_failures.tile IS 'The place in plan order, from 0.';
COMMENT ON COLUMN fleet.tile_failures.attempt IS 'The attempt, from 1.';
COMMENT ON COLUMN fleet.tile_failures.kind IS 'transient, poison, invalid or corrupt.';
COMMENT ON COLUMN fleet.tile_failures.reason IS 'Why, as a sentence.';
COMMENT ON COLUMN fleet.tile_failures.worker IS 'The worker process that failed.';
COMMENT ON COLUMN fleet.tile_failures.at IS 'When the ledger heard of it.';

CREATE TABLE fleet.digest_conflicts (
  pass          uuid NOT NULL,
  tile          integer NOT NULL,
  probabilities fleet.sha256 NOT NULL,
  worker        text NOT NULL,
  engine        text NOT NULL,
  at            timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (pass, tile, probabilities),
  FOREIGN KEY (pass, tile) REFERENCES fleet.tiles ON DELETE CASCADE
);
COMMENT ON TABLE fleet.digest_conflicts IS 'Results that differ from the accepted one: a broken processor or memory, or a mix of engines. An alarm.';
COMMENT ON COLUMN fleet.digest_conflicts.pass IS 'The pass.';
COMMENT ON COLUMN fleet.digest_conflicts.tile IS 'The place in plan order, from 0.';
COMMENT ON COLUMN fleet.digest_conflicts.probabilities IS 'SHA-256 of the refused probabilities.';
COMMENT ON COLUMN fleet.digest_conflicts.worker IS 'The worker process that computed them.';
COMMENT ON COLUMN fleet.digest_conflicts.engine IS 'Its engine and instruction set.';
COMMENT ON COLUMN fleet.digest_conflicts.at IS 'When the ledger saw them first.';

CREATE TABLE fleet.outbox (
  id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  pass          uuid NOT NULL,
  tile          integer NOT NULL,
  queue         text NOT NULL,
  message_id    text NOT NULL,
  message_type  text NOT NULL,
  body          text NOT NULL CHECK (octet_length(body) <= 2048),
  created_at    timestamptz NOT NULL DEFAULT now(),
  claimed_until timestamptz,
  UNIQUE (pass, tile), -- at most one job of a tile is on its way
  FOREIGN KEY (pass, tile) REFERENCES fleet.tiles ON DELETE CASCADE
);
COMMENT ON TABLE fleet.outbox IS 'Messages that wait to be published; removed when the broker has confirmed them.';
COMMENT ON COLUMN fleet.outbox.id IS 'The order of publishing.';
COMMENT ON COLUMN fleet.outbox.pass IS 'The pass.';
COMMENT ON COLUMN fleet.outbox.tile IS 'The tile that the message is about, in plan order.';
COMMENT ON COLUMN fleet.outbox.queue IS 'The queue that it goes to.';
COMMENT ON COLUMN fleet.outbox.message_id IS 'The message''s identifier, the same when it is published again.';
COMMENT ON COLUMN fleet.outbox.message_type IS 'The schema of the body.';
COMMENT ON COLUMN fleet.outbox.body IS 'JSON of at most 2048 bytes.';
COMMENT ON COLUMN fleet.outbox.created_at IS 'When it was put here.';
COMMENT ON COLUMN fleet.outbox.claimed_until IS 'Until when a relay has it in hand.';

----------------------------------------------------------------------------------------------------------- results

CREATE TABLE fleet.label_statistics (
  run       uuid NOT NULL REFERENCES fleet.runs ON DELETE CASCADE,
  label     integer NOT NULL CHECK (label > 0),
  name      text NOT NULL,
  voxels    bigint NOT NULL CHECK (voxels >= 0),
  volume_ml double precision NOT NULL CHECK (volume_ml >= 0),
  PRIMARY KEY (run, label)
);
CREATE INDEX label_statistics_label ON fleet.label_statistics (label, run) INCLUDE (volume_ml);
COMMENT ON TABLE fleet.label_statistics IS 'What a completed run has measured, one row for each label but the background, also for absent ones (0).';
COMMENT ON COLUMN fleet.label_statistics.run IS 'The run.';
COMMENT ON COLUMN fleet.label_statistics.label IS 'The value of the label''s voxels in the label map.';
COMMENT ON COLUMN fleet.label_statistics.name IS 'What the label is called.';
COMMENT ON COLUMN fleet.label_statistics.voxels IS 'Voxels of the label, in the input''s grid.';
COMMENT ON COLUMN fleet.label_statistics.volume_ml IS 'Volume of the label, in millilitres.';

CREATE TABLE fleet.step_timings (
  run      uuid NOT NULL REFERENCES fleet.runs ON DELETE CASCADE,
  position integer NOT NULL CHECK (position >= 0),
  step     text NOT NULL,
  seconds  double precision NOT NULL CHECK (seconds >= 0),
  PRIMARY KEY (run, position)
);
COMMENT ON TABLE fleet.step_timings IS 'How long the steps of a run took.';
COMMENT ON COLUMN fleet.step_timings.run IS 'The run.';
COMMENT ON COLUMN fleet.step_timings.position IS 'The step''s place in the run''s order, from 0.';
COMMENT ON COLUMN fleet.step_timings.step IS 'read, preprocess, predict, stitch, export and the like.';
COMMENT ON COLUMN fleet.step_timings.seconds IS 'Seconds.';

----------------------------------------------------------------------------------------------------- what must hold

CREATE VIEW fleet.ledger_violations AS
  SELECT 'I2 a tile is done without a result, or has a result without being done' AS invariant,
         p.run, format('pass %s tile %s is %s', t.pass, t.tile, t.state) AS detail
  FROM fleet.tiles t JOIN fleet.passes p ON p.id = t.pass
  LEFT JOIN fleet.tile_results r ON r.pass = t.pass AND r.tile = t.tile
  WHERE (t.state = 'done') <> (r.pass IS NOT NULL)
UNION ALL
  SELECT 'I2 a run has measurements without being completed', s.run, format('label %s', s.label)
  FROM fleet.label_statistics s JOIN fleet.runs r ON r.id = s.run WHERE r.state <> 'completed'
UNION ALL
  SELECT 'I5 planned tiles differ from those in the ledger', p.run, format('pass %s: %s planned, %s found', p.id, p.tiles, count(t.pass))
  FROM fleet.passes p LEFT JOIN fleet.tiles t ON t.pass = p.id GROUP BY p.id HAVING count(t.pass) <> p.tiles
UNION ALL
  SELECT 'I5 a run is stitched or completed though a tile is missing', p.run, format('pass %s tile %s is %s', t.pass, t.tile, t.state)
  FROM fleet.tiles t JOIN fleet.passes p ON p.id = t.pass JOIN fleet.runs r ON r.id = p.run
  WHERE r.state IN ('stitching', 'completed') AND t.state <> 'done'
UNION ALL
  SELECT 'I5 all tiles of a run are in, but nobody may stitch it', r.id, r.state
  FROM fleet.runs r WHERE r.state = 'predicting' AND NOT EXISTS (
    SELECT FROM fleet.passes p JOIN fleet.tiles t ON t.pass = p.id WHERE p.run = r.id AND t.state <> 'done')
UNION ALL
  SELECT 'I5 a tile is dead, but its run goes on', p.run, format('pass %s tile %s', t.pass, t.tile)
  FROM fleet.tiles t JOIN fleet.passes p ON p.id = t.pass JOIN fleet.runs r ON r.id = p.run
  WHERE t.state = 'dead' AND r.state <> 'failed'
UNION ALL
  SELECT 'I5 a queued tile is neither in the outbox nor published', p.run, format('pass %s tile %s', t.pass, t.tile)
  FROM fleet.tiles t JOIN fleet.passes p ON p.id = t.pass JOIN fleet.runs r ON r.id = p.run
  WHERE t.state = 'queued' AND t.published_at IS NULL AND r.state = 'predicting'
    AND NOT EXISTS (SELECT FROM fleet.outbox o WHERE o.pass = t.pass AND o.tile = t.tile)
UNION ALL
  SELECT 'I4 a message of a run that is over waits to be published', p.run, o.message_id
  FROM fleet.outbox o JOIN fleet.passes p ON p.id = o.pass JOIN fleet.runs r ON r.id = p.run WHERE r.state <> 'predicting'
UNION ALL
  SELECT 'I7 a run has gone an illegal way', e.run, format('%s to %s', e.before, e.state)
  FROM (SELECT run, state, lag(state) OVER (PARTITION BY run ORDER BY id) AS before FROM fleet.run_events) e
  WHERE e.before <> e.state
    AND NOT EXISTS (SELECT FROM fleet.run_transitions t WHERE t.from_state = e.before AND t.to_state = e.state);
COMMENT ON VIEW fleet.ledger_violations IS 'Broken promises of the ledger; must be empty at any moment.';
COMMENT ON COLUMN fleet.ledger_violations.invariant IS 'The invariant of the design, and what is wrong.';
COMMENT ON COLUMN fleet.ledger_violations.run IS 'The run.';
COMMENT ON COLUMN fleet.ledger_violations.detail IS 'Where to look.';

--------------------------------------------------------------------------------------------------------- analytics

CREATE VIEW analytics.run_summary AS
  SELECT r.id AS run, r.model_name AS model, r.model AS model_sha256, m.configuration, r.state, r.submitted_at, r.started_at,
         r.finished_at, extract(epoch FROM r.started_at - r.submitted_at)::double precision AS waiting_seconds,
         extract(epoch FROM r.finished_at - r.started_at)::double precision AS processing_seconds,
         t.planned_tiles, t.accepted_tiles, t.dead_tiles, t.attempts AS tile_attempts, t.infer_seconds,
         r.label_map AS label_map_sha256, r.label_voxels AS label_sha256, r.engine, r.software_version, r.options,
         r.failure_kind, r.failure_reason
  FROM fleet.runs r
  JOIN fleet.models m ON m.digest = r.model
  CROSS JOIN LATERAL (
    SELECT count(*) AS planned_tiles, count(*) FILTER (WHERE t.state = 'done') AS accepted_tiles,
           count(*) FILTER (WHERE t.state = 'dead') AS dead_tiles, coalesce(sum(t.attempts), 0) AS attempts,
           coalesce(sum(x.infer_seconds), 0) AS infer_seconds
    FROM fleet.passes p
    JOIN fleet.tiles t ON t.pass = p.id
    LEFT JOIN fleet.tile_results x ON x.pass = t.pass AND x.tile = t.tile
    WHERE p.run = r.id) t;
COMMENT ON VIEW analytics.run_summary IS 'One row for each run: state, times, tiles, digests.';
COMMENT ON COLUMN analytics.run_summary.run IS 'The run.';
COMMENT ON COLUMN analytics.run_summary.model IS 'What the model was called when the run was submitted.';
COMMENT ON COLUMN analytics.run_summary.model_sha256 IS 'SHA-256 of the model''s manifest.';
COMMENT ON COLUMN analytics.run_summary.configuration IS 'nnU-Net''s configuration, such as 3d_fullres.';
COMMENT ON COLUMN analytics.run_summary.state IS 'submitted, preparing, predicting, stitching, completed or failed.';
COMMENT ON COLUMN analytics.run_summary.submitted_at IS 'When the run was submitted.';
COMMENT ON COLUMN analytics.run_summary.started_at IS 'When work on it began.';
COMMENT ON COLUMN analytics.run_summary.finished_at IS 'When it was completed or failed.';
COMMENT ON COLUMN analytics.run_summary.waiting_seconds IS 'Seconds from submission to start.';
COMMENT ON COLUMN analytics.run_summary.processing_seconds IS 'Seconds from start to end.';
COMMENT ON COLUMN analytics.run_summary.planned_tiles IS 'Tiles of all passes.';
COMMENT ON COLUMN analytics.run_summary.accepted_tiles IS 'Tiles with a result.';
COMMENT ON COLUMN analytics.run_summary.dead_tiles IS 'Tiles that were given up.';
COMMENT ON COLUMN analytics.run_summary.tile_attempts IS 'Jobs made for all tiles; equals planned_tiles when nothing went wrong.';
COMMENT ON COLUMN analytics.run_summary.infer_seconds IS 'Seconds that workers spent in the network, summed over the accepted tiles.';
COMMENT ON COLUMN analytics.run_summary.label_map_sha256 IS 'SHA-256 of the label map (.nii.gz) in the blob store.';
COMMENT ON COLUMN analytics.run_summary.label_sha256 IS 'SHA-256 of the label map''s voxels, uint8 [z, y, x]: the same for any number of workers.';
COMMENT ON COLUMN analytics.run_summary.engine IS 'Engine and instruction set that predicted the tiles.';
COMMENT ON COLUMN analytics.run_summary.software_version IS 'The version of Tessera that completed the run.';
COMMENT ON COLUMN analytics.run_summary.options IS 'How the model was applied: folds, mirroring, stepSize (share of the patch), savesProbabilities.';
COMMENT ON COLUMN analytics.run_summary.failure_kind IS 'Why it failed: transient, poison, invalid or corrupt.';
COMMENT ON COLUMN analytics.run_summary.failure_reason IS 'Why it failed, as a sentence.';

CREATE VIEW analytics.label_volumes AS
  SELECT s.run, r.model_name AS model, r.model AS model_sha256, s.label, s.name AS label_name, s.voxels, s.volume_ml, r.submitted_at,
         r.finished_at, r.label_voxels AS label_sha256
  FROM fleet.label_statistics s JOIN fleet.runs r ON r.id = s.run
  WHERE r.state = 'completed';
COMMENT ON VIEW analytics.label_volumes IS 'One row for each completed run and label: voxels and volume.';
COMMENT ON COLUMN analytics.label_volumes.run IS 'The run.';
COMMENT ON COLUMN analytics.label_volumes.model IS 'What the model was called when the run was submitted.';
COMMENT ON COLUMN analytics.label_volumes.model_sha256 IS 'SHA-256 of the model''s manifest.';
COMMENT ON COLUMN analytics.label_volumes.label IS 'The value of the label''s voxels in the label map.';
COMMENT ON COLUMN analytics.label_volumes.label_name IS 'What the label is called.';
COMMENT ON COLUMN analytics.label_volumes.voxels IS 'Voxels of the label, in the input''s grid.';
COMMENT ON COLUMN analytics.label_volumes.volume_ml IS 'Volume of the label, in millilitres.';
COMMENT ON COLUMN analytics.label_volumes.submitted_at IS 'When the run was submitted.';
COMMENT ON COLUMN analytics.label_volumes.finished_at IS 'When it was completed.';
COMMENT ON COLUMN analytics.label_volumes.label_sha256 IS 'SHA-256 of the label map''s voxels, uint8 [z, y, x].';
