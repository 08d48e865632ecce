"""What candidates say, tap and send: a router of its own, no command of staff is open here."""

from __future__ import annotations

from bot.routing import Router

guest_router = Router()
