-- Takes step 14 (quarantine) back.

DROP VIEW analytics.quarantines;
DROP TABLE fleet.quarantines, fleet.tile_votes, fleet.rejected_results;
COMMENT ON TABLE fleet.tile_results IS 'The accepted result of each tile: the first one, for good.';
ALTER TABLE fleet.tiles DROP COLUMN canary;
COMMENT ON TABLE fleet.digest_conflicts IS 'Results that differ from the accepted one: a broken processor or memory, or a mix of engines. An alarm.';
