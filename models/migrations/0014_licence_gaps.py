"""Shifts beyond a licence's end, and many people missing in a directory at once."""

from __future__ import annotations

from orjson import loads
from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise.indexes import PartialIndex
from tortoise.migrations import operations as ops

# Of one directory one question at a time is open.
GUARDS = """
CREATE UNIQUE INDEX directory_losses_one ON directory_losses (platform, ended)
 WHERE state = 'asked';
"""
UNDO = "DROP INDEX directory_losses_one;"


class Migration(migrations.Migration):
    dependencies = [("models", "0013_result_notices")]

    operations = [
        ops.CreateModel(
            name="BarredShift",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                (
                    "shift",
                    fields.OneToOneField(
                        "models.Shift",
                        source_field="shift_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="barred",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("first_told_on", fields.DateField()),
                ("told_on", fields.DateField()),
            ],
            options={
                "table": "barred_shifts",
                "app": "models",
                "pk_attr": "id",
                "table_description": "A planned shift beyond a licence's end, and the days it "
                "was first and last told of.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="DirectoryLoss",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("platform", fields.CharField(max_length=16)),
                ("people", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("known", fields.IntField()),
                ("ended", fields.BooleanField(db_default=False)),
                ("state", fields.CharField(db_default="asked", max_length=16)),
                ("asked_at", fields.DatetimeField()),
                ("decided_at", fields.DatetimeField(null=True)),
                ("decided_by_id", fields.BigIntField(null=True)),
            ],
            options={
                "table": "directory_losses",
                "app": "models",
                "pk_attr": "id",
                "table_description": "Many people at once were missing in a directory: nothing "
                "happens before somebody says so.",
            },
            bases=["Model"],
        ),
        ops.AddField(
            model_name="Licence",
            name="digest_due",
            field=fields.BooleanField(db_default=False),
        ),
        ops.AddIndex(
            model_name="Licence",
            index=PartialIndex(
                fields=["id"], name="licences_digest_due", condition={"digest_due": True}
            ),
        ),
        ops.RunSQL(GUARDS, UNDO),
    ]
