-- Mean volume of labels by week and model version.
--
-- One line for each week (its Monday, UTC), model version and label, of the ledger as it is. The version of a model is the SHA-256 of its
-- manifest; twelve digits tell versions apart. Absent labels count with their volume, 0 mL.
--
-- Parameter label (default grey): what the label is called.
-- Parameter days (default 365): how far back, in days.
SELECT date_trunc('week', finished_at AT TIME ZONE 'UTC')::date AS week, model, left(model_sha256, 12) AS version, label_name,
       count(*) AS runs, round(avg(volume_ml)::numeric, 2) AS mean_ml, round(stddev_samp(volume_ml)::numeric, 2) AS sd_ml,
       count(*) FILTER (WHERE touches_border) AS touching_border
FROM analytics.label_volumes
WHERE label_name = :'label' AND finished_at >= now() - make_interval(days => :'days'::integer)
GROUP BY 1, 2, 3, 4
ORDER BY 1, 2, 3, 4;
