"""What a new date of a licence may be, as pure rules: a problem and its cure, or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from services.licence_kinds import LicenceKind
from services.licence_steps import end_of_cycle
from services.renewal_words import Claim

SLACK = timedelta(days=31)  # a term may be counted to the end of its month
SHORT = timedelta(days=92)  # so much less than the usual term is worth a look


@dataclass(frozen=True, slots=True)
class Problem:
    """`key` names a refusal, `params` fill its words."""

    key: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OnRecord:
    """Until when the licence on record is valid; with neither its end is not known."""

    valid_to: date | None = None
    perpetual: bool = False


def until_words(day: date | None, perpetual: bool) -> str:
    """2031年10月31日, 长期, or "" for an end that is not known."""
    if perpetual:
        return "长期"
    return f"{day.year}年{day.month}月{day.day}日" if day is not None else ""


def with_cycle(claim: Claim, kind: LicenceKind, today: date) -> Claim:
    """Of a cycle the day it was done counts: `2026年11月20日考核通过` gives its end."""
    if not kind.cycle or claim.perpetual:
        return claim
    done = claim.began if claim.end is None else claim.end
    if done is None or done > today:
        return claim
    return replace(claim, end=end_of_cycle(kind, done), began=done)


def judge(kind: LicenceKind, record: OnRecord | None, claim: Claim, today: date) -> Problem | None:
    """Why this claim cannot be a renewal, or None. It must say until when."""
    if claim.perpetual:
        return _without_end(kind, record)
    assert claim.end is not None
    if claim.end < today:
        return Problem("renewal_past", {"day": until_words(claim.end, False)})
    if record is not None and record.perpetual:
        return Problem("renewal_was_perpetual", {"name": kind.name})
    was = record.valid_to if record is not None else None
    if was is not None and claim.end <= was:
        return Problem("renewal_not_later", _told(kind, claim) | {"was": until_words(was, False)})
    return _too_long(kind, was, claim, today)


def _without_end(kind: LicenceKind, record: OnRecord | None) -> Problem | None:
    if kind.years is not None and (record is None or not record.perpetual):
        return Problem("renewal_has_term", {"name": kind.name, "years": kind.years})
    return None


def _too_long(kind: LicenceKind, was: date | None, claim: Claim, today: date) -> Problem | None:
    if kind.years is None or claim.end is None:
        return None
    latest = _plus_years(max(was or today, today), kind.years) + SLACK
    if claim.end > latest:
        return Problem("renewal_too_long", _told(kind, claim) | {"years": kind.years})
    return None


def _told(kind: LicenceKind, claim: Claim) -> dict[str, Any]:
    return {"name": kind.name, "day": until_words(claim.end, claim.perpetual)}


def looks_short(kind: LicenceKind, record: OnRecord | None, end: date | None) -> bool:
    """Whether it ends much sooner than the kind's usual term from the end on record."""
    if kind.years is None or end is None or record is None or record.valid_to is None:
        return False
    return end < _plus_years(record.valid_to, kind.years) - SHORT


def _plus_years(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February
        return date(day.year + years, 2, 28)
