-- A run's root: one digest over everything that made it, written when it is completed; and what looking again has found.

ALTER TABLE fleet.runs ADD COLUMN merkle_root fleet.sha256;
COMMENT ON COLUMN fleet.runs.merkle_root IS
  'Root of a Merkle tree (SHA-256) over images, models, pass documents, tiles, results and measurements; tessera verify computes it again.';

CREATE TABLE fleet.verifications (
  id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  run              uuid NOT NULL REFERENCES fleet.runs ON DELETE CASCADE,
  tiles            integer NOT NULL CHECK (tiles >= 0),
  stitched         boolean NOT NULL,
  findings         jsonb NOT NULL CHECK (jsonb_typeof(findings) = 'array'),
  software_version text NOT NULL,
  at               timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX verifications_run ON fleet.verifications (run, id);
COMMENT ON TABLE fleet.verifications IS 'What tessera verify has found; the newest one of a run counts.';
COMMENT ON COLUMN fleet.verifications.id IS 'Grows with time.';
COMMENT ON COLUMN fleet.verifications.run IS 'The run.';
COMMENT ON COLUMN fleet.verifications.tiles IS 'Tiles that were computed again.';
COMMENT ON COLUMN fleet.verifications.stitched IS 'Whether the label map was made again.';
COMMENT ON COLUMN fleet.verifications.findings IS 'What differed, as sentences; an empty list when nothing did.';
COMMENT ON COLUMN fleet.verifications.software_version IS 'The version of Tessera that looked.';
COMMENT ON COLUMN fleet.verifications.at IS 'When.';

CREATE VIEW fleet.verification_violations AS
  SELECT 'I6 the last verification found something' AS invariant, v.run, v.findings ->> 0 AS detail
  FROM (SELECT DISTINCT ON (run) run, findings FROM fleet.verifications ORDER BY run, id DESC) v
  WHERE v.findings <> '[]';
COMMENT ON VIEW fleet.verification_violations IS 'The part of ledger_violations that tessera verify has seen.';
COMMENT ON COLUMN fleet.verification_violations.invariant IS 'The invariant of the design, and what is wrong.';
COMMENT ON COLUMN fleet.verification_violations.run IS 'The run.';
COMMENT ON COLUMN fleet.verification_violations.detail IS 'The first finding.';

CREATE OR REPLACE VIEW fleet.ledger_violations AS
  SELECT invariant, run, detail FROM fleet.tile_violations
UNION ALL
  SELECT invariant, run, detail FROM fleet.pass_violations
UNION ALL
  SELECT invariant, run, detail FROM fleet.protocol_violations
UNION ALL
  SELECT invariant, run, detail FROM fleet.verification_violations;
