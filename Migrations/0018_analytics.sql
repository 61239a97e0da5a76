-- Analysts' schema: what runs have measured, how they agree with references, what they cost; and who sees which tenant's rows.
--
-- Axes are x, y, z, as in a NIfTI header. Places in mm are in NIfTI's world (they grow to right, anterior, superior), by the image's affine.
-- Weeks, days and hours are UTC's. Values are always stored; that one may be incomplete is told by a flag, never by a zero.

------------------------------------------------------------------------------------------------- what runs have measured

ALTER TABLE fleet.label_statistics
  ADD COLUMN box_lower_voxel integer[3],
  ADD COLUMN box_upper_voxel integer[3],
  ADD COLUMN box_lower_mm double precision[3],
  ADD COLUMN box_upper_mm double precision[3],
  ADD COLUMN centroid_voxel double precision[3],
  ADD COLUMN centroid_mm double precision[3],
  ADD COLUMN surface_mm2 double precision CHECK (surface_mm2 >= 0),
  ADD COLUMN components integer CHECK (components >= 0),
  ADD COLUMN largest_component_ml double precision CHECK (largest_component_ml > 0),
  ADD COLUMN touches_border boolean,
  ADD COLUMN is_preliminary boolean NOT NULL DEFAULT false,
  ADD COLUMN mean_confidence double precision CHECK (mean_confidence BETWEEN 0 AND 1),
  ADD COLUMN mean_entropy double precision CHECK (mean_entropy >= 0),
  ADD COLUMN tenant text,
  ADD COLUMN model_name text,
  ADD COLUMN model fleet.sha256,
  ADD COLUMN finished_at timestamptz,
  ADD CONSTRAINT label_statistics_absent CHECK (
    voxels > 0 OR (box_lower_voxel IS NULL AND centroid_voxel IS NULL AND largest_component_ml IS NULL AND mean_confidence IS NULL)),
  ADD CONSTRAINT label_statistics_place CHECK (
    (box_lower_voxel IS NULL) = (box_upper_voxel IS NULL) AND (box_lower_voxel IS NULL) = (centroid_voxel IS NULL)
    AND (box_lower_voxel IS NULL) = (box_lower_mm IS NULL) AND (box_lower_mm IS NULL) = (box_upper_mm IS NULL)
    AND (centroid_voxel IS NULL) = (centroid_mm IS NULL));
COMMENT ON COLUMN fleet.label_statistics.tenant IS 'The run''s tenant: what is asked of millions of rows must not need the run''s own.';
COMMENT ON COLUMN fleet.label_statistics.model_name IS 'The run''s model name.';
COMMENT ON COLUMN fleet.label_statistics.model IS 'The digest of the run''s last model.';
COMMENT ON COLUMN fleet.label_statistics.finished_at IS 'When the run was completed.';
COMMENT ON COLUMN fleet.label_statistics.box_lower_voxel IS 'First voxels of the smallest box around the label, x, y, z, from 0; null for an absent label, and for runs of versions that measured volumes only.';
COMMENT ON COLUMN fleet.label_statistics.box_upper_voxel IS 'Last voxels of that box, x, y, z.';
COMMENT ON COLUMN fleet.label_statistics.box_lower_mm IS 'Lower corner of the smallest box along the world''s axes around all of its voxels, mm.';
COMMENT ON COLUMN fleet.label_statistics.box_upper_mm IS 'Upper corner of that box, mm.';
COMMENT ON COLUMN fleet.label_statistics.centroid_voxel IS 'Mean of the voxels'' indices, x, y, z, from 0.';
COMMENT ON COLUMN fleet.label_statistics.centroid_mm IS 'The same place in NIfTI''s world, mm.';
COMMENT ON COLUMN fleet.label_statistics.surface_mm2 IS 'Area of the mesh that marching cubes lays around the label, closed at the image''s border, mm²; 0 for an absent label.';
COMMENT ON COLUMN fleet.label_statistics.components IS 'Parts whose voxels reach each other through shared faces; 0 for an absent label.';
COMMENT ON COLUMN fleet.label_statistics.largest_component_ml IS 'Volume of the largest part, millilitres; null for an absent label.';
COMMENT ON COLUMN fleet.label_statistics.touches_border IS 'Whether it has a voxel in an outermost plane of the image, so that the volume may be incomplete.';
COMMENT ON COLUMN fleet.label_statistics.is_preliminary IS 'Whether a better result will take its place.';
COMMENT ON COLUMN fleet.label_statistics.mean_confidence IS 'Mean probability of the label over the voxels that the network gave it, before postprocessing, 0 to 1; null for an absent label.';
COMMENT ON COLUMN fleet.label_statistics.mean_entropy IS 'Mean entropy of the classes'' probabilities over the same voxels, nats; of region models, of the region that gave the label.';

CREATE TABLE fleet.label_intensities (
  run     uuid NOT NULL,
  label   integer NOT NULL,
  channel integer NOT NULL CHECK (channel >= 0),
  mean    double precision NOT NULL,
  sd      double precision NOT NULL CHECK (sd >= 0),
  min     double precision NOT NULL,
  max     double precision NOT NULL,
  p05     double precision NOT NULL,
  p50     double precision NOT NULL,
  p95     double precision NOT NULL,
  PRIMARY KEY (run, label, channel),
  FOREIGN KEY (run, label) REFERENCES fleet.label_statistics ON DELETE CASCADE
);
COMMENT ON TABLE fleet.label_intensities IS 'The image''s values where a label is, one row for each channel; none for an absent label.';
COMMENT ON COLUMN fleet.label_intensities.run IS 'The run.';
COMMENT ON COLUMN fleet.label_intensities.label IS 'The value of the label''s voxels in the label map.';
COMMENT ON COLUMN fleet.label_intensities.channel IS 'The model''s input channel, from 0.';
COMMENT ON COLUMN fleet.label_intensities.mean IS 'Mean, in the image''s own unit (HU for CT).';
COMMENT ON COLUMN fleet.label_intensities.sd IS 'Standard deviation of the voxels themselves (not an estimate), in the image''s own unit.';
COMMENT ON COLUMN fleet.label_intensities.min IS 'Least value, in the image''s own unit.';
COMMENT ON COLUMN fleet.label_intensities.max IS 'Greatest value, in the image''s own unit.';
COMMENT ON COLUMN fleet.label_intensities.p05 IS '5th percentile, linear between neighbours, in the image''s own unit.';
COMMENT ON COLUMN fleet.label_intensities.p50 IS 'Median, in the image''s own unit.';
COMMENT ON COLUMN fleet.label_intensities.p95 IS '95th percentile, in the image''s own unit.';

