"""Who did what, when. Rows are only ever added; seals chain them so that tampering shows."""

from __future__ import annotations

from tortoise import fields
from tortoise.models import Model


class AuditRow(Model):
    """`actor` is `person:42`, `system` or `cli`; `subject` is `swaps:7`. No secret, no phone."""

    id = fields.BigIntField(primary_key=True)
    at = fields.DatetimeField()
    actor = fields.CharField(max_length=64)
    action = fields.CharField(max_length=64)
    subject = fields.CharField(max_length=64, db_index=True)
    detail = fields.JSONField[dict[str, object]](db_default="{}")

    class Meta:
        table = "audit_rows"


class AuditSeal(Model):
    """Link `seal_no` of the chain: SHA-256 over the previous hash and one audit row."""

    seal_no = fields.BigIntField(primary_key=True)
    audit_id = fields.BigIntField(unique=True)
    hash = fields.CharField(max_length=64)

    class Meta:
        table = "audit_seals"
