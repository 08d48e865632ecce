"""Licences of staff: what they may do, until when, and what proves it."""

from __future__ import annotations

from enum import StrEnum

from tortoise import fields
from tortoise.indexes import PartialIndex
from tortoise.models import Model

from models.evidence import Evidence
from models.people import Person
from models.sealed import SealedText
from models.shifts import Shift


class LicenceState(StrEnum):
    CURRENT = "current"
    REPLACED = "replaced"  # renewed: the next one names it in `renews_id`
    WITHDRAWN = "withdrawn"  # entered by mistake, or its holder has left


class Licence(Model):
    """One certificate of one person; at most one current of a kind (a guard of the database).

    `kind` is a key of licence_kinds.toml. `valid_to` is the last valid day; `perpetual` is 长期,
    never a far date; with neither the end is not known, and nothing is claimed. `apply_by` is the
    legal deadline for the renewal, counted from `valid_to` when the row is written.
    `next_step_on` is the day the ladder of reminders looks at it again, `step` the last rung that
    was said (in days before the deadline, negative after it; null: none yet). `digest_due`: that
    rung was said to the holder, and not yet to those who answer for them.
    `verified_against` says with what it was compared: 原件, 电子化注册系统 …
    """

    id = fields.BigIntField(primary_key=True)
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name="licences", on_delete=fields.CASCADE
    )
    kind = fields.CharField(max_length=32)
    number = SealedText("licences.number", null=True)
    issuer = fields.CharField(max_length=128, db_default="")
    place = fields.CharField(max_length=128, db_default="")
    scope = fields.CharField(max_length=128, db_default="")
    first_issued = fields.DateField(null=True)
    issued = fields.DateField(null=True)
    valid_to = fields.DateField(null=True)
    perpetual = fields.BooleanField(db_default=False)
    apply_by = fields.DateField(null=True)
    state = fields.CharField(max_length=16, db_default="current")
    step = fields.SmallIntField(null=True)
    digest_due = fields.BooleanField(db_default=False)
    next_step_on = fields.DateField(null=True)
    renews_id = fields.BigIntField(null=True)
    evidence: fields.ForeignKeyNullableRelation[Evidence] = fields.ForeignKeyField(
        "models.Evidence", related_name="licences", null=True, on_delete=fields.SET_NULL
    )
    verified_by: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name="licences_verified", null=True, on_delete=fields.RESTRICT
    )
    verified_at = fields.DatetimeField(null=True)
    verified_against = fields.CharField(max_length=64, db_default="")
    source = fields.CharField(max_length=255, db_default="")
    created_at = fields.DatetimeField()

    class Meta:
        table = "licences"
        indexes = (
            PartialIndex(
                fields=["next_step_on"], name="licences_due", condition={"state": "current"}
            ),
            PartialIndex(
                fields=["id"], name="licences_digest_due", condition={"digest_due": True}
            ),
        )


class BarredShift(Model):
    """A planned shift beyond a licence's end, and the days it was first and last told of."""

    id = fields.BigIntField(primary_key=True)
    shift: fields.OneToOneRelation[Shift] = fields.OneToOneField(
        "models.Shift", related_name="barred", on_delete=fields.CASCADE
    )
    first_told_on = fields.DateField()
    told_on = fields.DateField()

    class Meta:
        table = "barred_shifts"


class RenewalState(StrEnum):
    DRAFT = "draft"  # a picture is here; the licence or the new date is not known yet
    SENT = "sent"  # somebody of the office is asked to compare and accept
    ACCEPTED = "accepted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"  # replaced by a newer picture, or too old


class Renewal(Model):
    """What a nurse sent to prove a renewal: a picture and the new date, until HR decides.

    `kind` is a key of licence_kinds.toml, "" while it is not known; `licence` the one on record
    that would be renewed (null: none is). `issued` and `number` are what the words said of them,
    `against` what the office compared with.
    """

    id = fields.BigIntField(primary_key=True)
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name="renewals", on_delete=fields.CASCADE
    )
    licence: fields.ForeignKeyNullableRelation[Licence] = fields.ForeignKeyField(
        "models.Licence", related_name="renewals", null=True, on_delete=fields.CASCADE
    )
    evidence: fields.ForeignKeyRelation[Evidence] = fields.ForeignKeyField(
        "models.Evidence", related_name="renewals", on_delete=fields.RESTRICT
    )
    kind = fields.CharField(max_length=32, db_default="")
    number = SealedText("renewals.number", null=True)
    issued = fields.DateField(null=True)
    against = fields.CharField(max_length=64, db_default="")
    valid_to = fields.DateField(null=True)
    perpetual = fields.BooleanField(db_default=False)
    state = fields.CharField(max_length=16, db_default="draft")
    approval_id = fields.BigIntField(null=True)
    reason = SealedText("renewals.reason", null=True)
    sent_at = fields.DatetimeField()
    closed_at = fields.DatetimeField(null=True)

    class Meta:
        table = "renewals"
        indexes = (
            PartialIndex(
                fields=["person_id"], name="renewals_draft", condition={"state": "draft"}
            ),
        )
