"""Policies as values: what config/policies/*.toml is turned into, and what services are given."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import StrEnum

from models.clock import SHANGHAI


class Escalate(StrEnum):
    """What a step of an escalation does while an ask stays open."""

    NAG = "nag"  # ask the same person again
    LIST_TO_MANAGER = "list_to_manager"  # one list of all the silent to the unit's managers
    TELL_REQUESTER = "tell_requester"  # tell who started it that nobody answered
    DEPUTY = "deputy"  # ask the deputy as well
    HR_HEAD = "hr_head"  # ask the HR head as well
    PHONE = "phone"  # a named person is asked to call, for candidates
    NEXT_CHANNEL = "next_channel"  # the same once more on the person's next channel


@dataclass(frozen=True, slots=True)
class Step:
    """Either `after` the opening, or `at` a local time of day on the day of the opening."""

    act: Escalate
    after: timedelta | None = None
    at: time | None = None

    def due(self, opened: datetime) -> datetime:
        if self.after is not None:
            return opened + self.after
        assert self.at is not None
        local = opened.astimezone(SHANGHAI)
        return datetime.combine(local.date(), self.at, SHANGHAI).astimezone(opened.tzinfo)


@dataclass(frozen=True, slots=True)
class Escalation:
    """The steps of one policy, in order, and how long an answer is awaited at most."""

    name: str
    steps: tuple[Step, ...] = ()
    deadline: timedelta = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Nobody is disturbed between `start` and `end` (local), nor after a night shift."""

    start: time = time(22, 0)
    end: time = time(7, 0)
    after_night: timedelta = timedelta(hours=8)


@dataclass(frozen=True, slots=True)
class ReminderPolicy:
    """The evening-before window (local), how far ahead to plan and when it is too late."""

    window_start: time = time(20, 0)
    window_end: time = time(20, 30)
    plan_ahead: timedelta = timedelta(hours=1)
    too_late: timedelta = timedelta(minutes=30)  # before the shift starts
    confirm_change_within: timedelta = timedelta(hours=48)


@dataclass(frozen=True, slots=True)
class Budgets:
    """Our own limits, below the platforms', so that nothing is dropped silently."""

    person_per_minute: int = 20
    person_per_hour: int = 200
    channel_per_day: int = 100_000
    send_attempts: int = 8


@dataclass(frozen=True, slots=True)
class Quota:
    """What an organisation may ask of a platform in a month (0: no limit), and for what.

    Shares are per cent of the quota: digests and reminders stop there, the operator is warned.
    """

    api_per_month: int = 0
    push_per_month: int = 0
    digests_until: int = 80
    reminders_until: int = 95
    warn_at: tuple[int, ...] = (70, 90, 100)


class Reception(StrEnum):
    """How a candidate's chat comes to a colleague when a human task opens."""

    BUTTON = "button"  # whoever taps 我来接待 on its card gets it
    SERVICER = "servicer"  # the person of the task gets it by itself
    POOL = "pool"  # it waits for whichever servicer takes it


@dataclass(frozen=True, slots=True)
class Policies:
    """Everything a hospital may tune, in one immutable value."""

    quiet: QuietHours = field(default_factory=QuietHours)
    reminders: ReminderPolicy = field(default_factory=ReminderPolicy)
    budgets: Budgets = field(default_factory=Budgets)
    ladder: tuple[str, ...] = ("wecom_app",)
    candidate_ladder: tuple[str, ...] = ("phone_task",)
    leading_directories: tuple[str, ...] = ("wecom",)
    escalations: dict[str, Escalation] = field(default_factory=dict)
    quotas: dict[str, Quota] = field(default_factory=dict)
    approval_expires: timedelta = timedelta(hours=72)
    swap_expires: timedelta = timedelta(hours=48)
    records_kept: timedelta = timedelta(days=400)  # messages, and what people said
    candidates_kept: timedelta = timedelta(days=180)  # after an unsuccessful application
    reception: Reception = Reception.BUTTON
    announce_rosters: bool = True  # a line into the unit's groups when a roster is published

    def escalation(self, name: str) -> Escalation:
        return self.escalations.get(name, Escalation(name))
