"""What a candidate is told after the interview, who approved the words, and what they answered."""

from __future__ import annotations

from enum import StrEnum

from tortoise import fields
from tortoise.indexes import PartialIndex
from tortoise.models import Model

from models.interviews import Interview
from models.people import Person
from models.sealed import SealedText


class OutcomeKind(StrEnum):
    PASSED = "passed"
    REJECTED = "rejected"


class OutcomeState(StrEnum):
    ASKED = "asked"  # a manager looks at the text
    WAITING = "waiting"  # approved; leaves at `send_after`, may be withdrawn until then
    SENT = "sent"  # handed to the ledger, which knows the rest
    REFUSED = "refused"  # the manager said no
    WITHDRAWN = "withdrawn"


S = OutcomeState
OPEN = (S.ASKED, S.WAITING, S.SENT)
TRANSITIONS: dict[OutcomeState, frozenset[OutcomeState]] = {
    S.ASKED: frozenset({S.WAITING, S.REFUSED, S.WITHDRAWN}),
    S.WAITING: frozenset({S.SENT, S.WITHDRAWN}),
    S.SENT: frozenset(),
    S.REFUSED: frozenset(),
    S.WITHDRAWN: frozenset(),
}


class Outcome(Model):
    """At most one per interview that is not refused or withdrawn: a guard of the database.

    `text` is sealed and exactly what was approved and what is sent; `text_hash` its SHA-256.
    `facts` (sealed JSON) are those it was written from. `choice` is `keep` or `delete` of the CV.
    """

    id = fields.BigIntField(primary_key=True)
    interview: fields.ForeignKeyRelation[Interview] = fields.ForeignKeyField(
        "models.Interview", related_name="outcomes", on_delete=fields.RESTRICT
    )
    kind = fields.CharField(max_length=16)
    state = fields.CharField(max_length=16, db_default="asked")
    text = SealedText("outcomes.text", null=True)
    text_hash = fields.CharField(max_length=64)
    facts = SealedText("outcomes.facts", null=True)
    prepared_by: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name="outcomes_prepared", on_delete=fields.RESTRICT
    )
    prepared_at = fields.DatetimeField()
    approval_id = fields.BigIntField(null=True)
    send_after = fields.DatetimeField(null=True)
    sent_at = fields.DatetimeField(null=True)
    keep_until = fields.DateField(null=True)
    choice = fields.CharField(max_length=16, null=True)
    chosen_at = fields.DatetimeField(null=True)
    rating_asked_at = fields.DatetimeField(null=True)
    rating = fields.SmallIntField(null=True)
    rated_at = fields.DatetimeField(null=True)

    class Meta:
        table = "outcomes"
        indexes = (
            PartialIndex(
                fields=["send_after"], name="outcomes_waiting", condition={"state": "waiting"}
            ),
        )
