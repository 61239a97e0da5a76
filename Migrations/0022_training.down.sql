-- Takes step 22 (training) back.

DROP VIEW analytics.training_curves, analytics.training_jobs, fleet.visible_trainings;
DROP TABLE fleet.training_checkpoints, fleet.training_epochs, fleet.training_job_transitions, fleet.training_jobs, fleet.trainings;
DROP FUNCTION fleet.guard_training_job();
DROP FUNCTION fleet.guard_training();
