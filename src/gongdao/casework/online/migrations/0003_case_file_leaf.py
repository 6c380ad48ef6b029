"""The leaf of a case file's seal in the public log."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """One column; case files made before have none."""

    dependencies = [("casework", "0002_initial")]

    operations = [
        migrations.AddField(
            model_name="casefile",
            name="leaf_hash",
            field=models.BinaryField(default=b"", max_length=32),
        ),
    ]
