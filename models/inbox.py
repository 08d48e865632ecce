"""What came in, kept until it is done: the promise behind every 200 we answer."""

from __future__ import annotations

from enum import StrEnum

from tortoise import fields
from tortoise.indexes import PartialIndex
from tortoise.models import Model


class InboxState(StrEnum):
    DONE = "done"
    PENDING = "pending"
    DEAD = "dead"


class InboxEvent(Model):
    """`sender` orders the events of one person. Payload and reply are sealed."""

    id = fields.BigIntField(primary_key=True)
    event_id = fields.CharField(max_length=160, unique=True)
    sender = fields.CharField(max_length=96)
    kind = fields.CharField(max_length=32)
    payload = fields.TextField()
    reply = fields.TextField(null=True)
    state = fields.CharField(max_length=8)
    attempts = fields.SmallIntField(db_default=0)
    retry_at = fields.DatetimeField(null=True)
    error = fields.CharField(max_length=255, null=True)
    received_at = fields.DatetimeField()

    class Meta:
        table = "inbox"
        indexes = (
            PartialIndex(
                fields=["sender", "id"], name="inbox_pending", condition={"state": "pending"}
            ),
        )
