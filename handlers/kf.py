"""The doorbell of customer service: who rang is known after pulling, which is a job's work."""

from __future__ import annotations

import orjson

from bot.events import KfRang
from bot.routing import Router
from models import sealed
from services import jobs

router = Router()
PLACE = "jobs.kf"


@router.event(KfRang)
async def rang(event: KfRang) -> None:
    ring = {"open_kfid": event.open_kfid, "token": event.token}
    await jobs.enqueue(jobs.KF, sealed.ring().seal(PLACE, orjson.dumps(ring).decode()))
