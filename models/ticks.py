"""When each recurring tick last ran, so that a missed one is caught up and none runs twice."""

from __future__ import annotations

from tortoise import fields
from tortoise.models import Model


class TickRun(Model):
    name = fields.CharField(max_length=48, primary_key=True)
    last_at = fields.DatetimeField()

    class Meta:
        table = "tick_runs"
