"""招聘月报: asked for in chat, and told to the HR heads on the first working day of a month."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from models import db
from models.clock import SHANGHAI, Clock
from models.ledger import Priority
from services import recruiting_report
from services.actors import Actor
from services.calendar_days import WorkingCalendar
from services.ledger import Ledger
from services.permissions import Act, require
from services.purposes import Purpose, from_context
from services.recruiting_numbers import Month, NoSuchMonth
from services.recruiting_table import ReportWords
from services.refusals import Refusal
from services.units import hr_heads

MONTH = "recruiting.month"
AT = time(9, 10)
LATEST = timedelta(days=3)  # after that, whoever wants last month's numbers asks for them
USEFUL = timedelta(days=3)


class RecruitingReports:
    def __init__(
        self, ledger: Ledger, words: ReportWords, calendar: WorkingCalendar, clock: Clock
    ) -> None:
        self.ledger = ledger
        self.words = words
        self.calendar = calendar
        self.clock = clock
        ledger.purposes.add([Purpose(MONTH, from_context, Priority.DIGEST, useful_for=USEFUL)])

    async def asked(self, by: Actor, text: str) -> list[str]:
        """The lines of the month that `text` names: 2026-11, 2026年11月, 本月, or last month.

        Raises Refusal: not_allowed, report_month.
        """
        require(by, Act.SEE_RECRUITING)
        now = self.clock.now()
        month = _month(text, Month.of(now))
        return self.words.lines(await recruiting_report.count(month, now, names=True))

    async def tell_due(self) -> int:
        """Queue last month's report once; how many messages. Nothing happened: nothing is said."""
        now = self.clock.now()
        month = Month.of(now).before
        due = self._due(month.after)
        once = f"{MONTH}:{month}"
        if not due <= now < due + LATEST or await _said(once):
            return 0
        report = await recruiting_report.count(month, now)
        heads = await hr_heads()
        if report.empty or not heads:
            return 0
        context = {"lines": self.words.lines(report)}
        subject = month.year * 100 + month.month
        async with db.transaction():
            told = await self.ledger.notify(MONTH, subject, heads, context=context, once=once)
        return int(told is not None)

    def _due(self, month: Month) -> datetime:
        """09:10 on its first working day."""
        first = self.calendar.add_working_days(month.first - timedelta(days=1), 1).day
        return datetime.combine(first, AT, SHANGHAI)


async def _said(once: str) -> bool:
    """Whether the month was told: then nothing needs to be counted."""
    return await db.fetch_value("SELECT 1 FROM messages WHERE dedupe_key = $1", once) is not None


def _month(text: str, now: Month) -> Month:
    plain = text.strip().replace("年", "-").removesuffix("月")
    if plain in ("", "上"):
        return now.before
    if plain in ("本", "这个", "当"):
        return now
    try:
        return Month.read(plain)
    except NoSuchMonth:
        raise Refusal("report_month", text=text.strip()[:20]) from None
