"""What is said of a renewal: its kind, number and issue, and what it was compared with."""

from __future__ import annotations

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from models.sealed import SealedText

# Of one licence of one person only one is being checked, also where none is on record yet.
GUARDS = """
DROP INDEX renewals_one;
CREATE UNIQUE INDEX renewals_one ON renewals (person_id, kind) WHERE state = 'sent';
"""
UNDO = """
DROP INDEX renewals_one;
CREATE UNIQUE INDEX renewals_one ON renewals (licence_id) WHERE state = 'sent';
"""


class Migration(migrations.Migration):
    dependencies = [("models", "0011_call_out_boards")]

    operations = [
        ops.AddField(
            model_name="Renewal",
            name="kind",
            field=fields.CharField(db_default="", max_length=32),
        ),
        ops.AddField(
            model_name="Renewal",
            name="number",
            field=SealedText(null=True, place="renewals.number"),
        ),
        ops.AddField(model_name="Renewal", name="issued", field=fields.DateField(null=True)),
        ops.AddField(
            model_name="Renewal",
            name="against",
            field=fields.CharField(db_default="", max_length=64),
        ),
        ops.RunSQL(GUARDS, UNDO),
    ]
