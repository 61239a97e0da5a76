// The module PostgresLedgerTests.
