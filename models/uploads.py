"""Sheets that somebody looks at before they apply them: sealed, and gone after an hour."""

from __future__ import annotations

from tortoise import fields
from tortoise.models import Model

from models.people import Person
from models.sealed import SealedText


class SheetUpload(Model):
    """`body` is the file in base64, sealed; `digest` is the SHA-256 of the file itself.

    `kind` is people, or a kind of the recruiting sheets (services.import_drafts.Kind).
    """

    id = fields.BigIntField(primary_key=True)
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name="uploads", on_delete=fields.CASCADE
    )
    kind = fields.CharField(max_length=16, db_default="people")
    filename = fields.CharField(max_length=255)
    digest = fields.CharField(max_length=64)
    body = SealedText("sheet_uploads.body")
    expires_at = fields.DatetimeField(db_index=True)

    class Meta:
        table = "sheet_uploads"
