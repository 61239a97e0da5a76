-- The labels of which the network was least certain.
--
-- Parameter days (default 30): how far back, in days.
-- Parameter count (default 20): how many.
SELECT run, model, label_name, round(mean_confidence::numeric, 4) AS confidence, round(mean_entropy::numeric, 4) AS entropy_nats,
       round(volume_ml::numeric, 2) AS volume_ml, components, touches_border, finished_at
FROM analytics.label_statistics
WHERE mean_confidence IS NOT NULL AND finished_at >= now() - make_interval(days => :'days'::integer)
ORDER BY mean_confidence, run, label
LIMIT :'count'::integer;
