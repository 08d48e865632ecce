"""Units, persons, what they may do and under which platform names they are known."""

from __future__ import annotations

from enum import StrEnum

from tortoise import fields
from tortoise.indexes import PartialIndex
from tortoise.models import Model

from models.sealed import SealedText

WARD = "ward"  # Unit.kind where the work is clinical


class Role(StrEnum):
    """The three permission levels; staff is everybody who works here."""

    HR_HEAD = "hr_head"
    MANAGER = "manager"
    STAFF = "staff"


class Unit(Model):
    """A ward or department. `shift_codes` overrides the shipped code table (same shape).

    `staffing` is the least a ward needs: a list of `{"code": "A", "least": 3}`, where `code` is a
    code of the ward or a kind of shift (day, evening, night); `days` may name weekdays (1 … 7,
    else every day), `level` the least level and `senior` how many must have it.
    """

    id = fields.BigIntField(primary_key=True)
    code = fields.CharField(max_length=64, unique=True)
    name = fields.CharField(max_length=128)
    kind = fields.CharField(max_length=16, db_default="ward")
    shift_codes = fields.JSONField[dict[str, object]](db_default="{}")
    staffing = fields.JSONField[list[dict[str, object]]](db_default="[]")

    class Meta:
        table = "units"


class Person(Model):
    """Somebody who works here. Phones and health conditions are sealed.

    `skills` are keys of skills.toml. `travel_minutes` is how long they say they need to come.
    `leaves_on` is the last day of work, once HR has entered it; all access ends with that day.
    """

    id = fields.BigIntField(primary_key=True)
    staff_no = fields.CharField(max_length=64, unique=True)
    name = fields.CharField(max_length=64)
    unit: fields.ForeignKeyNullableRelation[Unit] = fields.ForeignKeyField(
        "models.Unit", related_name="people", null=True, on_delete=fields.RESTRICT
    )
    level = fields.CharField(max_length=32, db_default="")
    title = fields.CharField(max_length=64, db_default="")
    employment = fields.CharField(max_length=16, db_default="")
    phone = SealedText("persons.phone", null=True)
    phone_index = fields.CharField(max_length=64, null=True, db_index=True)
    protected_until = SealedText("persons.protected_until", null=True)
    preferred_channel = fields.CharField(max_length=32, null=True)
    skills = fields.JSONField[list[str]](db_default="[]")
    travel_minutes = fields.SmallIntField(null=True)
    active = fields.BooleanField(db_default=True)
    left_at = fields.DatetimeField(null=True)
    leaves_on = fields.DateField(null=True)

    class Meta:
        table = "persons"
        indexes = (
            PartialIndex(fields=["leaves_on"], name="persons_leaving", condition={"active": True}),
        )


class Grant(Model):
    """A level above staff. A manager's grant names the unit; the HR head's does not."""

    id = fields.BigIntField(primary_key=True)
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name="grants", on_delete=fields.CASCADE
    )
    role = fields.CharField(max_length=16)
    unit: fields.ForeignKeyNullableRelation[Unit] = fields.ForeignKeyField(
        "models.Unit", related_name="grants", null=True, on_delete=fields.CASCADE
    )

    class Meta:
        table = "grants"
        unique_together = (("person", "role", "unit"),)


class Identity(Model):
    """The name a platform knows a person by; `rank` 0 is tried first.

    `union_id` is DingTalk's second name of the same person, which its to-do list asks for.
    """

    id = fields.BigIntField(primary_key=True)
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name="identities", on_delete=fields.CASCADE
    )
    platform = fields.CharField(max_length=16)
    user_id = fields.CharField(max_length=64)
    union_id = fields.CharField(max_length=64, null=True)
    rank = fields.SmallIntField(db_default=0)

    class Meta:
        table = "identities"
        unique_together = (("platform", "user_id"), ("person", "platform"))


class Deputy(Model):
    """Who decides in a manager's place, and between which days (both included)."""

    id = fields.BigIntField(primary_key=True)
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name="deputies", on_delete=fields.CASCADE
    )
    deputy: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name="deputises_for", on_delete=fields.CASCADE
    )
    first_day = fields.DateField()
    last_day = fields.DateField()

    class Meta:
        table = "deputies"


class SignInToken(Model):
    """A one-time link into the console (`link`) or what came of it (`session`), as a hash."""

    token_hash = fields.CharField(max_length=64, primary_key=True)
    kind = fields.CharField(max_length=8)
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name="sign_in_tokens", on_delete=fields.CASCADE
    )
    expires_at = fields.DatetimeField()
    used_at = fields.DatetimeField(null=True)

    class Meta:
        table = "sign_in_tokens"


class LossState(StrEnum):
    """What became of the question whether many people have really left."""

    ASKED = "asked"
    WRONG = "wrong"  # the directory was read wrongly, for example with a smaller range
    CONFIRMED = "confirmed"  # they have left: access ended, lists were opened
    OVER = "over"  # another night found other people, or nobody


class DirectoryLoss(Model):
    """Many people at once were missing in a directory: nothing happens before somebody says so.

    `people` are the ids of persons, `known` how many active accounts there were. `ended`: the
    platform itself told us of each, so that their access has ended; only the lists wait.
    """

    id = fields.BigIntField(primary_key=True)
    platform = fields.CharField(max_length=16)
    people = fields.JSONField[list[int]]()
    known = fields.IntField()
    ended = fields.BooleanField(db_default=False)
    state = fields.CharField(max_length=16, db_default="asked")
    asked_at = fields.DatetimeField()
    decided_at = fields.DatetimeField(null=True)
    decided_by_id = fields.BigIntField(null=True)

    class Meta:
        table = "directory_losses"
