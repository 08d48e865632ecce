"""An approval that also stands in a person's to-do list on a platform."""

from __future__ import annotations

from enum import StrEnum

from tortoise import fields
from tortoise.models import Model

from models.people import Person


class TodoState(StrEnum):
    """What is wanted, and what is known to be so."""

    WANTED = "wanted"  # to be created
    OPEN = "open"  # the platform has it
    CLOSING = "closing"  # decided: to be marked as done
    CLOSED = "closed"
    GIVEN_UP = "given_up"  # the platform will not have it; the card stands anyway


class Todo(Model):
    """One approval in one person's list. `source_id` makes creating it idempotent there."""

    id = fields.BigIntField(primary_key=True)
    approval_id = fields.BigIntField()
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name="todos", on_delete=fields.CASCADE
    )
    source_id = fields.CharField(max_length=64, unique=True)
    platform_id = fields.CharField(max_length=128, null=True)
    state = fields.CharField(max_length=16, db_default="wanted")
    attempts = fields.SmallIntField(db_default=0)
    retry_at = fields.DatetimeField()
    reason = fields.CharField(max_length=255, null=True)

    class Meta:
        table = "todos"
        unique_together = (("approval_id", "person"),)
        indexes = (("state", "retry_at"),)
