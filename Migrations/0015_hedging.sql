-- Tiles that take much longer than their like are given to a second worker when slots are idle.

ALTER TABLE fleet.tiles ADD COLUMN hedged_at timestamptz;
COMMENT ON COLUMN fleet.tiles.hedged_at IS 'When it was dispatched a second time, as it took too long while slots were idle; null when it wasn''t.';
