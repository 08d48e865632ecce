"""Read receipts that a platform pushes by itself."""

from __future__ import annotations

from bot.events import MessageRead
from bot.routing import Router
from services.receipts import Receipts

router = Router()


@router.event(MessageRead)
async def message_read(event: MessageRead, receipts: Receipts) -> None:
    await receipts.read(event.platform, event.user, event.message_ids)
