"""Files people sent to prove something: a photo or PDF of a renewed licence. Sealed as a whole."""

from __future__ import annotations

from tortoise import fields
from tortoise.models import Model

from models.people import Person
from models.sealed import SealedText


class Evidence(Model):
    """`body` is the file in base64, sealed; `digest` is the SHA-256 of the file itself.

    The audit log, which is chained, holds the digest: that the file is the one which was checked
    can be proven later. `delete_after` is the day it is no longer needed.
    """

    id = fields.BigIntField(primary_key=True)
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name="evidence", on_delete=fields.CASCADE
    )
    media_type = fields.CharField(max_length=64)
    filename = fields.CharField(max_length=255, db_default="")
    size = fields.IntField()
    digest = fields.CharField(max_length=64)
    body = SealedText("evidence.body")
    sent_at = fields.DatetimeField()
    delete_after = fields.DateField(null=True, db_index=True)

    class Meta:
        table = "evidence"
        unique_together = (("person", "digest"),)


class UploadLink(Model):
    """A way to send a file through the browser, in one person's name; nothing else opens with it.

    `ref` is random and all that the signed address holds. `uses` counts what was sent by it.
    """

    id = fields.BigIntField(primary_key=True)
    ref = fields.CharField(max_length=43, unique=True)
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name="upload_links", on_delete=fields.CASCADE
    )
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    uses = fields.SmallIntField(db_default=0)

    class Meta:
        table = "upload_links"
