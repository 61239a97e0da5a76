-- How well runs agree with their references, by model version and label.
--
-- References are compared with `tessera compare`. Means leave out what has no value, such as a distance to an absent label.
SELECT model, left(model_sha256, 12) AS version, reference_name, label_name, sum(runs) AS runs,
       round((sum(mean_dice * runs) / sum(runs))::numeric, 4) AS mean_dice, round(min(min_dice)::numeric, 4) AS min_dice,
       round((sum(mean_hd95_mm * runs) / sum(runs))::numeric, 2) AS mean_hd95_mm,
       round((sum(mean_assd_mm * runs) / sum(runs))::numeric, 2) AS mean_assd_mm,
       round((sum(mean_surface_dice * runs) / sum(runs))::numeric, 4) AS mean_surface_dice, tolerance_mm,
       round((sum(mean_volume_difference_ml * runs) / sum(runs))::numeric, 2) AS mean_volume_difference_ml
FROM analytics.agreement_by_model
GROUP BY model, version, reference_name, label_name, tolerance_mm
ORDER BY model, version, reference_name, label_name;
