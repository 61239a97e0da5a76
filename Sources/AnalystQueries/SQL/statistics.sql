-- All that was measured of the labels of a run.
--
-- Parameter run (default newest): the run's identifier; newest takes the last one of this month.
SELECT s.*
FROM analytics.label_statistics s
WHERE s.run = CASE WHEN :'run' = 'newest'
              THEN (SELECT v.run FROM analytics.label_volumes v WHERE v.finished_at >= now() - interval '31 days' ORDER BY v.finished_at DESC LIMIT 1)
              ELSE nullif(:'run', 'newest')::uuid END
ORDER BY s.label;
