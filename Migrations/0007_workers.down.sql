-- Takes step 7 (workers) back.

DROP VIEW analytics.workers;
DROP TABLE fleet.workers;
