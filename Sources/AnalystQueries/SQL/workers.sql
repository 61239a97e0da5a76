-- Workers of the last 30 days: what they are and how fast they computed.
SELECT name, host, state, slots, busy_slots, engine, tiles, round(tile_seconds_p50::numeric, 2) AS tile_p50_seconds, software_version, seen_at
FROM analytics.workers
ORDER BY state, host, name;
