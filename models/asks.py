"""A question with a deadline to a person or a candidate, and what happens without an answer."""

from __future__ import annotations

from enum import StrEnum

from tortoise import fields
from tortoise.indexes import Index, PartialIndex
from tortoise.models import Model

from models.candidates import Candidate
from models.people import Person


class AskState(StrEnum):
    OPEN = "open"
    ANSWERED = "answered"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


TRANSITIONS: dict[AskState, frozenset[AskState]] = {
    AskState.OPEN: frozenset({AskState.ANSWERED, AskState.EXPIRED, AskState.WITHDRAWN}),
    AskState.EXPIRED: frozenset(),
    AskState.ANSWERED: frozenset(),
    AskState.WITHDRAWN: frozenset(),
}


class Ask(Model):
    """To exactly one of `person` and `candidate`.

    `policy` names its escalation in config; `step` is the next one, due at `next_step_at`.
    """

    id = fields.BigIntField(primary_key=True)
    purpose = fields.CharField(max_length=48)
    message_id = fields.BigIntField(db_index=True)
    person: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name="asks", null=True, on_delete=fields.RESTRICT
    )
    candidate: fields.ForeignKeyNullableRelation[Candidate] = fields.ForeignKeyField(
        "models.Candidate", related_name="asks", null=True, on_delete=fields.RESTRICT
    )
    subject_id = fields.BigIntField()
    state = fields.CharField(max_length=16, db_default="open")
    answer = fields.CharField(max_length=64, null=True)
    opened_at = fields.DatetimeField()
    deadline = fields.DatetimeField()
    answered_at = fields.DatetimeField(null=True)
    policy = fields.CharField(max_length=48)
    step = fields.SmallIntField(db_default=0)
    next_step_at = fields.DatetimeField(null=True)

    class Meta:
        table = "asks"
        indexes = (
            Index(fields=["purpose", "subject_id"], name="asks_subject"),
            PartialIndex(fields=["next_step_at"], name="asks_due", condition={"state": "open"}),
            PartialIndex(fields=["deadline"], name="asks_deadline", condition={"state": "open"}),
        )
