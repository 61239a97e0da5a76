-- The runs that agree least with their references.
--
-- Parameter days (default 90): how far back the runs ended, in days.
-- Parameter count (default 20): how many.
SELECT run, model, left(model_sha256, 12) AS version, label_name, round(dice::numeric, 4) AS dice, round(hd95_mm::numeric, 2) AS hd95_mm,
       round(surface_dice::numeric, 4) AS surface_dice, round(volume_difference_ml::numeric, 2) AS volume_difference_ml, reference_name
FROM analytics.comparisons
WHERE dice IS NOT NULL AND finished_at >= now() - make_interval(days => :'days'::integer)
ORDER BY comparisons.dice, run, label
LIMIT :'count'::integer;
