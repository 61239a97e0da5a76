-- Everything that made the result of a run, by digest.
--
-- Parameter run (default newest): the run's identifier; newest takes the last one of this month that found labels.
SELECT p.*
FROM analytics.provenance p
WHERE p.run = CASE WHEN :'run' = 'newest'
              THEN (SELECT v.run FROM analytics.label_volumes v WHERE v.finished_at >= now() - interval '31 days' ORDER BY v.finished_at DESC LIMIT 1)
              ELSE nullif(:'run', 'newest')::uuid END;
