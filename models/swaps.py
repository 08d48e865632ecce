"""An exchange of shifts between two colleagues, from the first word to the roster."""

from __future__ import annotations

from enum import StrEnum

from tortoise import fields
from tortoise.models import Model

from models.people import Person, Unit
from models.sealed import SealedText
from models.shifts import Shift


class SwapState(StrEnum):
    ASKED = "asked"
    ACCEPTED = "accepted"
    APPROVED = "approved"
    DECLINED = "declined"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


OPEN = (SwapState.ASKED, SwapState.ACCEPTED)

TRANSITIONS: dict[SwapState, frozenset[SwapState]] = {
    SwapState.ASKED: frozenset(
        {SwapState.ACCEPTED, SwapState.DECLINED, SwapState.WITHDRAWN, SwapState.EXPIRED}
    ),
    SwapState.ACCEPTED: frozenset(
        {SwapState.APPROVED, SwapState.REFUSED, SwapState.WITHDRAWN, SwapState.EXPIRED}
    ),
}


class Swap(Model):
    """`give` goes from requester to colleague; `take`, if any, the other way."""

    id = fields.BigIntField(primary_key=True)
    unit: fields.ForeignKeyRelation[Unit] = fields.ForeignKeyField(
        "models.Unit", related_name="swaps", on_delete=fields.RESTRICT
    )
    requester: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name="swaps_asked", on_delete=fields.RESTRICT
    )
    colleague: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name="swaps_received", on_delete=fields.RESTRICT
    )
    give: fields.ForeignKeyRelation[Shift] = fields.ForeignKeyField(
        "models.Shift", related_name="swaps_giving", on_delete=fields.RESTRICT
    )
    take: fields.ForeignKeyNullableRelation[Shift] = fields.ForeignKeyField(
        "models.Shift", related_name="swaps_taking", null=True, on_delete=fields.RESTRICT
    )
    state = fields.CharField(max_length=16, db_default="asked")
    reason = SealedText("swaps.reason", null=True)
    approval_id = fields.BigIntField(null=True)
    opened_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    closed_at = fields.DatetimeField(null=True)

    class Meta:
        table = "swaps"
