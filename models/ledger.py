"""What was to be said to whom, and what is known about its arrival. Never more than is known."""

from __future__ import annotations

from enum import IntEnum, StrEnum

from tortoise import fields
from tortoise.indexes import Index, PartialIndex
from tortoise.models import Model

from models.candidates import Candidate
from models.groups import UnitGroup
from models.people import Person
from models.sealed import SealedText


class Priority(IntEnum):
    """Lower goes first."""

    EMERGENCY = 0
    DECISION = 10
    REMINDER = 20
    DIGEST = 30


class DeliveryState(StrEnum):
    QUEUED = "queued"  # to be sent at or after `not_before`
    SENDING = "sending"  # one worker is at it
    ACCEPTED = "accepted"  # the platform's own code said ok
    SEEN = "seen"  # the platform reported that it was read, or the person touched it
    ANSWERED = "answered"  # the person answered it
    FAILED = "failed"  # it did not and will not arrive on this channel
    UNKNOWN = "unknown"  # timed out or cut off: it may have arrived
    EXPIRED = "expired"  # too late to be useful, not sent
    WITHDRAWN = "withdrawn"  # no longer true, not sent (or taken back)
    SUPPRESSED = "suppressed"  # quiet hours or budget left no useful moment


S = DeliveryState
TRANSITIONS: dict[DeliveryState, frozenset[DeliveryState]] = {
    S.QUEUED: frozenset({S.SENDING, S.EXPIRED, S.WITHDRAWN, S.SUPPRESSED, S.FAILED}),
    # Back to queued after a passing fault, or when the sender died before it called anybody.
    S.SENDING: frozenset({S.ACCEPTED, S.FAILED, S.UNKNOWN, S.QUEUED}),
    # Customer service tells afterwards of what it accepted and could not bring.
    S.ACCEPTED: frozenset({S.SEEN, S.ANSWERED, S.WITHDRAWN, S.FAILED}),
    S.SEEN: frozenset({S.ANSWERED, S.WITHDRAWN}),
    # A tap proves that it arrived; the duplicate check lets a repeat settle the question, and a
    # receipt that the platform gives later either way.
    S.UNKNOWN: frozenset({S.SENDING, S.ACCEPTED, S.SEEN, S.ANSWERED, S.WITHDRAWN, S.FAILED}),
    S.ANSWERED: frozenset(),
    S.FAILED: frozenset(),
    S.EXPIRED: frozenset(),
    S.WITHDRAWN: frozenset(),
    S.SUPPRESSED: frozenset(),
}


class Message(Model):
    """One content. What it says is rendered from its subject when it is sent, not before.

    `dedupe_key` makes a purpose happen once (`shifts.reminder:42`). `context` carries what the
    subject's own rows do not say.
    """

    id = fields.BigIntField(primary_key=True)
    purpose = fields.CharField(max_length=48)
    subject_id = fields.BigIntField()
    dedupe_key = fields.CharField(max_length=128, null=True, unique=True)
    context = SealedText("messages.context", null=True)
    priority = fields.SmallIntField()
    created_at = fields.DatetimeField()
    withdrawn_at = fields.DatetimeField(null=True)

    class Meta:
        table = "messages"
        indexes = (Index(fields=["purpose", "subject_id"], name="messages_subject"),)


