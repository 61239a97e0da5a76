-- Takes step 20 (events) back.

DROP TRIGGER write_first_event ON fleet.runs;
DROP TRIGGER write_event ON fleet.runs;
DROP TABLE fleet.events, fleet.webhooks, fleet.webhook_secrets, fleet.webhook_deliveries;
DROP FUNCTION fleet.write_event();
