-- How long each step takes, by model: median and 95th percentile.
--
-- The step predict is the sum over tiles, which many workers compute beside each other.
--
-- Parameter days (default 14): how far back, in days.
SELECT model, step, count(*) AS runs, round((percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds))::numeric, 2) AS p50_seconds,
       round((percentile_cont(0.95) WITHIN GROUP (ORDER BY seconds))::numeric, 2) AS p95_seconds
FROM analytics.step_timings
WHERE finished_at >= now() - make_interval(days => :'days'::integer)
GROUP BY model, step
ORDER BY model, min(position);
