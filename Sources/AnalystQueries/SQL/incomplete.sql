-- Volumes that may be incomplete, as their label touches the image's border.
--
-- The volume is that of the part inside the image. It is never left out or set to zero.
--
-- Parameter days (default 7): how far back, in days.
SELECT finished_at, run, model, label_name, round(volume_ml::numeric, 2) AS volume_ml, is_preliminary
FROM analytics.label_volumes
WHERE touches_border AND finished_at >= now() - make_interval(days => :'days'::integer)
ORDER BY finished_at DESC, run, label;
