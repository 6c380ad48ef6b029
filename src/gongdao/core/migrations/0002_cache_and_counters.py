"""The cache table that rate limits of accounts use, and counters that need no crash safety."""

from __future__ import annotations

from django.db import migrations

_CACHE = """
CREATE UNLOGGED TABLE core_cache (
  cache_key varchar(255) PRIMARY KEY,
  value text NOT NULL,
  expires timestamptz NOT NULL
);
CREATE INDEX core_cache_expires ON core_cache (expires);
"""


class Migration(migrations.Migration):
    """Both tables are emptied by a crash: limits start anew, nothing else is lost."""

    dependencies = (("core", "0001_initial"),)
    operations = (
        migrations.RunSQL(_CACHE, "DROP TABLE core_cache"),
        migrations.RunSQL(
            "ALTER TABLE core_attempt SET UNLOGGED", "ALTER TABLE core_attempt SET LOGGED"
        ),
    )
