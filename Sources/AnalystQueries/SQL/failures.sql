-- Runs that failed, by day, model and kind, with the commonest reason.
--
-- Parameter days (default 90): how far back, in days.
SELECT day, tenant, model, kind, runs, commonest_reason, last_at
FROM analytics.run_failures_by_class
WHERE last_at >= now() - make_interval(days => :'days'::integer)
ORDER BY day DESC, runs DESC, tenant, model, kind;
