"""Answers of issuers go three years after they came, and nothing of them changes before."""

from __future__ import annotations

from django.db import migrations

_GO = """
DROP TRIGGER vault_statuscheck_kept ON vault_statuscheck;
CREATE TRIGGER vault_statuscheck_unchanged BEFORE UPDATE ON vault_statuscheck
  FOR EACH ROW EXECUTE FUNCTION vault_refuse();
CREATE TRIGGER vault_statuscheck_kept BEFORE DELETE ON vault_statuscheck
  FOR EACH ROW WHEN (OLD.at > now() - interval '3 years') EXECUTE FUNCTION vault_refuse();
"""
_STAY = """
DROP TRIGGER vault_statuscheck_unchanged ON vault_statuscheck;
DROP TRIGGER vault_statuscheck_kept ON vault_statuscheck;
CREATE TRIGGER vault_statuscheck_kept BEFORE UPDATE OR DELETE ON vault_statuscheck
  FOR EACH ROW EXECUTE FUNCTION vault_refuse();
"""


class Migration(migrations.Migration):
    """What the retention table promises (`retention/issuer_check`)."""

    dependencies = (("vault", "0003_statuscheck_used_at"),)
    operations = (migrations.RunSQL(_GO, _STAY),)
