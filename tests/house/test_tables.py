"""Tables point down only, and Django stays where it belongs."""

from __future__ import annotations

import re
from typing import Any

import django.apps
import pytest
from tests.house.house_sources import Source, find_sources

LAYERS = (
    *("core", "log", "ledger", "evidence", "vault", "payments", "casework", "market", "disputes"),
    "web",
)
"""Our apps, lowest first; others (accounts, sessions, jobs) are libraries and may point at core."""
_DJANGO_MAY = re.compile(
    r"src/gongdao/(core/(models|keys|attempts|apps|migrations/\w+)\.py|evidence/kept/|casework/online/"
    r"|(?:log|ledger|vault|payments|market)/(?!.*\b(?:decide_\w+|log_moves|states|life_cycles)\.py)"
    r"|disputes/(?!(?:check_tables|clocks|conditions|decide_\w+|derive|explain|facts|log_moves"
    r"|rule_words|states|verdict_\w+)\.py)"
    r"|front/)"
)
"""The rooms with tables; what they judge (`decide_…`), their states and moves stay without."""
_FLOATS_OF_MONEY = re.compile(r"models\.(FloatField|DecimalField)\(")


def _find_upward(models: list[Any]) -> list[str]:
    """Foreign keys, string ones included, from a lower app to a higher one."""
    found = []
    for model in models:
        own = model._meta.app_label
        if own not in LAYERS:
            continue
        for field in model._meta.get_fields():
            target = getattr(field, "related_model", None)
            if not target or field.auto_created or not getattr(field, "column", None):
                continue
            label = target._meta.app_label
            if label in LAYERS and LAYERS.index(label) > LAYERS.index(own):
                found.append(f"{own}.{model.__name__}.{field.name} → {label}")
    return found


def _find_django(source: Source) -> list[str]:
    if _DJANGO_MAY.match(source.name):
        return []
    return [
        f"{source.name}: {line}"
        for line in re.findall(
            r"^\s*(?:from|import) (?:django|procrastinate)\b.*$", source.text, re.M
        )
    ]


def test_foreign_keys_point_down():
    """No table of a lower room points at one of a higher room."""
    models = list(django.apps.apps.get_models())
    assert {model._meta.app_label for model in models} >= {"core", "evidence", "casework"}
    assert not _find_upward(models)


def test_an_upward_key_is_seen(monkeypatch):
    """With the layers turned round, the key from a case to its owner is reported."""
    monkeypatch.setattr("tests.house.test_tables.LAYERS", ("casework", "evidence", "core"))
    assert _find_upward(list(django.apps.apps.get_models()))


def test_judging_needs_no_django():
    """Only tables, the verbs on them and front import Django: judging stays pure."""
    found = [line for source in find_sources("src/gongdao") for line in _find_django(source)]
    assert not found, "\n".join(found)
    for pure in ("evidence/closure.py", "disputes/facts.py", "disputes/verdict_file.py"):
        assert _find_django(Source(f"src/gongdao/{pure}", "from django.db import models\n"))


def test_no_signals_and_no_save_overrides():
    """What happens to a row stands in a verb, not hidden behind ``save`` or a signal."""
    for source in find_sources("src/gongdao"):
        assert not re.search(r"django\.(db\.models|dispatch).*signals?\b", source.text), source.name
        assert not re.search(r"^    def save\(", source.text, re.M), source.name
        assert not re.search(r"auto_now(_add)?=True", source.text), source.name
        assert not _FLOATS_OF_MONEY.search(source.text), source.name


def test_personal_columns_are_sealed():
    """Text columns of cases and originals are few and known; everything else is sealed."""
    plain = {
        f"{model.__name__}.{field.name}"
        for model in django.apps.apps.get_models()
        if model._meta.app_label in ("evidence", "casework")
        for field in model._meta.get_fields()
        if field.__class__.__name__ in ("CharField", "TextField", "JSONField", "EmailField")
    }
    codes_and_ids = re.compile(
        r"\.(subject_kind|address|state|context|who|purpose|language|client_key|channel|outcome|key"
        r"|rule|rules|kind|problem|result|shows|sha256|letter|message_id)$"
    )
    assert not {name for name in plain if not codes_and_ids.search(name)}


@pytest.mark.django_db
def test_migrations_make_the_models():
    """Every change of a model has its migration: what is installed is what the code expects."""
    from django.core.management import call_command

    installed = {config.label for config in django.apps.apps.get_app_configs()}
    own = [label for label in LAYERS if label in installed]
    assert {"core", "ledger", "log", "evidence", "casework"} <= set(own)
    call_command("makemigrations", *own, check=True, dry_run=True)


_BESIDE_A_CHANGE = {"disputes.0003_stop_until"}
"""Migrations whose index is made while they change the form of its table anyway."""


def test_an_upgrade_stops_no_orders():
    """What a later migration adds to a table neither refuses the rows of the version before it, nor
    keeps writes waiting for an index."""
    from django.db import models
    from django.db.migrations import AddField, AddIndex, AlterField, CreateModel
    from django.db.migrations.loader import MigrationLoader

    loader = MigrationLoader(None)
    rooms, added, indexed = {"ledger", "vault", "payments", "market", "disputes"}, {}, set()
    for (app, number), migration in sorted(loader.disk_migrations.items()):
        made = {one.name_lower for one in migration.operations if isinstance(one, CreateModel)}
        for one in migration.operations if app in rooms else ():
            if getattr(one, "model_name_lower", "") in made:
                continue
            if isinstance(one, (AddField, AlterField)):
                column = (app, one.model_name_lower, one.name_lower)
                if isinstance(one, AddField) or column in added:
                    added[column] = one.field
            elif type(one) is AddIndex:
                indexed.add(f"{app}.{number}")
    refusing = {
        column
        for column, field in added.items()
        if not field.null and field.db_default is models.NOT_PROVIDED
    }
    assert added and not refusing
    assert indexed <= _BESIDE_A_CHANGE
