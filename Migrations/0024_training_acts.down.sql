-- Takes step 24 (training acts) back.

ALTER TABLE fleet.training_jobs DROP COLUMN final_seconds;
DROP VIEW analytics.training_acts;
DROP TABLE fleet.training_acts;
