-- What runs have cost, by month, tenant and model, in CPU seconds.
--
-- From sums that are refreshed every ten minutes. Steps outside workers (reading, preprocessing, stitching, export) are counted by the clock.
SELECT date_trunc('month', day)::date AS month, tenant, model, sum(runs) AS runs, sum(tiles) AS tiles, round(sum(cpu_seconds)::numeric) AS cpu_seconds,
       round(sum(infer_seconds)::numeric) AS infer_seconds, round(sum(step_seconds)::numeric) AS step_seconds,
       round((sum(cpu_seconds) / nullif(sum(completed), 0))::numeric, 1) AS cpu_seconds_per_result
FROM analytics.cost_by_tenant
GROUP BY 1, 2, 3
ORDER BY 1, 2, 3;