CREATE TABLE fleet.comparisons (
  run                 uuid NOT NULL REFERENCES fleet.runs ON DELETE CASCADE,
  reference           fleet.sha256 NOT NULL,
  tolerance_mm        double precision NOT NULL CHECK (tolerance_mm >= 0 AND tolerance_mm < 'infinity'),
  label               integer NOT NULL CHECK (label > 0),
  name                text NOT NULL,
  reference_name      text NOT NULL,
  true_positives      bigint NOT NULL CHECK (true_positives >= 0),
  false_positives     bigint NOT NULL CHECK (false_positives >= 0),
  false_negatives     bigint NOT NULL CHECK (false_negatives >= 0),
  dice                double precision CHECK (dice BETWEEN 0 AND 1),
  jaccard             double precision CHECK (jaccard BETWEEN 0 AND 1),
  hd95_mm             double precision CHECK (hd95_mm >= 0),
  assd_mm             double precision CHECK (assd_mm >= 0),
  surface_dice        double precision CHECK (surface_dice BETWEEN 0 AND 1),
  volume_ml           double precision NOT NULL CHECK (volume_ml >= 0),
  reference_volume_ml double precision NOT NULL CHECK (reference_volume_ml >= 0),
  software_version    text NOT NULL,
  tenant              text NOT NULL,
  model_name          text NOT NULL,
  model               fleet.sha256 NOT NULL,
  finished_at         timestamptz,
  at                  timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (run, reference, tolerance_mm, label)
);
COMMENT ON TABLE fleet.comparisons IS 'How runs agree with reference label maps, as tessera compare has found it; one row for each label.';
COMMENT ON COLUMN fleet.comparisons.run IS 'The run.';
COMMENT ON COLUMN fleet.comparisons.reference IS 'SHA-256 of the reference''s voxels, uint8 [z, y, x].';
COMMENT ON COLUMN fleet.comparisons.tolerance_mm IS 'How far surfaces may be apart for surface_dice, mm.';
COMMENT ON COLUMN fleet.comparisons.label IS 'The value of the label''s voxels in the label map.';
COMMENT ON COLUMN fleet.comparisons.name IS 'What the label is called.';
COMMENT ON COLUMN fleet.comparisons.tenant IS 'The run''s tenant.';
COMMENT ON COLUMN fleet.comparisons.model_name IS 'The run''s model name.';
COMMENT ON COLUMN fleet.comparisons.model IS 'The digest of the run''s last model.';
COMMENT ON COLUMN fleet.comparisons.finished_at IS 'When the run was completed.';
COMMENT ON COLUMN fleet.comparisons.reference_name IS 'What the reference is called, such as expert.';
COMMENT ON COLUMN fleet.comparisons.true_positives IS 'Voxels that both have.';
COMMENT ON COLUMN fleet.comparisons.false_positives IS 'Voxels that only the run has.';
COMMENT ON COLUMN fleet.comparisons.false_negatives IS 'Voxels that only the reference has.';
COMMENT ON COLUMN fleet.comparisons.dice IS 'Dice coefficient, 0 to 1; null where both lack the label.';
COMMENT ON COLUMN fleet.comparisons.jaccard IS 'Jaccard index, 0 to 1; null where both lack the label.';
COMMENT ON COLUMN fleet.comparisons.hd95_mm IS '95th percentile of the distances between the two surfaces, mm; null where either lacks the label.';
COMMENT ON COLUMN fleet.comparisons.assd_mm IS 'Average symmetric surface distance, mm; null where either lacks the label.';
COMMENT ON COLUMN fleet.comparisons.surface_dice IS 'Share of both surfaces that is within the tolerance of the other, 0 to 1; null where either lacks the label.';
COMMENT ON COLUMN fleet.comparisons.volume_ml IS 'Volume in the run, millilitres.';
COMMENT ON COLUMN fleet.comparisons.reference_volume_ml IS 'Volume in the reference, millilitres.';
COMMENT ON COLUMN fleet.comparisons.software_version IS 'The version of Tessera that compared.';
COMMENT ON COLUMN fleet.comparisons.at IS 'When they were compared last.';

-- Whoever writes one of these rows need not know the run's facts, nor need an older version of the program that is still at work.
CREATE FUNCTION fleet.note_measured_run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  SELECT r.tenant, r.model_name, r.model, r.finished_at INTO NEW.tenant, NEW.model_name, NEW.model, NEW.finished_at
  FROM fleet.runs r WHERE r.id = NEW.run;
  IF TG_TABLE_NAME = 'comparisons' THEN
    NEW.name := coalesce((SELECT s.name FROM fleet.label_statistics s WHERE s.run = NEW.run AND s.label = NEW.label), 'label ' || NEW.label);
  END IF;
  RETURN NEW;
END $$;
COMMENT ON FUNCTION fleet.note_measured_run IS 'Copies the run''s tenant, model and end into a row about its labels.';
CREATE TRIGGER note_measured_run BEFORE INSERT ON fleet.label_statistics FOR EACH ROW
  WHEN (NEW.tenant IS NULL) EXECUTE FUNCTION fleet.note_measured_run();
CREATE TRIGGER note_measured_run BEFORE INSERT ON fleet.comparisons FOR EACH ROW
  WHEN (NEW.tenant IS NULL) EXECUTE FUNCTION fleet.note_measured_run();
UPDATE fleet.label_statistics s SET tenant = r.tenant, model_name = r.model_name, model = r.model, finished_at = r.finished_at
FROM fleet.runs r WHERE r.id = s.run;
ALTER TABLE fleet.label_statistics ALTER COLUMN tenant SET NOT NULL, ALTER COLUMN model_name SET NOT NULL, ALTER COLUMN model SET NOT NULL;

-- Volumes of one label over time are read from the index alone.
CREATE INDEX label_statistics_volumes ON fleet.label_statistics (name, finished_at)
  INCLUDE (tenant, model_name, model, run, label, voxels, volume_ml, touches_border, is_preliminary);
CREATE INDEX label_statistics_finished ON fleet.label_statistics (finished_at);
CREATE INDEX comparisons_finished ON fleet.comparisons (finished_at);

------------------------------------------------------------------------------------------------------------ what it cost

-- Sums of what tile_results has, kept with the pass: they stay when tiles are dropped, and nobody has to add up thousands of rows.
ALTER TABLE fleet.passes
  ADD COLUMN infer_seconds double precision NOT NULL DEFAULT 0 CHECK (infer_seconds >= 0),
  ADD COLUMN cpu_seconds double precision NOT NULL DEFAULT 0 CHECK (cpu_seconds >= 0);
COMMENT ON COLUMN fleet.passes.infer_seconds IS 'Seconds in the network, summed over the results that were taken, also over those that were rejected later.';
COMMENT ON COLUMN fleet.passes.cpu_seconds IS 'CPU seconds in the network, summed over the same results; those of workers that don''t tell count as 0.';
ALTER TABLE fleet.passes DISABLE TRIGGER guard_pass; -- passes that are done are changed this once
UPDATE fleet.passes p SET infer_seconds = x.infer_seconds, cpu_seconds = x.cpu_seconds
FROM (SELECT pass, sum(infer_seconds) AS infer_seconds, coalesce(sum(cpu_seconds), 0) AS cpu_seconds FROM fleet.tile_results GROUP BY pass) x WHERE x.pass = p.id;
ALTER TABLE fleet.passes ENABLE TRIGGER guard_pass;

---------------------------------------------------------------------------------------------------------- who sees what