class Delivery(Model):
    """One content to one person, one unit's group chat or one candidate, on one channel.

    A candidate's address is their id: what it stands for is sealed, and opened when it is sent.
    `platform_id` is the platform's id of this delivery alone, where a call has none for all.
    """

    id = fields.BigIntField(primary_key=True)
    message: fields.ForeignKeyRelation[Message] = fields.ForeignKeyField(
        "models.Message", related_name="deliveries", on_delete=fields.CASCADE
    )
    person: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name="deliveries", null=True, on_delete=fields.RESTRICT
    )
    group: fields.ForeignKeyNullableRelation[UnitGroup] = fields.ForeignKeyField(
        "models.UnitGroup", related_name="deliveries", null=True, on_delete=fields.RESTRICT
    )
    candidate: fields.ForeignKeyNullableRelation[Candidate] = fields.ForeignKeyField(
        "models.Candidate", related_name="deliveries", null=True, on_delete=fields.RESTRICT
    )
    channel = fields.CharField(max_length=32)
    address = fields.CharField(max_length=64, db_default="")
    state = fields.CharField(max_length=16, db_default="queued")
    priority = fields.SmallIntField()
    not_before = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    attempts = fields.SmallIntField(db_default=0)
    claimed_by = fields.BigIntField(null=True)
    claimed_at = fields.DatetimeField(null=True)
    send_id = fields.BigIntField(null=True, db_index=True)
    platform_id = fields.CharField(max_length=255, null=True, db_index=True)
    repeat_until = fields.DatetimeField(null=True)  # an unknown send may be repeated safely
    code = fields.IntField(null=True)
    reason = fields.CharField(max_length=255, null=True)

    class Meta:
        table = "deliveries"
        indexes = (
            PartialIndex(
                fields=["channel", "priority", "not_before", "id"],
                name="deliveries_due",
                condition={"state": "queued"},
            ),
            PartialIndex(
                fields=["person_id"], name="deliveries_sending", condition={"state": "sending"}
            ),
            Index(fields=["person_id", "claimed_at"], name="deliveries_person"),
            Index(fields=["message_id"], name="deliveries_message"),
            Index(fields=["candidate_id"], name="deliveries_candidate"),
        )


class DeliveryEvent(Model):
    """The history of a delivery, one row a change."""

    id = fields.BigIntField(primary_key=True)
    delivery_id = fields.BigIntField(db_index=True)
    state = fields.CharField(max_length=16)
    at = fields.DatetimeField()
    detail = fields.CharField(max_length=255, null=True)

    class Meta:
        table = "delivery_events"


class Send(Model):
    """One call to a platform: equal content to many. Its `task_id` is what a tap names.

    `code` is the short form of the task id that people can write. `response_code` can redraw the
    card within 72 h; it is null when spent and empty when there never was one. `repeatable`
    sends reach nobody twice when repeated. `asked_at` is when receipts were last asked for.
    """

    id = fields.BigIntField(primary_key=True)
    channel = fields.CharField(max_length=32)
    task_id = fields.CharField(max_length=64, unique=True)
    code = fields.CharField(max_length=8, null=True, db_index=True)
    platform_message_id = fields.CharField(max_length=512, null=True, db_index=True)
    response_code = fields.CharField(max_length=512, null=True)
    is_card = fields.BooleanField(db_default=False)
    repeatable = fields.BooleanField(db_default=True)
    asked_at = fields.DatetimeField(null=True)
    first_at = fields.DatetimeField()
    accepted_at = fields.DatetimeField(null=True)

    class Meta:
        table = "sends"


class ChannelPause(Model):
    """A channel that rests until an instant: a rate-limit window or a fault to be mended."""

    channel = fields.CharField(max_length=32, primary_key=True)
    until = fields.DatetimeField()
    code = fields.IntField()
    reason = fields.CharField(max_length=255)
    cure = fields.CharField(max_length=512, db_default="")

    class Meta:
        table = "channel_pauses"


class ChannelUsage(Model):
    """Person-times a channel used on one local day, against the platform's daily cap."""

    id = fields.BigIntField(primary_key=True)
    channel = fields.CharField(max_length=32)
    day = fields.DateField()
    used = fields.IntField(db_default=0)

    class Meta:
        table = "channel_usage"
        unique_together = (("channel", "day"),)


class Worker(Model):
    """A process that works. While it lives it holds the advisory lock of its id.

    `engine_id` is the name under which it picks jobs from the queue.
    """

    id = fields.BigIntField(primary_key=True)
    name = fields.CharField(max_length=128)
    engine_id = fields.UUIDField()
    started_at = fields.DatetimeField()

    class Meta:
        table = "workers"
