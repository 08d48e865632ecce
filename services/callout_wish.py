"""What a launcher wants: how many, of what skill, where, by when; checked first."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta

from models.callouts import CallKind
from models.clock import SHANGHAI
from models.duties import Duty
from services.call_places import place_duty
from services.callout_rules import CallOutRules
from services.refusals import Refusal

PLACE_MOST = 40  # characters: it stands in a card's title
REASON_MOST = 100
SOONEST = timedelta(minutes=10)
LONGEST = timedelta(hours=24)
_ODD = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class CallWish:
    """`skill` is a key of skills.toml, "" for anybody clinical. Instants are aware.

    `unit_id` is the unit on whose behalf; None: the launcher's own.
    """

    kind: CallKind
    place: str
    needed: int
    report_at: datetime
    ends_at: datetime
    skill: str = ""
    reason: str = ""
    unit_id: int | None = None


def place_key(kind: CallKind, place: str) -> str:
    """The place as it is compared: width, case, spaces and dashes do not matter.

    A drill keeps no real call-out from its place.
    """
    key = _ODD.sub("", unicodedata.normalize("NFKC", place)).casefold()
    return f"drill:{key}" if kind is CallKind.DRILL else key


def checked(wish: CallWish, rules: CallOutRules, now: datetime) -> CallWish:
    """The wish with its words trimmed. Raises Refusal that says what is wrong with it."""
    place, reason = " ".join(wish.place.split()), " ".join(wish.reason.split())
    if not place_key(CallKind.VOLUNTARY, place) or len(place) > PLACE_MOST:
        raise Refusal("callout_place", most=PLACE_MOST)
    if not 1 <= wish.needed <= rules.most_needed:
        raise Refusal("callout_needed", most=rules.most_needed)
    if not now + SOONEST <= wish.report_at <= now + rules.ahead:
        raise Refusal(
            "callout_time", soonest=now + SOONEST, hours=rules.ahead // timedelta(hours=1)
        )
    if not wish.report_at < wish.ends_at <= wish.report_at + LONGEST:
        raise Refusal("callout_end", hours=LONGEST // timedelta(hours=1))
    if wish.kind is CallKind.DRILL:
        _check_drill(wish, rules, now)
    return CallWish(
        kind=wish.kind,
        place=place,
        needed=wish.needed,
        report_at=wish.report_at,
        ends_at=wish.ends_at,
        skill=wish.skill,
        reason=reason[:REASON_MOST],
        unit_id=wish.unit_id,
    )


def _check_drill(wish: CallWish, rules: CallOutRules, now: datetime) -> None:
    """By day only, from the first card to the last answer."""
    begins, ends = now.astimezone(SHANGHAI), wish.report_at.astimezone(SHANGHAI)
    same_day = begins.date() == ends.date()
    if not same_day or not rules.drill_from <= begins.time() or ends.time() > rules.drill_until:
        raise Refusal(
            "callout_drill_hours",
            opens=f"{rules.drill_from:%H:%M}",
            closes=f"{rules.drill_until:%H:%M}",
        )


def duty_of(wish: CallWish) -> Duty:
    """What the rest rules see."""
    return place_duty(wish.place, wish.report_at, wish.ends_at)
