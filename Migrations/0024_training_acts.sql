-- Who has cancelled and retried trainings, and when; and what is left to do after a fold's last epoch.

CREATE TABLE fleet.training_acts (
  id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  training uuid NOT NULL REFERENCES fleet.trainings ON DELETE CASCADE,
  act      text NOT NULL CHECK (act IN ('cancel', 'retry')),
  jobs     integer[] NOT NULL CHECK (cardinality(jobs) > 0),
  asked_by text NOT NULL,
  asked_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX training_acts_training ON fleet.training_acts (training, id);
COMMENT ON TABLE fleet.training_acts IS 'What operators have done with trainings. What changed nothing isn''t kept.';
COMMENT ON COLUMN fleet.training_acts.id IS 'Its number, in the order of the acts of a training.';
COMMENT ON COLUMN fleet.training_acts.training IS 'The training.';
COMMENT ON COLUMN fleet.training_acts.act IS 'cancel, or retry: taking up again what has failed or was cancelled.';
COMMENT ON COLUMN fleet.training_acts.jobs IS 'Positions of the jobs that it has ended or taken up again.';
COMMENT ON COLUMN fleet.training_acts.asked_by IS 'Who asked for it: a login''s name, over HTTP the token''s.';
COMMENT ON COLUMN fleet.training_acts.asked_at IS 'When it was asked for.';

CREATE VIEW analytics.training_acts WITH (security_barrier) AS
  SELECT t.id AS training, t.tenant, t.task, t.model_name AS model, a.act, a.jobs, a.asked_by, a.asked_at
  FROM fleet.visible_trainings t JOIN fleet.training_acts a ON a.training = t.id;
COMMENT ON VIEW analytics.training_acts IS 'Trainings that were cancelled and taken up again, and by whom.';
COMMENT ON COLUMN analytics.training_acts.training IS 'The training.';
COMMENT ON COLUMN analytics.training_acts.tenant IS 'For whom it is trained.';
COMMENT ON COLUMN analytics.training_acts.task IS 'nnU-Net''s name of the task.';
COMMENT ON COLUMN analytics.training_acts.model IS 'The name that the best configuration is registered under.';
COMMENT ON COLUMN analytics.training_acts.act IS 'cancel, or retry: taking up again what has failed or was cancelled.';
COMMENT ON COLUMN analytics.training_acts.jobs IS 'Places of the jobs that it has ended or taken up again.';
COMMENT ON COLUMN analytics.training_acts.asked_by IS 'Who asked for it: a login''s name, over HTTP the token''s.';
COMMENT ON COLUMN analytics.training_acts.asked_at IS 'When it was asked for.';

ALTER TABLE fleet.training_jobs ADD COLUMN final_seconds double precision CHECK (final_seconds >= 0);
COMMENT ON COLUMN fleet.training_jobs.final_seconds IS
  'How long its trainer expects validation, and predictions for a cascade, to take after the last epoch, seconds; null before the first epoch''s end.';
