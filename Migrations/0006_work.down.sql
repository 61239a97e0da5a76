-- Takes step 6 (work) back.

DROP VIEW fleet.model_speeds;
ALTER TABLE fleet.passes DROP CONSTRAINT IF EXISTS passes_model_fkey;
ALTER TABLE fleet.passes DROP CONSTRAINT IF EXISTS passes_tile_operations_check;
DROP INDEX IF EXISTS fleet.passes_model;
ALTER TABLE fleet.passes DROP COLUMN model;
ALTER TABLE fleet.passes DROP COLUMN tile_operations;
