"""Posts to be filled, and the times at which candidates for them can be seen."""

from __future__ import annotations

from enum import StrEnum

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from models.people import Person, Unit


class PostingState(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


class SlotState(StrEnum):
    OPEN = "open"
    CANCELLED = "cancelled"


class Posting(Model):
    """One post. `work` is a key of services.salutation.Work; `recruiter` answers for it.

    `documents` are what to bring; `facts` (place, map, parking, transport, phone, contact,
    duration, dress …) answer candidates' questions; `match_rules` are sentences such as
    您有3年急诊科护士经验 with blanks, of which HR ticks at least one before an invitation.

    With `notice_within` its results are made public (公示) so many working days after an
    interview, and stay so for `notice_open` working days, usually at `notice_url`; people stand
    there by number, with `notice_names` also by their family name (李**).
    """

    id = fields.BigIntField(primary_key=True)
    code = fields.CharField(max_length=64, unique=True)
    title = fields.CharField(max_length=64)
    unit: fields.ForeignKeyNullableRelation[Unit] = fields.ForeignKeyField(
        "models.Unit", related_name="postings", null=True, on_delete=fields.RESTRICT
    )
    work = fields.CharField(max_length=16, db_default="other")
    recruiter: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name="postings", on_delete=fields.RESTRICT
    )
    documents = fields.JSONField[list[str]](db_default="[]")
    facts = fields.JSONField[dict[str, str]](db_default="{}")
    match_rules = fields.JSONField[list[dict[str, object]]](db_default="[]")
    state = fields.CharField(max_length=16, db_default="open")
    opened_at = fields.DatetimeField()
    closed_at = fields.DatetimeField(null=True)
    notice_within = fields.SmallIntField(null=True)
    notice_open = fields.SmallIntField(db_default=7)
    notice_url = fields.CharField(db_default="", max_length=300)
    notice_names = fields.BooleanField(db_default=False)

    class Meta:
        table = "postings"


class Slot(Model):
    """Seats at one time and place. `taken` never exceeds `capacity`: a guard of the database.

    `group_name` is that of a batch interview (第3组), "" where candidates come one by one.
    """

    id = fields.BigIntField(primary_key=True)
    posting: fields.ForeignKeyRelation[Posting] = fields.ForeignKeyField(
        "models.Posting", related_name="slots", on_delete=fields.RESTRICT
    )
    starts_at = fields.DatetimeField()
    ends_at = fields.DatetimeField()
    place = fields.CharField(max_length=128)
    capacity = fields.SmallIntField(db_default=1)
    taken = fields.SmallIntField(db_default=0)
    group_name = fields.CharField(max_length=32, db_default="")
    state = fields.CharField(max_length=16, db_default="open")

    class Meta:
        table = "slots"
        unique_together = (("posting", "starts_at", "place", "group_name"),)
        indexes = (Index(fields=["posting_id", "starts_at"], name="slots_posting"),)


class SlotInterviewer(Model):
    id = fields.BigIntField(primary_key=True)
    slot: fields.ForeignKeyRelation[Slot] = fields.ForeignKeyField(
        "models.Slot", related_name="interviewers", on_delete=fields.CASCADE
    )
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name="interviewing", on_delete=fields.RESTRICT
    )

    class Meta:
        table = "slot_interviewers"
        unique_together = (("slot", "person"),)
