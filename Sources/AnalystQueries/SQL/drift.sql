-- Weekly mean volume and confidence of each model version and label, with their change.
--
-- From sums that are refreshed every ten minutes. A jump in confidence or volume between two weeks of one version is a change of the images,
-- between two versions perhaps one of the model.
--
-- Parameter weeks (default 12): how far back, in weeks.
SELECT week, tenant, model, left(model_sha256, 12) AS version, label_name, runs, round(mean_volume_ml::numeric, 2) AS mean_ml,
       round(volume_change_ml::numeric, 2) AS change_ml, round(mean_confidence::numeric, 4) AS confidence,
       round(confidence_change::numeric, 4) AS confidence_change
FROM analytics.model_drift_weekly
WHERE week >= (now() AT TIME ZONE 'UTC')::date - 7 * :'weeks'::integer
ORDER BY model, version, label_name, tenant, week;
