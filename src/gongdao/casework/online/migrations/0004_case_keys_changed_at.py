"""When link or code of a case were last replaced."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """Made from the models."""

    dependencies = [("casework", "0003_case_file_leaf")]

    operations = [
        migrations.AddField(
            model_name="case",
            name="keys_changed_at",
            field=models.DateTimeField(null=True),
        ),
    ]
