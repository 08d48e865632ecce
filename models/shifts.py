"""Rosters as they were imported and published, and the shifts that follow from them."""

from __future__ import annotations

from enum import StrEnum

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from models.people import Person, Unit


class RosterState(StrEnum):
    DRAFT = "draft"
    PUBLISHED = "published"
    DISCARDED = "discarded"


class ShiftState(StrEnum):
    PLANNED = "planned"
    CANCELLED = "cancelled"


class Roster(Model):
    """One version of a unit's roster for a period. A published one never changes.

    Versions count what was published; a draft has none. A version may hold only some cells (a
    swap does): for each person and day the newest published version that has a cell holds.
    """

    id = fields.BigIntField(primary_key=True)
    unit: fields.ForeignKeyRelation[Unit] = fields.ForeignKeyField(
        "models.Unit", related_name="rosters", on_delete=fields.RESTRICT
    )
    version = fields.IntField(null=True)
    first_day = fields.DateField()
    last_day = fields.DateField()
    state = fields.CharField(max_length=16, db_default="draft")
    source = fields.CharField(max_length=255)
    source_hash = fields.CharField(max_length=64)
    preview = fields.JSONField[dict[str, object]](db_default="{}")
    created_by: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name="rosters_drafted", null=True, on_delete=fields.RESTRICT
    )
    created_at = fields.DatetimeField()
    published_by: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name="rosters_published", null=True, on_delete=fields.RESTRICT
    )
    published_at = fields.DatetimeField(null=True)

    class Meta:
        table = "rosters"
        unique_together = (("unit", "version"),)


class RosterCell(Model):
    """One person's codes on one day, in one roster version; the order in the cell is kept."""

    id = fields.BigIntField(primary_key=True)
    roster: fields.ForeignKeyRelation[Roster] = fields.ForeignKeyField(
        "models.Roster", related_name="cells", on_delete=fields.CASCADE
    )
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name="roster_cells", on_delete=fields.RESTRICT
    )
    day = fields.DateField()
    codes = fields.JSONField[list[str]]()

    class Meta:
        table = "roster_cells"
        unique_together = (("roster", "person", "day"),)


class Shift(Model):
    """One stretch of work of one person: a start instant and an end, nights included.

    `day` is the roster's day (a night may start on the next one); `hours` is how it reads, e.g.
    `19:30–次日08:00`. A changed shift is cancelled and replaced, never edited: reminders, asks and
    swaps point at exactly what was agreed.
    """

    id = fields.BigIntField(primary_key=True)
    unit: fields.ForeignKeyRelation[Unit] = fields.ForeignKeyField(
        "models.Unit", related_name="shifts", on_delete=fields.RESTRICT
    )
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name="shifts", on_delete=fields.RESTRICT
    )
    day = fields.DateField()
    code = fields.CharField(max_length=32)
    name = fields.CharField(max_length=32)
    kind = fields.CharField(max_length=16)
    role = fields.CharField(max_length=32, db_default="")
    starts_at = fields.DatetimeField()
    ends_at = fields.DatetimeField()
    hours = fields.CharField(max_length=64)
    counted_minutes = fields.IntField(db_default=0)
    state = fields.CharField(max_length=16, db_default="planned")
    remind_at = fields.DatetimeField(null=True)
    roster_id = fields.BigIntField(null=True)

    class Meta:
        table = "shifts"
        indexes = (
            Index(fields=["person_id", "starts_at"], name="shifts_person_start"),
            Index(fields=["unit_id", "day"], name="shifts_unit_day"),
        )
