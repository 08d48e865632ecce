"""One invitation and what becomes of it, until the result is said."""

from __future__ import annotations

from enum import StrEnum

from tortoise import fields
from tortoise.indexes import Index, PartialIndex
from tortoise.models import Model

from models.candidates import Application
from models.people import Person
from models.postings import Slot
from models.sealed import SealedText


class InterviewState(StrEnum):
    INVITED = "invited"  # a seat is held for them, the question is open
    CHOOSING = "choosing"  # that time does not suit; no seat is held, others are offered
    CONFIRMED = "confirmed"  # they said yes to this seat
    HELD = "held"  # somebody says that it took place
    NO_SHOW = "no_show"  # somebody says that they did not come
    DECLINED = "declined"  # they do not want the post any more
    CANCELLED = "cancelled"  # we took it back
    EXPIRED = "expired"  # nobody ever answered


S = InterviewState
OPEN = (S.INVITED, S.CHOOSING, S.CONFIRMED)
SEATED = (S.INVITED, S.CONFIRMED)
TRANSITIONS: dict[InterviewState, frozenset[InterviewState]] = {
    S.INVITED: frozenset({S.CHOOSING, S.CONFIRMED, S.DECLINED, S.CANCELLED, S.EXPIRED}),
    S.CHOOSING: frozenset({S.CONFIRMED, S.DECLINED, S.CANCELLED, S.EXPIRED}),
    # A confirmed seat is kept until another is chosen; a deleted slot opens the choice again.
    S.CONFIRMED: frozenset({S.CONFIRMED, S.CHOOSING, S.HELD, S.NO_SHOW, S.DECLINED, S.CANCELLED}),
    S.NO_SHOW: frozenset({S.CHOOSING, S.DECLINED, S.CANCELLED}),  # asked about kindly, once
    S.HELD: frozenset(),
    S.DECLINED: frozenset(),
    S.CANCELLED: frozenset(),
    S.EXPIRED: frozenset(),
}


class Interview(Model):
    """At most one open interview per application: a guard of the database.

    `offered` are the slots last offered, in the order of their numbers. `unclear` counts replies
    nobody understood. `sequence` is that of the appointment (RFC 5545), one more at each change.
    The result's clock runs from `ended_at` to `result_due_at`; `result_step` is the next
    reminder; `result_provisional` says that the year's holidays are not known yet. `notice_id` is
    the public notice it stands on. `decline_reason` is a key of decline_reasons.toml, "" while
    nothing was said.
    """

    id = fields.BigIntField(primary_key=True)
    ref = fields.CharField(max_length=32, unique=True)
    application: fields.ForeignKeyRelation[Application] = fields.ForeignKeyField(
        "models.Application", related_name="interviews", on_delete=fields.RESTRICT
    )
    slot: fields.ForeignKeyNullableRelation[Slot] = fields.ForeignKeyField(
        "models.Slot", related_name="interviews", null=True, on_delete=fields.RESTRICT
    )
    state = fields.CharField(max_length=16, db_default="invited")
    offered = fields.JSONField[list[int]](db_default="[]")
    offered_at = fields.DatetimeField(null=True)
    unclear = fields.SmallIntField(db_default=0)
    queue_no = fields.SmallIntField(null=True)
    arrived_at = fields.DatetimeField(null=True)
    sequence = fields.SmallIntField(db_default=0)
    invited_by: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name="invitations", on_delete=fields.RESTRICT
    )
    invited_at = fields.DatetimeField()
    answer_by = fields.DatetimeField()
    confirmed_at = fields.DatetimeField(null=True)
    ended_at = fields.DatetimeField(null=True)
    closed_at = fields.DatetimeField(null=True)
    result_due_at = fields.DatetimeField(null=True)
    result_provisional = fields.BooleanField(db_default=False)
    result_step = fields.SmallIntField(db_default=0)
    notice_id = fields.BigIntField(null=True, db_index=True)
    decline_reason = fields.CharField(db_default="", max_length=16)

    class Meta:
        table = "interviews"
        indexes = (
            Index(fields=["application_id", "state"], name="interviews_application"),
            Index(fields=["slot_id", "state"], name="interviews_slot"),
        )


class Scorecard(Model):
    """What one interviewer noted. `scores`: dimension → 1 … 10; `verdict`: hire, reserve, decline.

    `strength` and `comment` are sealed free text.
    """

    id = fields.BigIntField(primary_key=True)
    interview: fields.ForeignKeyRelation[Interview] = fields.ForeignKeyField(
        "models.Interview", related_name="scorecards", on_delete=fields.CASCADE
    )
    interviewer: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name="scorecards", on_delete=fields.RESTRICT
    )
    scores = fields.JSONField[dict[str, float]](db_default="{}")
    verdict = fields.CharField(max_length=16, db_default="")
    strength = SealedText("scorecards.strength", null=True)
    comment = SealedText("scorecards.comment", null=True)
    submitted_at = fields.DatetimeField()

    class Meta:
        table = "scorecards"
        unique_together = (("interview", "interviewer"),)


class TaskState(StrEnum):
    OPEN = "open"
    DONE = "done"
    WITHDRAWN = "withdrawn"  # it settled itself


class CandidateTask(Model):
    """Something a named person must do about a candidate: phone, read a reply, find a paper.

    `kind`: phone, unclear, document, stranger, no_channel, slot_gone, no_show, opted_out.
    `detail` (sealed JSON) holds the words said and what the card shows. `key` makes it happen
    once. `outcome` is what the person reports, one of the kind's buttons.
    """

    id = fields.BigIntField(primary_key=True)
    kind = fields.CharField(max_length=16)
    key = fields.CharField(max_length=128, null=True, unique=True)
    candidate_id = fields.BigIntField(null=True, db_index=True)
    interview_id = fields.BigIntField(null=True, db_index=True)
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name="candidate_tasks", on_delete=fields.RESTRICT
    )
    detail = SealedText("candidate_tasks.detail", null=True)
    state = fields.CharField(max_length=16, db_default="open")
    outcome = fields.CharField(max_length=16, null=True)
    opened_at = fields.DatetimeField()
    due_at = fields.DatetimeField()
    done_at = fields.DatetimeField(null=True)
    done_by_id = fields.BigIntField(null=True)

    class Meta:
        table = "candidate_tasks"
        indexes = (
            PartialIndex(
                fields=["due_at"], name="candidate_tasks_open", condition={"state": "open"}
            ),
        )