CREATE TABLE fleet.analyst_tenants (
  login      text NOT NULL CHECK (login <> ''),
  tenant     text NOT NULL CHECK (tenant = '*' OR tenant ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$'),
  granted_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (login, tenant)
);
COMMENT ON TABLE fleet.analyst_tenants IS 'Whose runs an analyst sees in the schema analytics; who has no row sees none. Set by tessera analyst.';
COMMENT ON COLUMN fleet.analyst_tenants.login IS 'The database role.';
COMMENT ON COLUMN fleet.analyst_tenants.tenant IS 'The tenant; * for all.';
COMMENT ON COLUMN fleet.analyst_tenants.granted_at IS 'Since when.';

-- A column of its own, as conditions on it go through the views' barrier to the index, which those on an expression can't.
ALTER TABLE fleet.runs ADD COLUMN finished_hour timestamptz
  GENERATED ALWAYS AS (date_bin('1 hour', finished_at, timestamptz '2000-01-01 00:00+00')) STORED;
COMMENT ON COLUMN fleet.runs.finished_hour IS 'The beginning of the hour in which it was completed, failed or cancelled.';

-- Who may read the ledger itself sees everything in the views too; others see the tenants that they were granted. Both are asked for once
-- a statement. Views over this one are barriers like it, so that no function of the analyst's sees a row before this condition does.
CREATE VIEW fleet.visible_runs WITH (security_barrier) AS
  SELECT r.* FROM fleet.runs r
  WHERE (SELECT has_table_privilege('fleet.runs'::regclass, 'SELECT')
                OR EXISTS (SELECT FROM fleet.analyst_tenants a WHERE a.login = current_user AND a.tenant = '*'))
     OR r.tenant = ANY (ARRAY(SELECT a.tenant FROM fleet.analyst_tenants a WHERE a.login = current_user));
COMMENT ON VIEW fleet.visible_runs IS 'The runs of the tenants that the current role may see: what all views for analysts are made from.';
DO $$
DECLARE
  name text;
  comment text;
BEGIN
  FOR name, comment IN
    SELECT a.attname, col_description(a.attrelid, a.attnum) FROM pg_attribute a
    WHERE a.attrelid = 'fleet.runs'::regclass AND a.attnum > 0 AND NOT a.attisdropped
  LOOP
    EXECUTE format('COMMENT ON COLUMN fleet.visible_runs.%I IS %L', name, comment);
  END LOOP;
END $$;

CREATE INDEX runs_finished_hour ON fleet.runs (finished_hour) WHERE finished_hour IS NOT NULL;
CREATE INDEX runs_tenant ON fleet.runs (tenant, finished_at) WHERE finished_at IS NOT NULL;

----------------------------------------------------------------------------------------- the views there were, by tenant

CREATE OR REPLACE VIEW analytics.run_summary WITH (security_barrier) AS
  SELECT r.id AS run, r.model_name AS model, r.model AS model_sha256, m.configuration, r.state, r.submitted_at, r.started_at,
         r.finished_at, extract(epoch FROM r.started_at - r.submitted_at)::double precision AS waiting_seconds,
         extract(epoch FROM r.finished_at - r.started_at)::double precision AS processing_seconds,
         (SELECT coalesce(sum(p.tiles), 0) FROM fleet.passes p WHERE p.run = r.id) AS planned_tiles,
         (SELECT coalesce(sum(p.accepted), 0) FROM fleet.passes p WHERE p.run = r.id) AS accepted_tiles,
         (SELECT count(*) FROM fleet.passes p JOIN fleet.tiles t ON t.pass = p.id WHERE p.run = r.id AND t.state = 'dead') AS dead_tiles,
         (SELECT coalesce(sum(t.attempts), 0) FROM fleet.passes p JOIN fleet.tiles t ON t.pass = p.id WHERE p.run = r.id) AS tile_attempts,
         (SELECT coalesce(sum(p.infer_seconds), 0) FROM fleet.passes p WHERE p.run = r.id) AS infer_seconds,
         r.label_map AS label_map_sha256, r.label_voxels AS label_sha256, r.engine, r.software_version, r.options,
         r.failure_kind, r.failure_reason, r.class, r.tenant, r.deadline,
         r.state = 'completed' AND r.finished_at <= r.deadline AS met_deadline,
         (SELECT coalesce(sum(p.cpu_seconds), 0) FROM fleet.passes p WHERE p.run = r.id) AS cpu_seconds
  FROM fleet.visible_runs r
  JOIN fleet.models m ON m.digest = r.model;
COMMENT ON COLUMN analytics.run_summary.cpu_seconds IS 'CPU seconds that workers spent in the network, summed over the tiles; 0 for workers that don''t tell.';

CREATE OR REPLACE VIEW analytics.label_volumes WITH (security_barrier) AS
  SELECT s.run, s.model_name AS model, s.model AS model_sha256, s.label, s.name AS label_name, s.voxels, s.volume_ml, r.submitted_at,
         s.finished_at, r.label_voxels AS label_sha256, s.tenant, s.touches_border, s.is_preliminary
  FROM fleet.label_statistics s LEFT JOIN fleet.runs r ON r.id = s.run -- left, so that it isn't read where nothing of it is asked for
  WHERE (SELECT has_table_privilege('fleet.runs'::regclass, 'SELECT')
                OR EXISTS (SELECT FROM fleet.analyst_tenants a WHERE a.login = current_user AND a.tenant = '*'))
     OR s.tenant = ANY (ARRAY(SELECT a.tenant FROM fleet.analyst_tenants a WHERE a.login = current_user));
COMMENT ON COLUMN analytics.label_volumes.tenant IS 'For whom it was computed.';
COMMENT ON COLUMN analytics.label_volumes.touches_border IS 'Whether the label touches the image''s border, so that the volume may be incomplete; null where not measured.';
COMMENT ON COLUMN analytics.label_volumes.is_preliminary IS 'Whether a better result will take its place.';

CREATE OR REPLACE VIEW analytics.run_passes WITH (security_barrier) AS
  SELECT q.run, q.position, q.model AS model_sha256, m.configuration, m.trainer, q.folds, q.weight, q.previous_pass,
         q.previous_image AS previous_sha256, p.tiles, p.planned_at, p.finished_at, p.label_voxels AS label_sha256,
         coalesce(p.infer_seconds, 0) AS infer_seconds, coalesce(p.cpu_seconds, 0) AS cpu_seconds, r.tenant
  FROM fleet.visible_runs r
  JOIN fleet.pass_requests q ON q.run = r.id
  JOIN fleet.models m ON m.digest = q.model
  LEFT JOIN fleet.passes p ON p.run = q.run AND p.position = q.position;
COMMENT ON COLUMN analytics.run_passes.cpu_seconds IS 'CPU seconds that workers spent in the network, summed over the tiles; 0 for workers that don''t tell.';
COMMENT ON COLUMN analytics.run_passes.tenant IS 'For whom it is computed.';

CREATE OR REPLACE VIEW analytics.run_engines WITH (security_barrier) AS
  SELECT p.run, p.position, x.engine, count(*) AS tiles, count(DISTINCT x.worker) AS workers,
         sum(x.infer_seconds) AS infer_seconds,
         count(*) OVER (PARTITION BY p.id) > 1 AS mixed, r.tenant
  FROM fleet.visible_runs r
  JOIN fleet.passes p ON p.run = r.id
  JOIN fleet.tile_results x ON x.pass = p.id
  GROUP BY p.id, p.run, p.position, x.engine, r.tenant;
COMMENT ON COLUMN analytics.run_engines.tenant IS 'For whom it is computed.';

CREATE OR REPLACE VIEW analytics.failures_by_class WITH (security_barrier) AS
  SELECT date_trunc('day', f.at) AS day, r.model_name AS model, f.kind, count(*) AS attempts,
         count(DISTINCT (f.pass, f.tile)) AS tiles, count(DISTINCT p.run) AS runs, count(DISTINCT f.worker) AS workers,
         mode() WITHIN GROUP (ORDER BY f.reason) AS commonest_reason, max(f.at) AS last_at
  FROM fleet.tile_failures f
  JOIN fleet.passes p ON p.id = f.pass
  JOIN fleet.visible_runs r ON r.id = p.run
  GROUP BY 1, 2, 3;

CREATE OR REPLACE VIEW analytics.dead_letters WITH (security_barrier) AS
  SELECT d.id, d.kind, d.state, d.run, r.model_name AS model, d.tile, d.failure_kind, d.worker, d.reason, d.message_type, d.at,
         d.settled_at, d.settled_by, r.tenant
  FROM fleet.dead_letters d LEFT JOIN fleet.visible_runs r ON r.id = d.run
  WHERE r.id IS NOT NULL OR (d.run IS NULL AND (SELECT has_table_privilege('fleet.runs'::regclass, 'SELECT')));
COMMENT ON COLUMN analytics.dead_letters.tenant IS 'For whom the run of a dead tile was computed.';
COMMENT ON VIEW analytics.dead_letters IS
  'What the fleet gave up, without the bodies of messages. Messages, which belong to no tenant, are seen by those who may read the ledger.';

--------------------------------------------------------------------------------------------------------- the new views

CREATE VIEW analytics.label_statistics WITH (security_barrier) AS
SELECT s.run, s.tenant, s.model_name AS model, s.model AS model_sha256, s.finished_at, s.label, s.name AS label_name, s.voxels, s.volume_ml,
         s.box_lower_voxel[1] AS box_first_x, s.box_lower_voxel[2] AS box_first_y, s.box_lower_voxel[3] AS box_first_z,
         s.box_upper_voxel[1] AS box_last_x, s.box_upper_voxel[2] AS box_last_y, s.box_upper_voxel[3] AS box_last_z,
         s.box_lower_mm[1] AS box_lower_x_mm, s.box_lower_mm[2] AS box_lower_y_mm, s.box_lower_mm[3] AS box_lower_z_mm,
         s.box_upper_mm[1] AS box_upper_x_mm, s.box_upper_mm[2] AS box_upper_y_mm, s.box_upper_mm[3] AS box_upper_z_mm,
         s.centroid_voxel[1] AS centroid_x, s.centroid_voxel[2] AS centroid_y, s.centroid_voxel[3] AS centroid_z,
         s.centroid_mm[1] AS centroid_x_mm, s.centroid_mm[2] AS centroid_y_mm, s.centroid_mm[3] AS centroid_z_mm,
         s.surface_mm2, s.components, s.largest_component_ml, s.touches_border, s.is_preliminary, s.mean_confidence, s.mean_entropy,
         i.mean AS intensity_mean, i.sd AS intensity_sd, i.min AS intensity_min, i.max AS intensity_max, i.p05 AS intensity_p05,
         i.p50 AS intensity_p50, i.p95 AS intensity_p95
  FROM fleet.label_statistics s
  LEFT JOIN fleet.label_intensities i ON i.run = s.run AND i.label = s.label AND i.channel = 0
  WHERE (SELECT has_table_privilege('fleet.runs'::regclass, 'SELECT')
                OR EXISTS (SELECT FROM fleet.analyst_tenants a WHERE a.login = current_user AND a.tenant = '*'))
     OR s.tenant = ANY (ARRAY(SELECT a.tenant FROM fleet.analyst_tenants a WHERE a.login = current_user));
COMMENT ON VIEW analytics.label_statistics IS 'One row for each completed run and label but the background, also for absent labels: all that was measured.';
COMMENT ON COLUMN analytics.label_statistics.run IS 'The run.';
COMMENT ON COLUMN analytics.label_statistics.tenant IS 'For whom it was computed.';
COMMENT ON COLUMN analytics.label_statistics.model IS 'What the model was called when the run was submitted; an ensemble''s members are joined by " + ".';
COMMENT ON COLUMN analytics.label_statistics.model_sha256 IS 'SHA-256 of the last pass''s model manifest: the model''s version.';
COMMENT ON COLUMN analytics.label_statistics.finished_at IS 'When the run was completed.';
COMMENT ON COLUMN analytics.label_statistics.label IS 'The value of the label''s voxels in the label map.';
COMMENT ON COLUMN analytics.label_statistics.label_name IS 'What the label is called.';
COMMENT ON COLUMN analytics.label_statistics.voxels IS 'Voxels of the label, in the input''s grid.';
COMMENT ON COLUMN analytics.label_statistics.volume_ml IS 'Volume, millilitres.';
COMMENT ON COLUMN analytics.label_statistics.box_first_x IS 'First voxel of the smallest box around the label along x, from 0; null for an absent label.';
COMMENT ON COLUMN analytics.label_statistics.box_first_y IS 'First voxel of the smallest box around the label along y, from 0; null for an absent label.';
COMMENT ON COLUMN analytics.label_statistics.box_first_z IS 'First voxel of the smallest box around the label along z, from 0; null for an absent label.';
COMMENT ON COLUMN analytics.label_statistics.box_last_x IS 'Last voxel of the smallest box around the label along x, from 0; null for an absent label.';
COMMENT ON COLUMN analytics.label_statistics.box_last_y IS 'Last voxel of the smallest box around the label along y, from 0; null for an absent label.';
COMMENT ON COLUMN analytics.label_statistics.box_last_z IS 'Last voxel of the smallest box around the label along z, from 0; null for an absent label.';
COMMENT ON COLUMN analytics.label_statistics.box_lower_x_mm IS 'Lower end of the smallest box along the world''s x axis, outer faces of voxels included, mm.';
COMMENT ON COLUMN analytics.label_statistics.box_lower_y_mm IS 'Lower end of the smallest box along the world''s y axis, outer faces of voxels included, mm.';
COMMENT ON COLUMN analytics.label_statistics.box_lower_z_mm IS 'Lower end of the smallest box along the world''s z axis, outer faces of voxels included, mm.';
COMMENT ON COLUMN analytics.label_statistics.box_upper_x_mm IS 'Upper end of the smallest box along the world''s x axis, outer faces of voxels included, mm.';
COMMENT ON COLUMN analytics.label_statistics.box_upper_y_mm IS 'Upper end of the smallest box along the world''s y axis, outer faces of voxels included, mm.';
COMMENT ON COLUMN analytics.label_statistics.box_upper_z_mm IS 'Upper end of the smallest box along the world''s z axis, outer faces of voxels included, mm.';
COMMENT ON COLUMN analytics.label_statistics.centroid_x IS 'Mean index of its voxels along x, from 0.';
COMMENT ON COLUMN analytics.label_statistics.centroid_y IS 'Mean index of its voxels along y, from 0.';
COMMENT ON COLUMN analytics.label_statistics.centroid_z IS 'Mean index of its voxels along z, from 0.';
COMMENT ON COLUMN analytics.label_statistics.centroid_x_mm IS 'The same place in NIfTI''s world, mm, growing to the right.';
COMMENT ON COLUMN analytics.label_statistics.centroid_y_mm IS 'The same place in NIfTI''s world, mm, growing to the front.';
COMMENT ON COLUMN analytics.label_statistics.centroid_z_mm IS 'The same place in NIfTI''s world, mm, growing to the head.';
COMMENT ON COLUMN analytics.label_statistics.surface_mm2 IS 'Surface area by marching cubes, mm²; 0 for an absent label.';
COMMENT ON COLUMN analytics.label_statistics.components IS 'Parts that are connected through shared faces of voxels.';
COMMENT ON COLUMN analytics.label_statistics.largest_component_ml IS 'Volume of the largest part, millilitres; null for an absent label.';
COMMENT ON COLUMN analytics.label_statistics.touches_border IS 'Whether it touches the image''s border, so that volume and surface may be incomplete.';
COMMENT ON COLUMN analytics.label_statistics.is_preliminary IS 'Whether a better result will take its place.';
COMMENT ON COLUMN analytics.label_statistics.mean_confidence IS 'Mean probability of the label where the network gave it, before postprocessing, 0 to 1.';
COMMENT ON COLUMN analytics.label_statistics.mean_entropy IS 'Mean entropy of the probabilities at the same voxels, nats.';
COMMENT ON COLUMN analytics.label_statistics.intensity_mean IS 'Mean of channel 0 where the label is, in the image''s own unit (HU for CT); null for an absent label.';
COMMENT ON COLUMN analytics.label_statistics.intensity_sd IS 'Standard deviation of the voxels themselves (not an estimate) of channel 0, in the image''s own unit.';
COMMENT ON COLUMN analytics.label_statistics.intensity_min IS 'Least value of channel 0, in the image''s own unit.';
COMMENT ON COLUMN analytics.label_statistics.intensity_max IS 'Greatest value of channel 0, in the image''s own unit.';
COMMENT ON COLUMN analytics.label_statistics.intensity_p05 IS '5th percentile, linear between neighbours of channel 0, in the image''s own unit.';
COMMENT ON COLUMN analytics.label_statistics.intensity_p50 IS 'Median of channel 0, in the image''s own unit.';
COMMENT ON COLUMN analytics.label_statistics.intensity_p95 IS '95th percentile of channel 0, in the image''s own unit.';

CREATE VIEW analytics.label_intensities WITH (security_barrier) AS
SELECT i.run, s.tenant, s.model_name AS model, s.model AS model_sha256, s.finished_at, i.label, s.name AS label_name, i.channel, i.mean, i.sd,
         i.min, i.max, i.p05, i.p50, i.p95
  FROM fleet.label_intensities i
  JOIN fleet.label_statistics s ON s.run = i.run AND s.label = i.label
  WHERE (SELECT has_table_privilege('fleet.runs'::regclass, 'SELECT')
                OR EXISTS (SELECT FROM fleet.analyst_tenants a WHERE a.login = current_user AND a.tenant = '*'))
     OR s.tenant = ANY (ARRAY(SELECT a.tenant FROM fleet.analyst_tenants a WHERE a.login = current_user));
COMMENT ON VIEW analytics.label_intensities IS 'One row for each completed run, label that is present, and channel: the image''s values where the label is.';
COMMENT ON COLUMN analytics.label_intensities.run IS 'The run.';
COMMENT ON COLUMN analytics.label_intensities.tenant IS 'For whom it was computed.';
COMMENT ON COLUMN analytics.label_intensities.model IS 'What the model was called when the run was submitted; an ensemble''s members are joined by " + ".';
COMMENT ON COLUMN analytics.label_intensities.model_sha256 IS 'SHA-256 of the last pass''s model manifest: the model''s version.';
COMMENT ON COLUMN analytics.label_intensities.finished_at IS 'When the run was completed.';
COMMENT ON COLUMN analytics.label_intensities.label IS 'The value of the label''s voxels in the label map.';
COMMENT ON COLUMN analytics.label_intensities.label_name IS 'What the label is called.';
COMMENT ON COLUMN analytics.label_intensities.channel IS 'The model''s input channel, from 0.';
COMMENT ON COLUMN analytics.label_intensities.mean IS 'Mean, in the image''s own unit (HU for CT).';
COMMENT ON COLUMN analytics.label_intensities.sd IS 'Standard deviation of the voxels themselves (not an estimate), in the image''s own unit.';
COMMENT ON COLUMN analytics.label_intensities.min IS 'Least value, in the image''s own unit.';
COMMENT ON COLUMN analytics.label_intensities.max IS 'Greatest value, in the image''s own unit.';
COMMENT ON COLUMN analytics.label_intensities.p05 IS '5th percentile, linear between neighbours, in the image''s own unit.';
COMMENT ON COLUMN analytics.label_intensities.p50 IS 'Median, in the image''s own unit.';
COMMENT ON COLUMN analytics.label_intensities.p95 IS '95th percentile, in the image''s own unit.';

CREATE VIEW analytics.comparisons WITH (security_barrier) AS
SELECT c.run, c.tenant, c.model_name AS model, c.model AS model_sha256, c.finished_at, c.reference_name, c.reference AS reference_sha256,
         c.label, c.name AS label_name, c.dice, c.jaccard, c.hd95_mm, c.assd_mm, c.surface_dice, c.tolerance_mm,
         c.volume_ml, c.reference_volume_ml, c.volume_ml - c.reference_volume_ml AS volume_difference_ml,
         c.true_positives, c.false_positives, c.false_negatives, c.software_version, c.at AS compared_at
  FROM fleet.comparisons c
  WHERE (SELECT has_table_privilege('fleet.runs'::regclass, 'SELECT')
                OR EXISTS (SELECT FROM fleet.analyst_tenants a WHERE a.login = current_user AND a.tenant = '*'))
     OR c.tenant = ANY (ARRAY(SELECT a.tenant FROM fleet.analyst_tenants a WHERE a.login = current_user));
COMMENT ON VIEW analytics.comparisons IS 'One row for each comparison of a run with a reference label map, and label.';
COMMENT ON COLUMN analytics.comparisons.run IS 'The run.';
COMMENT ON COLUMN analytics.comparisons.tenant IS 'For whom it was computed.';
COMMENT ON COLUMN analytics.comparisons.model IS 'What the model was called when the run was submitted; an ensemble''s members are joined by " + ".';
COMMENT ON COLUMN analytics.comparisons.model_sha256 IS 'SHA-256 of the last pass''s model manifest: the model''s version.';
COMMENT ON COLUMN analytics.comparisons.finished_at IS 'When the run was completed.';
COMMENT ON COLUMN analytics.comparisons.reference_name IS 'What the reference is called, such as expert.';
COMMENT ON COLUMN analytics.comparisons.reference_sha256 IS 'SHA-256 of the reference''s voxels, uint8 [z, y, x].';
COMMENT ON COLUMN analytics.comparisons.label IS 'The value of the label''s voxels in the label map.';
COMMENT ON COLUMN analytics.comparisons.label_name IS 'What the label is called.';
COMMENT ON COLUMN analytics.comparisons.dice IS 'Dice coefficient, 0 to 1; null where both lack the label.';
COMMENT ON COLUMN analytics.comparisons.jaccard IS 'Jaccard index, 0 to 1; null where both lack the label.';
COMMENT ON COLUMN analytics.comparisons.hd95_mm IS '95th percentile of the distances between the two surfaces, mm; null where either lacks the label.';
COMMENT ON COLUMN analytics.comparisons.assd_mm IS 'Average symmetric surface distance, mm; null where either lacks the label.';
COMMENT ON COLUMN analytics.comparisons.surface_dice IS 'Share of both surfaces that is within the tolerance of the other, 0 to 1; null where either lacks the label.';
COMMENT ON COLUMN analytics.comparisons.tolerance_mm IS 'How far surfaces may be apart for surface_dice, mm.';
COMMENT ON COLUMN analytics.comparisons.volume_ml IS 'Volume in the run, millilitres.';
COMMENT ON COLUMN analytics.comparisons.reference_volume_ml IS 'Volume in the reference, millilitres.';
COMMENT ON COLUMN analytics.comparisons.volume_difference_ml IS 'Volume in the run less that in the reference, millilitres.';
COMMENT ON COLUMN analytics.comparisons.true_positives IS 'Voxels that both have.';
COMMENT ON COLUMN analytics.comparisons.false_positives IS 'Voxels that only the run has.';
COMMENT ON COLUMN analytics.comparisons.false_negatives IS 'Voxels that only the reference has.';
COMMENT ON COLUMN analytics.comparisons.software_version IS 'The version of Tessera that compared.';
COMMENT ON COLUMN analytics.comparisons.compared_at IS 'When they were compared last.';

CREATE VIEW analytics.agreement_by_model WITH (security_barrier) AS
SELECT c.tenant, c.model_name AS model, c.model AS model_sha256, c.reference_name, c.label, max(c.name) AS label_name,
         c.tolerance_mm, count(*) AS runs, avg(c.dice) AS mean_dice, min(c.dice) AS min_dice, avg(c.hd95_mm) AS mean_hd95_mm,
         avg(c.assd_mm) AS mean_assd_mm, avg(c.surface_dice) AS mean_surface_dice,
         avg(c.volume_ml - c.reference_volume_ml) AS mean_volume_difference_ml
  FROM fleet.comparisons c
  WHERE (SELECT has_table_privilege('fleet.runs'::regclass, 'SELECT')
                OR EXISTS (SELECT FROM fleet.analyst_tenants a WHERE a.login = current_user AND a.tenant = '*'))
     OR c.tenant = ANY (ARRAY(SELECT a.tenant FROM fleet.analyst_tenants a WHERE a.login = current_user))
  GROUP BY c.tenant, c.model_name, c.model, c.reference_name, c.label, c.tolerance_mm;
COMMENT ON VIEW analytics.agreement_by_model IS 'One row for each tenant, model version, reference, label and tolerance: how well runs agree with their references. Means leave out what has no value.';
COMMENT ON COLUMN analytics.agreement_by_model.tenant IS 'For whom it was computed.';
COMMENT ON COLUMN analytics.agreement_by_model.model IS 'What the model was called when the run was submitted; an ensemble''s members are joined by " + ".';
COMMENT ON COLUMN analytics.agreement_by_model.model_sha256 IS 'SHA-256 of the last pass''s model manifest: the model''s version.';
COMMENT ON COLUMN analytics.agreement_by_model.reference_name IS 'What the reference is called.';
COMMENT ON COLUMN analytics.agreement_by_model.label IS 'The value of the label''s voxels in the label map.';
COMMENT ON COLUMN analytics.agreement_by_model.label_name IS 'What the label is called.';
COMMENT ON COLUMN analytics.agreement_by_model.tolerance_mm IS 'How far surfaces may be apart for surface_dice, mm.';
COMMENT ON COLUMN analytics.agreement_by_model.runs IS 'Runs that were compared.';
COMMENT ON COLUMN analytics.agreement_by_model.mean_dice IS 'Mean Dice coefficient, 0 to 1.';
COMMENT ON COLUMN analytics.agreement_by_model.min_dice IS 'Least Dice coefficient, 0 to 1.';
COMMENT ON COLUMN analytics.agreement_by_model.mean_hd95_mm IS 'Mean of the 95th percentiles of surface distances, mm.';
COMMENT ON COLUMN analytics.agreement_by_model.mean_assd_mm IS 'Mean of the average symmetric surface distances, mm.';
COMMENT ON COLUMN analytics.agreement_by_model.mean_surface_dice IS 'Mean surface Dice, 0 to 1.';
COMMENT ON COLUMN analytics.agreement_by_model.mean_volume_difference_ml IS 'Mean volume of the run less that of the reference, millilitres.';

CREATE VIEW analytics.step_timings WITH (security_barrier) AS
SELECT t.run, r.tenant, r.model_name AS model, r.model AS model_sha256, r.finished_at, t.position, t.pass, t.step, t.seconds
  FROM fleet.step_timings t JOIN fleet.visible_runs r ON r.id = t.run;
COMMENT ON VIEW analytics.step_timings IS 'One row for each step of a run: how long it took. The step predict is the sum over all tiles, which run beside each other.';
COMMENT ON COLUMN analytics.step_timings.run IS 'The run.';
COMMENT ON COLUMN analytics.step_timings.tenant IS 'For whom it was computed.';
COMMENT ON COLUMN analytics.step_timings.model IS 'What the model was called when the run was submitted; an ensemble''s members are joined by " + ".';
COMMENT ON COLUMN analytics.step_timings.model_sha256 IS 'SHA-256 of the last pass''s model manifest: the model''s version.';
COMMENT ON COLUMN analytics.step_timings.finished_at IS 'When the run ended; null while it is in work.';
COMMENT ON COLUMN analytics.step_timings.position IS 'The order of the steps, from 0.';
COMMENT ON COLUMN analytics.step_timings.pass IS 'The model configuration that the step was part of, by its place in the order of the work, from 0.';
COMMENT ON COLUMN analytics.step_timings.step IS 'read, preprocess, predict, stitch, ensemble, export, measure.';
COMMENT ON COLUMN analytics.step_timings.seconds IS 'Seconds.';

CREATE VIEW analytics.provenance WITH (security_barrier) AS
SELECT r.id AS run, r.tenant, r.model_name AS model, r.finished_at,
         (SELECT array_agg(i.image::text ORDER BY i.channel) FROM fleet.run_inputs i WHERE i.run = r.id) AS input_sha256,
         (SELECT array_agg(q.model::text ORDER BY q.position) FROM fleet.pass_requests q WHERE q.run = r.id) AS model_sha256,
         (SELECT array_agg(p.document::text ORDER BY p.position) FROM fleet.passes p WHERE p.run = r.id) AS plan_sha256,
         r.request_digest AS request_sha256, r.options, r.label_map AS artifact_sha256, r.label_voxels AS label_sha256,
         r.probabilities AS probabilities_sha256, r.merkle_root, r.engine, r.software_version,
         (SELECT count(DISTINCT x.worker) FROM fleet.passes p JOIN fleet.tile_results x ON x.pass = p.id WHERE p.run = r.id) AS workers,
         (SELECT v.at FROM fleet.verifications v WHERE v.run = r.id ORDER BY v.id DESC LIMIT 1) AS verified_at,
         (SELECT v.findings = '[]' FROM fleet.verifications v WHERE v.run = r.id ORDER BY v.id DESC LIMIT 1) AS verified_clean
  FROM fleet.visible_runs r WHERE r.state = 'completed';
COMMENT ON VIEW analytics.provenance IS 'One row for each completed run: the digests of all that made its result.';
COMMENT ON COLUMN analytics.provenance.run IS 'The run.';
COMMENT ON COLUMN analytics.provenance.tenant IS 'For whom it was computed.';
COMMENT ON COLUMN analytics.provenance.model IS 'What the model was called when the run was submitted; an ensemble''s members are joined by " + ".';
COMMENT ON COLUMN analytics.provenance.finished_at IS 'When the run was completed.';
COMMENT ON COLUMN analytics.provenance.input_sha256 IS 'SHA-256 of the image files, by channel.';
COMMENT ON COLUMN analytics.provenance.model_sha256 IS 'SHA-256 of the manifests of all models, in the order of the work.';
COMMENT ON COLUMN analytics.provenance.plan_sha256 IS 'SHA-256 of the documents that say what was to be computed (model, options, volume, tile plan), in the order of the work.';
COMMENT ON COLUMN analytics.provenance.request_sha256 IS 'SHA-256 of what was asked for: images, models, options.';
COMMENT ON COLUMN analytics.provenance.options IS 'How models were applied: mirroring, stepSize (share of the patch), savesProbabilities, postprocessing.';
COMMENT ON COLUMN analytics.provenance.artifact_sha256 IS 'SHA-256 of the label map (.nii.gz).';
COMMENT ON COLUMN analytics.provenance.label_sha256 IS 'SHA-256 of the label map''s voxels, uint8 [z, y, x].';
COMMENT ON COLUMN analytics.provenance.probabilities_sha256 IS 'SHA-256 of nnU-Net''s .npz, where asked for.';
COMMENT ON COLUMN analytics.provenance.merkle_root IS 'Root of a Merkle tree (SHA-256) over all of these and every tile.';
COMMENT ON COLUMN analytics.provenance.engine IS 'Engine and instruction set that predicted the tiles; several are joined by commas.';
COMMENT ON COLUMN analytics.provenance.software_version IS 'The version of Tessera that completed the run.';
COMMENT ON COLUMN analytics.provenance.workers IS 'Worker processes that predicted its tiles; 0 once its tiles were dropped.';
COMMENT ON COLUMN analytics.provenance.verified_at IS 'When tessera verify looked at it last; null when it never did.';
COMMENT ON COLUMN analytics.provenance.verified_clean IS 'Whether that found nothing wrong.';

CREATE VIEW analytics.throughput_hourly WITH (security_barrier) AS
SELECT r.finished_hour AS hour, r.tenant, r.model_name AS model,
         count(*) FILTER (WHERE r.state = 'completed') AS completed, count(*) FILTER (WHERE r.state = 'failed') AS failed,
         count(*) FILTER (WHERE r.state = 'cancelled') AS cancelled, coalesce(sum(p.tiles), 0) AS tiles,
         coalesce(sum(p.infer_seconds), 0) AS infer_seconds, coalesce(sum(p.cpu_seconds), 0) AS cpu_seconds,
         avg(extract(epoch FROM r.finished_at - r.submitted_at)::double precision) FILTER (WHERE r.state = 'completed') AS mean_turnaround_seconds,
         max(extract(epoch FROM r.finished_at - r.submitted_at)::double precision) FILTER (WHERE r.state = 'completed') AS max_turnaround_seconds
  FROM fleet.visible_runs r
  LEFT JOIN LATERAL (
    SELECT sum(p.accepted) AS tiles, sum(p.infer_seconds) AS infer_seconds, sum(p.cpu_seconds) AS cpu_seconds
    FROM fleet.passes p WHERE p.run = r.id) p ON true
  WHERE r.finished_hour IS NOT NULL
  GROUP BY 1, 2, 3;
COMMENT ON VIEW analytics.throughput_hourly IS 'One row for each hour, tenant and model in which runs ended. Ask for the hours that you mean: an index finds them.';
COMMENT ON COLUMN analytics.throughput_hourly.hour IS 'The beginning of the hour.';
COMMENT ON COLUMN analytics.throughput_hourly.tenant IS 'For whom it was computed.';
COMMENT ON COLUMN analytics.throughput_hourly.model IS 'What the model was called when the run was submitted; an ensemble''s members are joined by " + ".';
COMMENT ON COLUMN analytics.throughput_hourly.completed IS 'Runs that were completed in it.';
COMMENT ON COLUMN analytics.throughput_hourly.failed IS 'Runs that failed in it.';
COMMENT ON COLUMN analytics.throughput_hourly.cancelled IS 'Runs that were cancelled in it.';
COMMENT ON COLUMN analytics.throughput_hourly.tiles IS 'Tiles that these runs took.';
COMMENT ON COLUMN analytics.throughput_hourly.infer_seconds IS 'Seconds that workers spent in the network for these runs.';
COMMENT ON COLUMN analytics.throughput_hourly.cpu_seconds IS 'CPU seconds that workers spent in the network for these runs.';
COMMENT ON COLUMN analytics.throughput_hourly.mean_turnaround_seconds IS 'Mean seconds from submission to completion.';
COMMENT ON COLUMN analytics.throughput_hourly.max_turnaround_seconds IS 'Most seconds from submission to completion.';

CREATE VIEW analytics.run_failures_by_class WITH (security_barrier) AS
SELECT (r.finished_at AT TIME ZONE 'UTC')::date AS day, r.tenant, r.model_name AS model, r.failure_kind AS kind, count(*) AS runs,
         mode() WITHIN GROUP (ORDER BY r.failure_reason) AS commonest_reason, max(r.finished_at) AS last_at
  FROM fleet.visible_runs r WHERE r.state = 'failed' GROUP BY 1, 2, 3, 4;
COMMENT ON VIEW analytics.run_failures_by_class IS 'One row for each day, tenant, model and kind of failure: runs that failed. Failed attempts of tiles are in failures_by_class.';
COMMENT ON COLUMN analytics.run_failures_by_class.day IS 'The day, UTC.';
COMMENT ON COLUMN analytics.run_failures_by_class.tenant IS 'For whom it was computed.';
COMMENT ON COLUMN analytics.run_failures_by_class.model IS 'What the model was called when the run was submitted; an ensemble''s members are joined by " + ".';
COMMENT ON COLUMN analytics.run_failures_by_class.kind IS 'transient, poison, invalid, corrupt or out_of_memory.';
COMMENT ON COLUMN analytics.run_failures_by_class.runs IS 'Runs that failed.';
COMMENT ON COLUMN analytics.run_failures_by_class.commonest_reason IS 'The sentence that was given most often.';
COMMENT ON COLUMN analytics.run_failures_by_class.last_at IS 'The last of them.';

CREATE INDEX runs_failed ON fleet.runs (finished_at) WHERE state = 'failed';

-------------------------------------------------------------------------------------- what is added up beforehand

-- Sums over all runs take longer than anybody waits. They are kept by tenant, refreshed every few minutes, and shown to those who may see
-- the tenant.

CREATE MATERIALIZED VIEW fleet.daily_usage AS
SELECT (r.finished_at AT TIME ZONE 'UTC')::date AS day, r.tenant, r.model_name AS model, r.class, count(*) AS runs,
         count(*) FILTER (WHERE r.state = 'completed') AS completed, coalesce(sum(p.tiles), 0) AS tiles,
         coalesce(sum(p.infer_seconds), 0) AS infer_seconds, coalesce(sum(p.cpu_seconds), 0) AS cpu_seconds,
         coalesce(sum(t.seconds), 0) AS step_seconds
  FROM fleet.runs r
  LEFT JOIN (
    SELECT p.run, sum(p.accepted) AS tiles, sum(p.infer_seconds) AS infer_seconds, sum(p.cpu_seconds) AS cpu_seconds
    FROM fleet.passes p GROUP BY p.run) p ON p.run = r.id
  LEFT JOIN (SELECT t.run, sum(t.seconds) AS seconds FROM fleet.step_timings t WHERE t.step <> 'predict' GROUP BY t.run) t ON t.run = r.id
  WHERE r.finished_at IS NOT NULL
  GROUP BY 1, 2, 3, 4;
COMMENT ON MATERIALIZED VIEW fleet.daily_usage IS 'What ended runs have cost, by day, tenant, model and class; as of the last refresh.';
COMMENT ON COLUMN fleet.daily_usage.day IS 'The day on which they ended, UTC.';
COMMENT ON COLUMN fleet.daily_usage.tenant IS 'For whom it was computed.';
COMMENT ON COLUMN fleet.daily_usage.model IS 'What the model was called when the run was submitted; an ensemble''s members are joined by " + ".';
COMMENT ON COLUMN fleet.daily_usage.class IS 'How urgent they were: stat, routine or batch.';
COMMENT ON COLUMN fleet.daily_usage.runs IS 'Runs that ended.';
COMMENT ON COLUMN fleet.daily_usage.completed IS 'Those that were completed.';
COMMENT ON COLUMN fleet.daily_usage.tiles IS 'Tiles that they took.';
COMMENT ON COLUMN fleet.daily_usage.infer_seconds IS 'Seconds that workers spent in the network.';
COMMENT ON COLUMN fleet.daily_usage.cpu_seconds IS 'CPU seconds that workers spent in the network; 0 for workers that don''t tell.';
COMMENT ON COLUMN fleet.daily_usage.step_seconds IS 'Seconds of the steps outside workers: reading, preprocessing, stitching, export.';

CREATE UNIQUE INDEX daily_usage_key ON fleet.daily_usage (day, tenant, model, class);

CREATE MATERIALIZED VIEW fleet.weekly_volumes AS
SELECT date_trunc('week', s.finished_at AT TIME ZONE 'UTC')::date AS week, s.tenant, s.model_name AS model, s.model AS model_sha256, s.label,
         max(s.name) AS label_name, count(*) AS runs, count(*) FILTER (WHERE s.voxels = 0) AS absent,
         count(*) FILTER (WHERE s.touches_border) AS touching, sum(s.volume_ml) AS volume_sum, sum(s.volume_ml * s.volume_ml) AS volume_squares,
         percentile_cont(0.5) WITHIN GROUP (ORDER BY s.volume_ml) AS volume_median,
         count(s.mean_confidence) AS measured, sum(s.mean_confidence) AS confidence_sum, sum(s.mean_entropy) AS entropy_sum
  FROM fleet.label_statistics s
  WHERE s.finished_at IS NOT NULL
  GROUP BY 1, 2, 3, 4, 5;
COMMENT ON MATERIALIZED VIEW fleet.weekly_volumes IS 'Sums of label statistics by week, tenant, model version and label; as of the last refresh.';
COMMENT ON COLUMN fleet.weekly_volumes.week IS 'The Monday of the week, UTC.';
COMMENT ON COLUMN fleet.weekly_volumes.tenant IS 'For whom it was computed.';
COMMENT ON COLUMN fleet.weekly_volumes.model IS 'What the model was called when the run was submitted; an ensemble''s members are joined by " + ".';
COMMENT ON COLUMN fleet.weekly_volumes.model_sha256 IS 'SHA-256 of the last pass''s model manifest: the model''s version.';
COMMENT ON COLUMN fleet.weekly_volumes.label IS 'The value of the label''s voxels in the label map.';
COMMENT ON COLUMN fleet.weekly_volumes.label_name IS 'What the label is called.';
COMMENT ON COLUMN fleet.weekly_volumes.runs IS 'Completed runs.';
COMMENT ON COLUMN fleet.weekly_volumes.absent IS 'Those in which the label is absent.';
COMMENT ON COLUMN fleet.weekly_volumes.touching IS 'Those in which it touches the image''s border.';
COMMENT ON COLUMN fleet.weekly_volumes.volume_sum IS 'Sum of the volumes, millilitres.';
COMMENT ON COLUMN fleet.weekly_volumes.volume_squares IS 'Sum of their squares, millilitres squared.';
COMMENT ON COLUMN fleet.weekly_volumes.volume_median IS 'Median volume, millilitres.';
COMMENT ON COLUMN fleet.weekly_volumes.measured IS 'Runs with a mean confidence.';
COMMENT ON COLUMN fleet.weekly_volumes.confidence_sum IS 'Sum of the mean confidences, 0 to 1 each.';
COMMENT ON COLUMN fleet.weekly_volumes.entropy_sum IS 'Sum of the mean entropies, nats each.';

CREATE UNIQUE INDEX weekly_volumes_key ON fleet.weekly_volumes (week, tenant, model, model_sha256, label);

CREATE TABLE fleet.analytics_refreshes (
  id           boolean PRIMARY KEY DEFAULT true CHECK (id),
  refreshed_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO fleet.analytics_refreshes DEFAULT VALUES;
COMMENT ON TABLE fleet.analytics_refreshes IS 'One row: when the sums that are kept were brought up to date.';
COMMENT ON COLUMN fleet.analytics_refreshes.id IS 'Always true: there is one row.';
COMMENT ON COLUMN fleet.analytics_refreshes.refreshed_at IS 'When, the last time.';

-- Readers go on meanwhile. Only the owner may refresh, so the function acts as it.
CREATE FUNCTION fleet.refresh_analytics(age interval) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  IF NOT pg_try_advisory_xact_lock(8387236823645254770)
     OR EXISTS (SELECT FROM fleet.analytics_refreshes WHERE refreshed_at > clock_timestamp() - age)
  THEN
    RETURN false;
  END IF;
  REFRESH MATERIALIZED VIEW CONCURRENTLY fleet.daily_usage;
  REFRESH MATERIALIZED VIEW CONCURRENTLY fleet.weekly_volumes;
  UPDATE fleet.analytics_refreshes SET refreshed_at = clock_timestamp();
  RETURN true;
END $$;
COMMENT ON FUNCTION fleet.refresh_analytics IS
  'Brings the sums that are kept up to date, unless another process is at it or they are younger than the given age; tells whether it did.';

CREATE VIEW analytics.cost_by_tenant WITH (security_barrier) AS
SELECT u.day, u.tenant, u.model, u.class, u.runs, u.completed, u.tiles, u.infer_seconds, u.cpu_seconds, u.step_seconds
  FROM fleet.daily_usage u
  WHERE (SELECT has_table_privilege('fleet.runs'::regclass, 'SELECT')
                OR EXISTS (SELECT FROM fleet.analyst_tenants a WHERE a.login = current_user AND a.tenant = '*'))
     OR u.tenant = ANY (ARRAY(SELECT a.tenant FROM fleet.analyst_tenants a WHERE a.login = current_user));
COMMENT ON VIEW analytics.cost_by_tenant IS 'One row for each day, tenant, model and class: what ended runs have cost. Refreshed every ten minutes; analytics.freshness tells when.';
COMMENT ON COLUMN analytics.cost_by_tenant.day IS 'The day on which they ended, UTC.';
COMMENT ON COLUMN analytics.cost_by_tenant.tenant IS 'For whom it was computed.';
COMMENT ON COLUMN analytics.cost_by_tenant.model IS 'What the model was called when the run was submitted; an ensemble''s members are joined by " + ".';
COMMENT ON COLUMN analytics.cost_by_tenant.class IS 'How urgent they were: stat, routine or batch.';
COMMENT ON COLUMN analytics.cost_by_tenant.runs IS 'Runs that ended.';
COMMENT ON COLUMN analytics.cost_by_tenant.completed IS 'Those that were completed.';
COMMENT ON COLUMN analytics.cost_by_tenant.tiles IS 'Tiles that they took.';
COMMENT ON COLUMN analytics.cost_by_tenant.infer_seconds IS 'Seconds that workers spent in the network.';
COMMENT ON COLUMN analytics.cost_by_tenant.cpu_seconds IS 'CPU seconds that workers spent in the network; 0 for workers that don''t tell.';
COMMENT ON COLUMN analytics.cost_by_tenant.step_seconds IS 'Seconds of the steps outside workers: reading, preprocessing, stitching, export.';

CREATE VIEW analytics.model_drift_weekly WITH (security_barrier) AS
SELECT u.week, u.tenant, u.model, u.model_sha256, u.label, u.label_name, u.runs, u.absent, u.touching AS touching_border,
         u.volume_sum / u.runs AS mean_volume_ml, u.volume_median AS median_volume_ml,
         sqrt(greatest(0, u.volume_squares - u.volume_sum * u.volume_sum / u.runs) / nullif(u.runs - 1, 0)) AS sd_volume_ml,
         u.confidence_sum / nullif(u.measured, 0) AS mean_confidence, u.entropy_sum / nullif(u.measured, 0) AS mean_entropy,
         u.volume_sum / u.runs - lag(u.volume_sum / u.runs) OVER w AS volume_change_ml,
         u.confidence_sum / nullif(u.measured, 0) - lag(u.confidence_sum / nullif(u.measured, 0)) OVER w AS confidence_change
  FROM fleet.weekly_volumes u
  WHERE (SELECT has_table_privilege('fleet.runs'::regclass, 'SELECT')
                OR EXISTS (SELECT FROM fleet.analyst_tenants a WHERE a.login = current_user AND a.tenant = '*'))
     OR u.tenant = ANY (ARRAY(SELECT a.tenant FROM fleet.analyst_tenants a WHERE a.login = current_user))
  WINDOW w AS (PARTITION BY u.tenant, u.model, u.model_sha256, u.label ORDER BY u.week);
COMMENT ON VIEW analytics.model_drift_weekly IS 'One row for each week, tenant, model version and label: whether volumes and confidence drift. Refreshed every ten minutes; analytics.freshness tells when.';
COMMENT ON COLUMN analytics.model_drift_weekly.week IS 'The Monday of the week, UTC.';
COMMENT ON COLUMN analytics.model_drift_weekly.tenant IS 'For whom it was computed.';
COMMENT ON COLUMN analytics.model_drift_weekly.model IS 'What the model was called when the run was submitted; an ensemble''s members are joined by " + ".';
COMMENT ON COLUMN analytics.model_drift_weekly.model_sha256 IS 'SHA-256 of the last pass''s model manifest: the model''s version.';
COMMENT ON COLUMN analytics.model_drift_weekly.label IS 'The value of the label''s voxels in the label map.';
COMMENT ON COLUMN analytics.model_drift_weekly.label_name IS 'What the label is called.';
COMMENT ON COLUMN analytics.model_drift_weekly.runs IS 'Completed runs.';
COMMENT ON COLUMN analytics.model_drift_weekly.absent IS 'Runs in which the label is absent; their volume counts as 0.';
COMMENT ON COLUMN analytics.model_drift_weekly.touching_border IS 'Runs in which it touches the image''s border, so that the volume may be incomplete.';
COMMENT ON COLUMN analytics.model_drift_weekly.mean_volume_ml IS 'Mean volume, millilitres.';
COMMENT ON COLUMN analytics.model_drift_weekly.median_volume_ml IS 'Median volume, millilitres.';
COMMENT ON COLUMN analytics.model_drift_weekly.sd_volume_ml IS 'Standard deviation of the volumes between runs (sample), millilitres; null for one run.';
COMMENT ON COLUMN analytics.model_drift_weekly.mean_confidence IS 'Mean over the runs of the mean confidence, 0 to 1.';
COMMENT ON COLUMN analytics.model_drift_weekly.mean_entropy IS 'Mean over the runs of the mean entropy, nats.';
COMMENT ON COLUMN analytics.model_drift_weekly.volume_change_ml IS 'Change of the mean volume from the week before that has runs, millilitres.';
COMMENT ON COLUMN analytics.model_drift_weekly.confidence_change IS 'Change of the mean confidence from the week before that has runs.';

CREATE VIEW analytics.freshness AS
SELECT refreshed_at, extract(epoch FROM now() - refreshed_at)::double precision AS age_seconds FROM fleet.analytics_refreshes;
COMMENT ON VIEW analytics.freshness IS 'One row: how old cost_by_tenant and model_drift_weekly are. All other views show the ledger as it is.';
COMMENT ON COLUMN analytics.freshness.refreshed_at IS 'When they were brought up to date.';
COMMENT ON COLUMN analytics.freshness.age_seconds IS 'Seconds since then.';

-- Whose rows an analyst sees is an administrator's business: whoever is given new tables by default may only read these.
DO $$
DECLARE
  given record;
BEGIN
  FOR given IN
    SELECT DISTINCT c.oid::regclass AS name, x.grantee::regrole AS role
    FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) x
    WHERE c.oid IN ('fleet.analyst_tenants'::regclass, 'fleet.daily_usage'::regclass, 'fleet.weekly_volumes'::regclass,
                    'fleet.analytics_refreshes'::regclass)
      AND x.grantee NOT IN (0, c.relowner)
  LOOP
    EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON %s FROM %s', given.name, given.role);
  END LOOP;
END $$;
