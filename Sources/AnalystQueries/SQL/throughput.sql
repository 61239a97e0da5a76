-- Runs that ended in each hour, with their tiles and turnaround.
--
-- Parameter days (default 7): how far back, in days.
SELECT hour, sum(completed) AS completed, sum(failed) AS failed, sum(cancelled) AS cancelled, sum(tiles) AS tiles,
       round(sum(infer_seconds)::numeric) AS infer_seconds,
       round((sum(mean_turnaround_seconds * completed) / nullif(sum(completed), 0))::numeric, 1) AS mean_turnaround_seconds,
       round(max(max_turnaround_seconds)::numeric, 1) AS max_turnaround_seconds
FROM analytics.throughput_hourly
WHERE hour >= now() - make_interval(days => :'days'::integer)
GROUP BY hour
ORDER BY hour;
