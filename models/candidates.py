"""People who apply for a post: outside the organisation, without an account, mostly unknown."""

from __future__ import annotations

from enum import IntEnum, StrEnum

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from models.people import Person
from models.postings import Posting
from models.sealed import SealedText


class Stage(StrEnum):
    """How far an application has come; keys of the candidates' sheet as well."""

    NEW = "new"
    SHORTLISTED = "shortlisted"
    INVITED = "invited"
    INTERVIEW = "interview"  # a time is confirmed
    INTERVIEWED = "interviewed"
    OFFERED = "offered"
    DECLINED = "declined"  # we said no
    WITHDRAWN = "withdrawn"  # they said no


class Candidate(Model):
    """All that names a person is sealed; after erasure only id, `ref` and `erased_at` remain.

    `ref` is random and the only name of a candidate that leaves the house. `title` is how they
    said they are addressed (ms, mr …), never guessed. `keep_until` is the last day of the record
    (PIPL art. 19); with `pool_consent_at` they agreed to be kept until `pool_until`.
    """

    id = fields.BigIntField(primary_key=True)
    ref = fields.CharField(max_length=32, unique=True)
    name = SealedText("candidates.name", null=True)
    name_index = fields.CharField(max_length=64, null=True, db_index=True)
    phone = SealedText("candidates.phone", null=True)
    phone_index = fields.CharField(max_length=64, null=True, unique=True)
    email = SealedText("candidates.email", null=True)
    email_index = fields.CharField(max_length=64, null=True, db_index=True)
    title = fields.CharField(max_length=16, db_default="")
    source = fields.CharField(max_length=64, db_default="")
    external_system = fields.CharField(max_length=32, null=True)
    external_id = fields.CharField(max_length=64, null=True)
    told_at = fields.DatetimeField(null=True)  # when the notice of PIPL art. 17 went out
    consent_at = fields.DatetimeField(null=True)
    keep_until = fields.DateField()
    pool_consent_at = fields.DatetimeField(null=True)
    pool_until = fields.DateField(null=True, db_index=True)
    opted_out_at = fields.DatetimeField(null=True)  # wants no more messages
    erased_at = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "candidates"
        unique_together = (("external_system", "external_id"),)
        indexes = (Index(fields=["keep_until"], name="candidates_keep"),)


class Application(Model):
    """One candidate for one post. `profile` (sealed JSON) holds what the CV says of the work:
    years, degree, major, school, licence, employer, summary.

    `match_points` (sealed JSON, a list of sentences) are those HR ticked; without one no
    invitation leaves.
    """

    id = fields.BigIntField(primary_key=True)
    candidate: fields.ForeignKeyRelation[Candidate] = fields.ForeignKeyField(
        "models.Candidate", related_name="applications", on_delete=fields.RESTRICT
    )
    posting: fields.ForeignKeyRelation[Posting] = fields.ForeignKeyField(
        "models.Posting", related_name="applications", on_delete=fields.RESTRICT
    )
    stage = fields.CharField(max_length=16, db_default="new")
    profile = SealedText("applications.profile", null=True)
    match_points = SealedText("applications.match_points", null=True)
    matched_by: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name="matches", null=True, on_delete=fields.RESTRICT
    )
    matched_at = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "applications"
        unique_together = (("candidate", "posting"),)


class EntryLink(Model):
    """A way in for somebody without an account. `ref` stands in signed links, `code` in texts.

    Both name the same row; whether it is still open is decided here, not by the signature.
    """

    id = fields.BigIntField(primary_key=True)
    ref = fields.CharField(max_length=32, unique=True)
    code = fields.CharField(max_length=12, unique=True)
    candidate: fields.ForeignKeyRelation[Candidate] = fields.ForeignKeyField(
        "models.Candidate", related_name="links", on_delete=fields.CASCADE
    )
    interview_id = fields.BigIntField(null=True)
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField(db_index=True)
    opened_at = fields.DatetimeField(null=True)

    class Meta:
        table = "entry_links"


class ChatState(IntEnum):
    """Who has a chat of 微信客服, by the platform's own numbers (D94669)."""

    UNTOUCHED = 0  # they wrote, and nobody has been given it: the bot may answer
    BOT = 1
    WAITING = 2  # in the pool, for whichever servicer takes it
    HUMAN = 3
    ENDED = 4  # or not begun: their next words make it untouched


class KfContact(Model):
    """A WeChat user in one account of 微信客服, and the window in which we may write to them.

    48 hours and five messages after `last_said_at` (the platform's rule, wecom.md §6); `sent`
    counts what was accepted since. `candidate` is empty until a sealed link or HR says who it is.
    `state` (ChatState) and `servicer` (a userid of WeCom, while it is HUMAN) are what the platform
    last told us, at `state_at`.
    """

    id = fields.BigIntField(primary_key=True)
    open_kfid = fields.CharField(max_length=64)
    external_user = SealedText("kf_contacts.external_user", null=True)
    user_index = fields.CharField(max_length=64)
    candidate: fields.ForeignKeyNullableRelation[Candidate] = fields.ForeignKeyField(
        "models.Candidate", related_name="kf_contacts", null=True, on_delete=fields.SET_NULL
    )
    last_said_at = fields.DatetimeField(null=True)
    sent = fields.SmallIntField(db_default=0)
    state = fields.SmallIntField(db_default=0)
    servicer = fields.CharField(max_length=64, db_default="")
    state_at = fields.DatetimeField(null=True)
    entered_at = fields.DatetimeField(null=True)

    class Meta:
        table = "kf_contacts"
        unique_together = (("open_kfid", "user_index"),)


class KfTransfer(Model):
    """A wish that a chat goes to a colleague, into the pool, or back to the bot, and its end.

    `target` is a ChatState; `person` who is to have it (only for HUMAN), `asked_by` who tapped,
    empty where the hospital's setting asked. `state`: asked, done, refused, overtaken. A row that
    is asked is carried out when `retry_at` is past; `called_at` says that the platform was told to
    move it, so that after a crash it is asked before it is told again.
    """

    id = fields.BigIntField(primary_key=True)
    contact: fields.ForeignKeyRelation[KfContact] = fields.ForeignKeyField(
        "models.KfContact", related_name="transfers", on_delete=fields.CASCADE
    )
    task_id = fields.BigIntField(null=True, db_index=True)
    target = fields.SmallIntField()
    person: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name="chats_taken", null=True, on_delete=fields.RESTRICT
    )
    asked_by: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name="chats_moved", null=True, on_delete=fields.RESTRICT
    )
    state = fields.CharField(max_length=16, db_default="asked")
    code = fields.IntField(db_default=0)
    attempts = fields.SmallIntField(db_default=0)
    asked_at = fields.DatetimeField()
    retry_at = fields.DatetimeField()
    called_at = fields.DatetimeField(null=True)
    ended_at = fields.DatetimeField(null=True)

    class Meta:
        table = "kf_transfers"


class KfCursor(Model):
    """Up to where an account's messages were pulled and handled."""

    open_kfid = fields.CharField(max_length=64, primary_key=True)
    cursor = fields.CharField(max_length=512)

    class Meta:
        table = "kf_cursors"
