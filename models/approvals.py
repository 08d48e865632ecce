"""A decision that certain people take, once, on exactly what they were shown."""

from __future__ import annotations

from enum import StrEnum

from tortoise import fields
from tortoise.indexes import PartialIndex
from tortoise.models import Model

from models.people import Person
from models.sealed import SealedText


class Rule(StrEnum):
    """Whose yes is needed. One no is always enough to refuse."""

    ANY = "any"
    ALL = "all"
    IN_ORDER = "in_order"


class ApprovalState(StrEnum):
    PENDING = "pending"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


TRANSITIONS: dict[ApprovalState, frozenset[ApprovalState]] = {
    ApprovalState.PENDING: frozenset(set(ApprovalState) - {ApprovalState.PENDING}),
    **{state: frozenset() for state in ApprovalState if state != ApprovalState.PENDING},
}


class Approval(Model):
    """`content` is what was shown; `content_hash` must still match it when it is approved."""

    id = fields.BigIntField(primary_key=True)
    kind = fields.CharField(max_length=48)
    subject_id = fields.BigIntField()
    requester: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name="approvals_requested", on_delete=fields.RESTRICT
    )
    rule = fields.CharField(max_length=16)
    state = fields.CharField(max_length=16, db_default="pending")
    content = SealedText("approvals.content")
    content_hash = fields.CharField(max_length=64)
    opened_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    decided_at = fields.DatetimeField(null=True)
    decided_by: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name="approvals_decided", null=True, on_delete=fields.RESTRICT
    )
    reason = fields.CharField(max_length=200, db_default="")

    class Meta:
        table = "approvals"
        indexes = (
            PartialIndex(
                fields=["expires_at"], name="approvals_pending", condition={"state": "pending"}
            ),
        )


class Approver(Model):
    """One person's part in an approval. `position` matters only for the rule in_order."""

    id = fields.BigIntField(primary_key=True)
    approval: fields.ForeignKeyRelation[Approval] = fields.ForeignKeyField(
        "models.Approval", related_name="approvers", on_delete=fields.CASCADE
    )
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name="approver_of", on_delete=fields.RESTRICT
    )
    position = fields.SmallIntField()
    decision = fields.CharField(max_length=16, null=True)
    decided_at = fields.DatetimeField(null=True)
    decided_by_id = fields.BigIntField(null=True)
    stand_in_id = fields.BigIntField(null=True)  # who else may decide on this seat, once escalated

    class Meta:
        table = "approvers"
        unique_together = (("approval", "person"),)
