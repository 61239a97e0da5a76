-- Takes step 17 (http_api) back.

DROP INDEX fleet.runs_tenant_newest;
DROP TABLE fleet.access_tokens;
