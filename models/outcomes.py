"""What a candidate is told after the interview, who approved the words, and what they answered."""

from __future__ import annotations

from enum import StrEnum

from tortoise import fields
from tortoise.indexes import Index, PartialIndex
from tortoise.models import Model

from models.interviews import Interview
from models.people import Person
from models.postings import Posting
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


class ResultNotice(Model):
    """结果公示: one list of results of a post that was made public; a draft until `published_at`.

    At most one draft per post: a guard of the database. `starts_on` is the day its text names
    first, `text_hash` that of the text that was copied, `open_until` the last day of the term.
    Who is on it is `interviews.notice_id`; each is to be told by `tell_by`. The text itself is
    not kept: it is public, and of those who asked to be forgotten nothing stays here.
    """

    id = fields.BigIntField(primary_key=True)
    posting: fields.ForeignKeyRelation[Posting] = fields.ForeignKeyField(
        "models.Posting", related_name="notices", on_delete=fields.RESTRICT
    )
    text_hash = fields.CharField(max_length=64)
    starts_on = fields.DateField()
    open_until = fields.DateField()
    prepared_by: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name="notices_prepared", on_delete=fields.RESTRICT
    )
    prepared_at = fields.DatetimeField()
    url = fields.CharField(db_default="", max_length=300)
    published_at = fields.DatetimeField(null=True)
    published_by: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name="notices_published", null=True, on_delete=fields.RESTRICT
    )
    tell_by = fields.DatetimeField(null=True)
    covered = fields.SmallIntField(db_default=0)
    passed = fields.SmallIntField(db_default=0)

    class Meta:
        table = "result_notices"
        indexes = (Index(fields=["posting_id", "published_at"], name="result_notices_posting"),)
