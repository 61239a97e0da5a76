// The module PostgresLedger.
