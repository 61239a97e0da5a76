-- Who may use the HTTP API, and leafing through a tenant's runs.

CREATE TABLE fleet.access_tokens (
  digest     fleet.sha256 PRIMARY KEY,
  name       text NOT NULL UNIQUE CHECK (name ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$'),
  tenant     text NOT NULL,
  scopes     text[] NOT NULL CHECK (cardinality(scopes) > 0 AND scopes <@ ARRAY['submit', 'read', 'admin']),
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz,
  revoked_at timestamptz
);
COMMENT ON TABLE fleet.access_tokens IS 'Bearer tokens of the HTTP API; their secrets are kept nowhere.';
COMMENT ON COLUMN fleet.access_tokens.digest IS 'SHA-256 of the secret.';
COMMENT ON COLUMN fleet.access_tokens.name IS 'What an operator calls it.';
COMMENT ON COLUMN fleet.access_tokens.tenant IS 'Whose runs it makes and sees.';
COMMENT ON COLUMN fleet.access_tokens.scopes IS 'What its bearer may do: submit, read, admin.';
COMMENT ON COLUMN fleet.access_tokens.created_at IS 'When it was made.';
COMMENT ON COLUMN fleet.access_tokens.expires_at IS 'When it becomes worthless by itself; null for never.';
COMMENT ON COLUMN fleet.access_tokens.revoked_at IS 'When it was made worthless; null when it wasn''t.';

CREATE INDEX runs_tenant_newest ON fleet.runs (tenant, submitted_at DESC, id DESC);
