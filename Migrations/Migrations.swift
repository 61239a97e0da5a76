// The module Migrations.
