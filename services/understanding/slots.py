"""From what someone says to the slot that is meant, among the offered ones or another."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from services.understanding.mentions import Frame, Mention


def offered_by(mention: Mention, frame: Frame) -> tuple[datetime, ...]:
    """The offers that what is said fits: same day, an hour or part that is not another."""
    return tuple(offer for offer in frame.offers if _fits(mention, offer, frame))


def _fits(mention: Mention, offer: datetime, frame: Frame) -> bool:
    if mention.shift or (mention.dated and mention.day != offer.date()):
        return False
    if mention.part:
        first, last = frame.vocabulary.times["part_hours"][mention.part]
        if not first <= offer.hour < last:
            return False
    said = hour_of(mention) if mention.exact_clock else mention.clock
    if said is None:
        return True
    twelve = not mention.exact_clock and said.hour < 12 and offer.hour == said.hour + 12
    return offer.minute == said.minute and (offer.hour == said.hour or twelve)


def hour_of(mention: Mention) -> time | None:
    """The hour meant: by the part of the day; without one, one to six o'clock are afternoon."""
    said = mention.clock
    if said is None:
        return None
    later = {"afternoon": 12, "evening": 12, "noon": 3, None: 7}.get(mention.part, 0)
    first = 0 if mention.part else 1
    return said.replace(hour=said.hour + 12) if first <= said.hour < later else said


def when(mention: Mention, frame: Frame) -> date | datetime | None:
    """What is asked for: a day, a day with its hour, or None where no day can be told."""
    if mention.shift:
        return _shifted(mention, frame)
    day = mention.day if mention.dated else frame.offered_day
    hour = hour_of(mention)
    if day is None:
        return None
    if hour is None:
        return day if day >= frame.now.date() else None
    found = datetime.combine(day, hour)
    return found if found > frame.now else None


def _shifted(mention: Mention, frame: Frame) -> date | datetime | None:
    """推迟一天 names a day, 推迟一天，时间不变 its hour too."""
    if len(frame.offers) != 1 or mention.shift is None:
        return None
    moved = frame.offers[0] + mention.shift
    if moved <= frame.now:
        return None
    exact = mention.clock or mention.shift % timedelta(days=1)
    return moved if exact else moved.date()
