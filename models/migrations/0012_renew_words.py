"""What is said of a renewal: its kind, number and issue; the picture may go before the row."""

from __future__ import annotations

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops

from models.sealed import SealedText

# Of one licence of one person only one is being checked, also where none is on record yet.
# The picture's own rule of deletion has to be told to the database by name.
GUARDS = """
ALTER TABLE renewals DROP CONSTRAINT renewals_evidence_id_fkey;
ALTER TABLE renewals ADD CONSTRAINT renewals_evidence_id_fkey
    FOREIGN KEY (evidence_id) REFERENCES evidence (id) ON DELETE SET NULL;
DROP INDEX renewals_one;
CREATE UNIQUE INDEX renewals_one ON renewals (person_id, kind) WHERE state = 'sent';
"""
UNDO = """
ALTER TABLE renewals DROP CONSTRAINT renewals_evidence_id_fkey;
ALTER TABLE renewals ADD CONSTRAINT renewals_evidence_id_fkey
    FOREIGN KEY (evidence_id) REFERENCES evidence (id) ON DELETE RESTRICT;
DROP INDEX renewals_one;
CREATE UNIQUE INDEX renewals_one ON renewals (licence_id) WHERE state = 'sent';
"""


class Migration(migrations.Migration):
    dependencies = [("models", "0011_callouts_board")]

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
        ops.AlterField(
            model_name="Renewal",
            name="evidence",
            field=fields.ForeignKeyField(
                "models.Evidence",
                source_field="evidence_id",
                null=True,
                db_constraint=True,
                to_field="id",
                related_name="renewals",
                on_delete=OnDelete.SET_NULL,
            ),
        ),
        ops.RunSQL(GUARDS, UNDO),
    ]
