"""What a month of recruiting is measured by: counts, and shares that say of how many."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from enum import StrEnum
from math import sqrt
from statistics import median

from models.clock import SHANGHAI
from services.decline_reasons import DeclineReason

SMALL = 5  # with fewer, a percentage would say more than is known (N15)
_Z = 1.96  # of the 95 % interval


class NoSuchMonth(ValueError):
    """The text is no month of this century; it should be written as 2026-11."""


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A calendar month in Shanghai."""

    year: int
    month: int

    @classmethod
    def read(cls, text: str) -> Month:
        """Out of 2026-11. Raises NoSuchMonth."""
        year, dash, month = text.strip().partition("-")
        known = dash and len(year) == 4 and len(month) in (1, 2) and (year + month).isascii()
        if not known or not (year + month).isdigit():
            raise NoSuchMonth(text)
        found = cls(int(year), int(month))
        if not 1 <= found.month <= 12 or not 2000 <= found.year < 2100:
            raise NoSuchMonth(text)
        return found

    @classmethod
    def of(cls, instant: datetime) -> Month:
        local = instant.astimezone(SHANGHAI)
        return cls(local.year, local.month)

    @property
    def first(self) -> date:
        return date(self.year, self.month, 1)

    @property
    def before(self) -> Month:
        return Month(self.year - 1, 12) if self.month == 1 else Month(self.year, self.month - 1)

    @property
    def after(self) -> Month:
        return Month(self.year + 1, 1) if self.month == 12 else Month(self.year, self.month + 1)

    @property
    def begins(self) -> datetime:
        """Its first instant, in UTC; its end is that of `after`."""
        return datetime(self.year, self.month, 1, tzinfo=SHANGHAI).astimezone(UTC)

    def __str__(self) -> str:
        return f"{self.year:04}-{self.month:02}"


@dataclass(frozen=True, slots=True)
class Share:
    """`part` of `whole`."""

    part: int
    whole: int

    @property
    def percent(self) -> int | None:
        """Rounded, but 100 means all and 0 means none; None when too few were counted."""
        if self.whole < SMALL:
            return None
        if self.part in (0, self.whole):
            return 100 * self.part // self.whole
        return min(99, max(1, (200 * self.part + self.whole) // (2 * self.whole)))

    @property
    def interval(self) -> tuple[int, int] | None:
        """The 95 % interval of Wilson in per cent: how sure the share is with so few."""
        if self.whole < SMALL:
            return None
        n, p = self.whole, self.part / self.whole
        centre = p + _Z * _Z / (2 * n)
        spread = _Z * sqrt(p * (1 - p) / n + _Z * _Z / (4 * n * n))
        scale = 1 + _Z * _Z / n
        low, high = (100 * (centre + sign * spread) / scale for sign in (-1, 1))
        return max(0, round(low)), min(100, round(high))


class Metric(StrEnum):
    """In the order in which they are shown."""

    SHOWN = "shown"  # 到场率
    ON_TIME = "on_time"  # 通知及时率
    COMPLETE = "complete"  # 信息完整率
    MATCHED = "matched"  # 岗位匹配率
    SATISFIED = "satisfied"  # 不通过满意度
    ANSWERED = "answered"  # 24小时内答复


@dataclass(frozen=True, slots=True)
class Counts:
    """What happened, in one unit or in all. `answer_minutes`: from each invitation to its answer.

    `unscored`: noted as absent by mistake; not among the attended until their scores are in.
    `told`: invitations known to have arrived; `asked`: those among them whose candidate asked
    what the invitation should have said. `day_old`: invitations sent at least 24 hours ago.
    `not_due`: results whose day is still to come; `notices_due`: those among the due that were to
    be made public (公示), `notices_on_time` those that were by then. `taken_back`: interviews we
    cancelled.
    """

    interviews: int = 0
    attended: int = 0
    absent: int = 0
    unscored: int = 0
    results_due: int = 0
    on_time: int = 0
    not_due: int = 0
    notices_due: int = 0
    notices_on_time: int = 0
    withdrawn: int = 0
    invitations: int = 0
    told: int = 0
    asked: int = 0
    matched: int = 0
    day_old: int = 0
    answered_in_a_day: int = 0
    declined: int = 0
    because_elsewhere: int = 0
    because_place: int = 0
    because_time: int = 0
    because_pay: int = 0
    because_family: int = 0
    because_personal: int = 0
    taken_back: int = 0
    unanswered: int = 0
    passed: int = 0
    rejected: int = 0
    ratings_asked: int = 0
    rated: int = 0
    satisfied: int = 0
    answer_minutes: tuple[int, ...] = ()

    def __add__(self, other: Counts) -> Counts:
        names = [field.name for field in fields(self)]
        return Counts(**{name: getattr(self, name) + getattr(other, name) for name in names})

    @property
    def unrecorded(self) -> int:
        """Interviews whose time has passed and of which nobody said what became of them."""
        return self.interviews - self.attended - self.absent - self.unscored

    @property
    def notices_late(self) -> int:
        return self.notices_due - self.notices_on_time

    def reason(self, reason: DeclineReason | None) -> Share:
        """Who declined for this reason, of all who declined; None: they said none."""
        known = {each: int(getattr(self, f"because_{each}")) for each in DeclineReason}
        part = self.declined - sum(known.values()) if reason is None else known[reason]
        return Share(part, self.declined)

    @property
    def answer_median(self) -> int | None:
        """Minutes; None when too few answered."""
        if len(self.answer_minutes) < SMALL:
            return None
        return round(median(self.answer_minutes))

    @property
    def empty(self) -> bool:
        return self == Counts()

    def share(self, metric: Metric) -> Share:
        match metric:
            case Metric.SHOWN:
                return Share(self.attended, self.interviews)
            case Metric.ON_TIME:
                return Share(self.on_time, self.results_due)
            case Metric.COMPLETE:
                return Share(self.told - self.asked, self.told)
            case Metric.MATCHED:
                return Share(self.matched, self.invitations)
            case Metric.SATISFIED:
                return Share(self.satisfied, self.rated)
            case Metric.ANSWERED:
                return Share(self.answered_in_a_day, self.day_old)


class Fate(StrEnum):
    """Of a result that was due: what is known of its arrival, never more."""

    ON_TIME = "on_time"
    LATE = "late"  # it arrived after its day
    OVERDUE = "overdue"  # nothing was sent
    SENDING = "sending"  # sent, and still on its way
    FAILED = "failed"  # sent, and did not arrive
    UNKNOWN = "unknown"  # sent, and nobody knows whether it arrived


@dataclass(frozen=True, slots=True)
class Missed:
    """A result that is not known to have arrived in time. `who`: 李**, only for those allowed.

    `told_at` is when it did arrive. `provisional`: the year's holidays were a guess.
    """

    application_id: int
    unit: str
    due: datetime
    fate: Fate
    told_at: datetime | None = None
    provisional: bool = False
    who: str = ""


@dataclass(frozen=True, slots=True)
class UnitCounts:
    """`name` is "" for posts that belong to no unit."""

    name: str
    counts: Counts


@dataclass(frozen=True, slots=True)
class MonthReport:
    """`as_of` is when it was counted: what happened later is not in it."""

    month: Month
    as_of: datetime
    units: tuple[UnitCounts, ...]
    missed: tuple[Missed, ...]

    @property
    def total(self) -> Counts:
        return sum((unit.counts for unit in self.units), Counts())

    @property
    def empty(self) -> bool:
        return self.total.empty
