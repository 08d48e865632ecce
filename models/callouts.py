"""Call-outs: many are asked at once, a number of places, a time by which they must be there."""

from __future__ import annotations

from enum import StrEnum

from tortoise import fields
from tortoise.indexes import Index, PartialIndex
from tortoise.models import Model

from models.people import Person, Unit


class CallKind(StrEnum):
    VOLUNTARY = "voluntary"
    ORDERED = "ordered"  # 护士条例 art. 19: in an emergency, by the hospital's order
    DRILL = "drill"  # by day, measures the answer curve; nobody comes


class CallState(StrEnum):
    ASKING = "asking"
    FULL = "full"  # the quota is met; a cancellation opens it again
    CANCELLED = "cancelled"
    ENDED = "ended"  # its time has come; a place may still be given back


CALL_OPEN = (CallState.ASKING, CallState.FULL)


class AnswerState(StrEnum):
    ASKED = "asked"
    YES = "yes"  # has a place; `eta` may say later than wanted
    NO = "no"
    TOO_LATE = "too_late"  # wanted to come when every place was taken
    BARRED = "barred"  # wanted to come, and may not any more: a shift, leave, a licence …
    LEFT = "left"  # had a place and gave it back
    STOOD_DOWN = "stood_down"  # no longer needed, and told so


class CallOut(Model):
    """`taken` of `needed` places; both are guarded by the database, so that no race passes them.

    `place_key` is the place as it is compared: one open call-out per place. `report_at` is when
    they must be there. `skill` is a key of skills.toml, "" for anybody clinical. `wave` counts the
    waves sent; `next_wave_at` is the next look. `curve` is what was measured when it ended:
    `[[seconds, share], …]`, share of those asked who had said yes.
    `short_at` is set once, when it was said that the quota will not be reached. `board_at` is when
    the launcher's card was last redrawn (null: it is to be redrawn).
    """

    id = fields.BigIntField(primary_key=True)
    unit: fields.ForeignKeyNullableRelation[Unit] = fields.ForeignKeyField(
        "models.Unit", related_name="call_outs", null=True, on_delete=fields.RESTRICT
    )
    by: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name="call_outs", on_delete=fields.RESTRICT
    )
    kind = fields.CharField(max_length=16)
    place = fields.CharField(max_length=128)
    place_key = fields.CharField(max_length=128)
    skill = fields.CharField(max_length=32, db_default="")
    reason = fields.CharField(max_length=255, db_default="")
    needed = fields.IntField()
    taken = fields.IntField(db_default=0)
    report_at = fields.DatetimeField()
    ends_at = fields.DatetimeField()  # until when they are needed there: what the rest rules see
    state = fields.CharField(max_length=16, db_default="asking")
    wave = fields.SmallIntField(db_default=0)
    next_wave_at = fields.DatetimeField(null=True)
    launched_at = fields.DatetimeField()
    full_at = fields.DatetimeField(null=True)
    closed_at = fields.DatetimeField(null=True)
    short_at = fields.DatetimeField(null=True)
    board_at = fields.DatetimeField(null=True)
    curve = fields.JSONField[list[list[float]]](null=True)

    class Meta:
        table = "call_outs"
        indexes = (
            PartialIndex(
                fields=["next_wave_at"], name="call_outs_next", condition={"state": "asking"}
            ),
        )


class CallAnswer(Model):
    """One person who was asked, in which wave, and what they said: the fairness ledger as well."""

    id = fields.BigIntField(primary_key=True)
    call_out: fields.ForeignKeyRelation[CallOut] = fields.ForeignKeyField(
        "models.CallOut", related_name="answers", on_delete=fields.CASCADE
    )
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name="call_answers", on_delete=fields.CASCADE
    )
    wave = fields.SmallIntField()
    state = fields.CharField(max_length=16, db_default="asked")
    asked_at = fields.DatetimeField()
    answered_at = fields.DatetimeField(null=True)
    eta = fields.DatetimeField(null=True)
    second_channel_at = fields.DatetimeField(null=True)

    class Meta:
        table = "call_answers"
        unique_together = (("call_out", "person"),)
        indexes = (Index(fields=["person_id", "asked_at"], name="call_answers_person"),)
