"""招聘月报 2026-11: a month of recruiting in numbers, for the HR head."""

from __future__ import annotations

from bot.routing import Command, Router
from models.cards import Text
from services.actors import Actor
from services.permissions import Act
from services.recruiting_digest import RecruitingReports

router = Router()


@router.text("招聘月报", act=Act.SEE_RECRUITING, help="recruiting_report", reads=True)
async def month(command: Command, actor: Actor, reports: RecruitingReports) -> Text:
    return Text("\n".join(await reports.asked(actor, command.rest)))
