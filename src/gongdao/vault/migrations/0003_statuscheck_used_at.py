"""When a secret was used, as its issuer tells."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    """One column, empty for what was asked before."""

    dependencies: ClassVar = [("vault", "0002_refusals")]

    operations: ClassVar = [
        migrations.AddField(
            model_name="statuscheck", name="used_at", field=models.DateTimeField(null=True)
        ),
    ]
