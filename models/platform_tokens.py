"""Access tokens of platforms, shared by all replicas; the row's lock keeps fetching single."""

from __future__ import annotations

from tortoise import fields
from tortoise.models import Model


class PlatformToken(Model):
    """One app's token. `token` is encrypted; `generation` grows with every fetch.

    `refused_until` and `refused_code` remember a refusal that only an operator can mend, and
    `refusals` how often in a row it happened.
    """

    app = fields.CharField(max_length=64, primary_key=True)
    token = fields.TextField(default="", db_default="")
    generation = fields.IntField(default=0, db_default=0)
    expires_at = fields.DatetimeField(null=True)
    refused_until = fields.DatetimeField(null=True)
    refused_code = fields.IntField(default=0, db_default=0)
    refusals = fields.IntField(default=0, db_default=0)

    class Meta:
        table = "platform_tokens"
