-- Workers say what they are and do; aggregators write it down, since workers never touch the database.

CREATE TABLE fleet.workers (
  name               text PRIMARY KEY CHECK (name <> ''),
  life               uuid NOT NULL,
  number             bigint NOT NULL CHECK (number > 0),
  host               text NOT NULL,
  state              text NOT NULL CHECK (state IN ('starting', 'running', 'draining', 'stopped', 'quarantined')),
  slots              integer NOT NULL CHECK (slots > 0),
  busy_slots         integer NOT NULL CHECK (busy_slots BETWEEN 0 AND slots),
  engine             text,
  software_version   text NOT NULL,
  memory_limit_bytes bigint CHECK (memory_limit_bytes >= 0),
  memory_bytes       bigint CHECK (memory_bytes >= 0),
  tiles              bigint NOT NULL CHECK (tiles >= 0),
  tile_seconds_p50   double precision CHECK (tile_seconds_p50 >= 0),
  started_at         timestamptz NOT NULL DEFAULT now(),
  seen_at            timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX workers_seen_at ON fleet.workers (seen_at);
COMMENT ON TABLE fleet.workers IS 'What each worker process last said of itself; those of the last 30 days.';
COMMENT ON COLUMN fleet.workers.name IS 'The process, such as host-4711; tile_results.worker names the same.';
COMMENT ON COLUMN fleet.workers.life IS 'This life of the process: a name may come back.';
COMMENT ON COLUMN fleet.workers.number IS 'Counts the words of this life; an older one never replaces a newer one.';
COMMENT ON COLUMN fleet.workers.host IS 'The machine or container.';
COMMENT ON COLUMN fleet.workers.state IS 'starting, running, draining (was asked to stop), stopped (its last word) or quarantined (takes no jobs).';
COMMENT ON COLUMN fleet.workers.slots IS 'Tiles that it computes at once.';
COMMENT ON COLUMN fleet.workers.busy_slots IS 'Slots with a tile in hand.';
COMMENT ON COLUMN fleet.workers.engine IS 'Engine and instruction set of its last tile, such as winograd/avx512; null before the first.';
COMMENT ON COLUMN fleet.workers.software_version IS 'Version of tessera.';
COMMENT ON COLUMN fleet.workers.memory_limit_bytes IS 'Bytes of memory that it may use; null for no limit.';
COMMENT ON COLUMN fleet.workers.memory_bytes IS 'Bytes of memory that it used.';
COMMENT ON COLUMN fleet.workers.tiles IS 'Tiles that it has computed in this life.';
COMMENT ON COLUMN fleet.workers.tile_seconds_p50 IS 'Median seconds of its latest tiles, from getting what they need to the stored result; null before the first.';
COMMENT ON COLUMN fleet.workers.started_at IS 'When this life was first heard of.';
COMMENT ON COLUMN fleet.workers.seen_at IS 'When it was last heard of.';

CREATE VIEW analytics.workers AS
  SELECT name, host,
         CASE WHEN state <> 'stopped' AND seen_at < now() - interval '60 seconds' THEN 'lost' ELSE state END AS state,
         slots, busy_slots, engine, software_version, memory_limit_bytes, memory_bytes, tiles, tile_seconds_p50, started_at,
         seen_at, extract(epoch FROM now() - seen_at)::double precision AS silent_seconds
  FROM fleet.workers;
COMMENT ON VIEW analytics.workers IS 'The workers of the last 30 days and what became of them.';
COMMENT ON COLUMN analytics.workers.name IS 'The process, such as host-4711.';
COMMENT ON COLUMN analytics.workers.host IS 'The machine or container.';
COMMENT ON COLUMN analytics.workers.state IS 'starting, running, draining, stopped, quarantined, or lost: silent for 60 s without a last word.';
COMMENT ON COLUMN analytics.workers.slots IS 'Tiles that it computes at once.';
COMMENT ON COLUMN analytics.workers.busy_slots IS 'Slots with a tile in hand when it was last heard of.';
COMMENT ON COLUMN analytics.workers.engine IS 'Engine and instruction set of its last tile.';
COMMENT ON COLUMN analytics.workers.software_version IS 'Version of tessera.';
COMMENT ON COLUMN analytics.workers.memory_limit_bytes IS 'Bytes of memory that it may use; null for no limit.';
COMMENT ON COLUMN analytics.workers.memory_bytes IS 'Bytes of memory that it used.';
COMMENT ON COLUMN analytics.workers.tiles IS 'Tiles that it has computed in this life.';
COMMENT ON COLUMN analytics.workers.tile_seconds_p50 IS 'Median seconds of its latest tiles.';
COMMENT ON COLUMN analytics.workers.started_at IS 'When this life was first heard of.';
COMMENT ON COLUMN analytics.workers.seen_at IS 'When it was last heard of.';
COMMENT ON COLUMN analytics.workers.silent_seconds IS 'Seconds since then.';
