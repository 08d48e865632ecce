"""What a platform was asked for in a month, against what the organisation may ask."""

from __future__ import annotations

from tortoise import fields
from tortoise.models import Model


class PlatformMonth(Model):
    """Calls (`api`) or pushes received (`push`) of one organisation in one local month.

    `warned` is the highest share of the quota, in per cent, that the operator was told of;
    `exhausted_at` is when the platform itself said that nothing is left.
    """

    id = fields.BigIntField(primary_key=True)
    platform = fields.CharField(max_length=16)
    month = fields.DateField()  # its first day
    kind = fields.CharField(max_length=8)
    used = fields.BigIntField(db_default=0)
    warned = fields.SmallIntField(db_default=0)
    exhausted_at = fields.DatetimeField(null=True)

    class Meta:
        table = "platform_months"
        unique_together = (("platform", "month", "kind"),)
