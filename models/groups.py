"""Group chats that belong to a unit: where its notices are posted."""

from __future__ import annotations

from enum import StrEnum

from tortoise import fields
from tortoise.models import Model

from models.people import Person, Unit
from models.sealed import SealedText


class GroupDoor(StrEnum):
    """How a group is written to; the value is the channel of the ledger."""

    WECOM_WEBHOOK = "wecom_group"  # a group robot's webhook address
    DINGTALK_WEBHOOK = "dingtalk_webhook"  # a custom robot's address, signed
    DINGTALK_ROBOT = "dingtalk_group"  # the hospital's own robot, a member of the group


# Bytes of UTF-8 that a text may have at each door. WeCom refuses more than 2048 (D99110); DingTalk
# takes 15,000 (S0716), but no template of ours may say more than 4096 characters.
LONGEST_TEXT = {
    GroupDoor.WECOM_WEBHOOK: 2048,
    GroupDoor.DINGTALK_WEBHOOK: 3800,
    GroupDoor.DINGTALK_ROBOT: 3800,
}


class UnitGroup(Model):
    """One group chat of one unit.

    `secret` is JSON and sealed, for whoever holds a webhook's key can post: the key or token with
    its signing secret, or the conversation's id. `secret_index` finds it without opening it.
    A group is never deleted, for its deliveries stay; one that is unbound is not `active`.
    """

    id = fields.BigIntField(primary_key=True)
    unit: fields.ForeignKeyRelation[Unit] = fields.ForeignKeyField(
        "models.Unit", related_name="groups", on_delete=fields.CASCADE
    )
    door = fields.CharField(max_length=32)
    title = fields.CharField(max_length=128, db_default="")
    secret = SealedText("unit_groups.secret")
    secret_index = fields.CharField(max_length=64)
    active = fields.BooleanField(db_default=True)
    added_by: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name="groups_added", null=True, on_delete=fields.SET_NULL
    )
    added_at = fields.DatetimeField()

    class Meta:
        table = "unit_groups"
        unique_together = (("door", "secret_index"),)
