"""Access tokens of the platforms, shared by all replicas; fetched by one of them at a time."""

from __future__ import annotations

from tortoise import fields
from tortoise.models import Model


class PlatformToken(Model):
    """`app` is `wecom:CORPID:AGENTID`. The token is sealed; `generation` counts the fetches."""

    app = fields.CharField(max_length=128, primary_key=True)
    token = fields.TextField(null=True)
    generation = fields.IntField(db_default=0)
    expires_at = fields.DatetimeField(null=True)
    refused_until = fields.DatetimeField(null=True)
    refused_code = fields.IntField(db_default=0)

    class Meta:
        table = "platform_tokens"
