-- Takes step 1 (ledger) back.

DROP VIEW analytics.label_volumes;
DROP VIEW analytics.run_summary;
DROP VIEW fleet.ledger_violations;
DROP TABLE fleet.models, fleet.model_labels, fleet.model_names, fleet.runs, fleet.run_inputs, fleet.run_transitions, fleet.run_events, fleet.passes, fleet.tiles, fleet.tile_results, fleet.tile_failures, fleet.digest_conflicts, fleet.outbox, fleet.label_statistics, fleet.step_timings;
DROP FUNCTION fleet.guard_run();
DROP FUNCTION fleet.note_run();
DROP DOMAIN fleet.sha256;
