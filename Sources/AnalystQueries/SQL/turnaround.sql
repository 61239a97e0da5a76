-- Waiting and processing by class and model: median, 95th percentile, deadlines.
--
-- Parameter days (default 30): how far back, in days.
SELECT class, model, count(*) AS runs, round((percentile_cont(0.5) WITHIN GROUP (ORDER BY waiting_seconds))::numeric, 1) AS waiting_p50_seconds,
       round((percentile_cont(0.95) WITHIN GROUP (ORDER BY waiting_seconds))::numeric, 1) AS waiting_p95_seconds,
       round((percentile_cont(0.5) WITHIN GROUP (ORDER BY processing_seconds))::numeric, 1) AS processing_p50_seconds,
       round((percentile_cont(0.95) WITHIN GROUP (ORDER BY processing_seconds))::numeric, 1) AS processing_p95_seconds,
       count(*) FILTER (WHERE met_deadline) AS met_deadline, count(*) FILTER (WHERE NOT met_deadline) AS missed_deadline
FROM analytics.run_summary
WHERE state = 'completed' AND finished_at >= now() - make_interval(days => :'days'::integer)
GROUP BY class, model
ORDER BY class, model;
