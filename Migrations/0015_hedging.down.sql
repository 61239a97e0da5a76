-- Takes step 15 (hedging) back.

ALTER TABLE fleet.tiles DROP COLUMN hedged_at;
