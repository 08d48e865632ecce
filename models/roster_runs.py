"""Drafting a roster: wishes and leave that go in, and one run of the solver."""

from __future__ import annotations

from enum import StrEnum

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from models.people import Person, Unit


class WishKind(StrEnum):
    LEAVE = "leave"  # granted: binding, `code` says which (年休, 病 …)
    OFF = "off"  # would like to be free
    SHIFT = "shift"  # would like this `code`


class Wish(Model):
    """One person's leave or wish from `first_day` to `last_day`, both included."""

    id = fields.BigIntField(primary_key=True)
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name="wishes", on_delete=fields.CASCADE
    )
    kind = fields.CharField(max_length=8)
    code = fields.CharField(max_length=32, db_default="")
    first_day = fields.DateField()
    last_day = fields.DateField()
    source = fields.CharField(max_length=255, db_default="")  # a sheet's name; "" for chat
    said_at = fields.DatetimeField()
    withdrawn_at = fields.DatetimeField(null=True)

    class Meta:
        table = "wishes"
        indexes = (Index(fields=["person_id", "first_day"], name="wishes_person"),)


class RunState(StrEnum):
    WAITING = "waiting"
    SOLVING = "solving"
    READY = "ready"  # a draft is there, and a card asks the head nurse
    IMPOSSIBLE = "impossible"  # `findings` name the rules that contradict each other
    APPROVED = "approved"
    REFUSED = "refused"
    FAILED = "failed"  # the solver is missing or died; `findings` name the cure
    CANCELLED = "cancelled"


class RosterRun(Model):
    """One attempt at a unit's month. `progress` and `findings` are what people are shown:
    `progress` {seconds, cost, solutions}, `findings` a list of sentences about soft rules with
    their cost, or about what makes it impossible."""

    id = fields.BigIntField(primary_key=True)
    unit: fields.ForeignKeyRelation[Unit] = fields.ForeignKeyField(
        "models.Unit", related_name="roster_runs", on_delete=fields.RESTRICT
    )
    by: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name="roster_runs", on_delete=fields.RESTRICT
    )
    first_day = fields.DateField()
    last_day = fields.DateField()
    seconds = fields.IntField(db_default=60)
    state = fields.CharField(max_length=16, db_default="waiting")
    progress = fields.JSONField[dict[str, object]](db_default="{}")
    findings = fields.JSONField[list[object]](db_default="[]")
    cost = fields.IntField(null=True)
    roster_id = fields.BigIntField(null=True)
    approval_id = fields.BigIntField(null=True)
    asked_at = fields.DatetimeField()
    finished_at = fields.DatetimeField(null=True)

    class Meta:
        table = "roster_runs"
        indexes = (Index(fields=["unit_id", "state"], name="roster_runs_unit"),)
