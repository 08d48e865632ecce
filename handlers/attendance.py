"""拉取钉钉排班 12月: a head nurse has her ward's roster read from DingTalk's attendance."""

from __future__ import annotations

import calendar
import hashlib
import re
from collections.abc import Mapping
from datetime import date

from bot.routing import Command, Router
from handlers.swap_words import read_day
from message_templates.catalogue import Catalogue
from models.cards import Text
from models.clock import SHANGHAI, Clock
from services.actors import Actor
from services.attendance_pull import AttendancePull
from services.permissions import Act
from services.units import allowed

router = Router()

MOST = 8  # units named in one answer

_MONTH = re.compile(r"(?:(20\d\d)年)?(1[0-2]|0?[1-9])月(?:份)?")
_RELATIVE = {"本月": 0, "这个月": 0, "下月": 1, "下个月": 1}


@router.text("拉取钉钉排班", "拉取排班", act=Act.IMPORT_ROSTER, help="pull")
async def pull(
    command: Command, actor: Actor, pulls: AttendancePull, words: Catalogue, clock: Clock
) -> Text:
    units = {row["id"]: row["name"] for row in await allowed(actor, Act.IMPORT_ROSTER)}
    today = clock.now().astimezone(SHANGHAI).date()
    unit_id, rest = _unit(command.rest, units)
    days = _days(rest, today)
    if unit_id is None or days is None:
        facts = {"month": today.month, "units": list(units.values())[:MOST]}
        return Text(words.phrase("replies", "pull_how", **facts))
    wish = hashlib.sha256(command.event.event_id.encode()).hexdigest()[:32]
    first, last = days
    unit = await pulls.ask(actor, unit_id, first, last, wish)
    facts = {"unit": unit, "first": first, "last": last}
    return Text(words.phrase("replies", "pull_asked", **facts))


def _unit(text: str, units: Mapping[int, str]) -> tuple[int | None, str]:
    """The unit that the text begins with; unsaid it is the only one, or nobody knows which."""
    for unit_id, name in sorted(units.items(), key=lambda unit: -len(unit[1])):
        if text.startswith(name):
            return unit_id, text[len(name) :].strip()
    return (next(iter(units)) if len(units) == 1 else None), text


def _days(text: str, today: date) -> tuple[date, date] | None:
    """A month (the nearest of that number), or two days; None when it is neither."""
    month = _MONTH.fullmatch(text)
    if month:
        number = int(month[2])
        return _whole(int(month[1]) if month[1] else _year(number, today), number)
    if text in _RELATIVE:
        ahead = today.year * 12 + today.month - 1 + _RELATIVE[text]
        return _whole(ahead // 12, ahead % 12 + 1)
    parts = text.replace("到", " ").replace("至", " ").split()
    days = [read_day(part, today) for part in parts]
    found = [day[0] for day in days if day is not None and not day[1]]
    return (found[0], found[1]) if len(parts) == 2 and len(found) == 2 else None


def _year(month: int, today: date) -> int:
    """The year in which this month is nearest to today; half a year off counts as coming."""
    if month - today.month < -5:
        return today.year + 1
    return today.year - 1 if month - today.month > 6 else today.year


def _whole(year: int, month: int) -> tuple[date, date]:
    return date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1])
