"""Which interview a candidate speaks of, when they may have several."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from models import db, sealed
from models.clock import SHANGHAI
from models.interviews import InterviewState
from services.interview_facts import InterviewView
from services.interview_words import WHICH
from services.ledger import CONTEXT
from services.understanding.normalise import normalise
from services.understanding.reply import Intent, understand
from services.understanding.vocabulary import shipped

S = InterviewState
_DIGIT = re.compile(
    r"(?:我?选|回复|就|我要|第)?\s?([1-9一二三])\s?(?:号|个|场)?(?:吧|的|可以|谢谢|[.,。!~])*"
)
_DIGITS = {"一": 1, "二": 2, "三": 3}
_WAITS = timedelta(hours=48)
_NO_SHOW = timedelta(days=7)
_LATEST = """
SELECT m.purpose, m.context, m.created_at FROM messages m JOIN deliveries d ON d.message_id = m.id
 WHERE d.candidate_id = $1 AND m.withdrawn_at IS NULL AND m.created_at > $2
 ORDER BY m.id DESC LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Pending:
    """We asked which interview they meant with `text`."""

    interviews: tuple[int, ...]
    text: str


def conversable(views: Sequence[InterviewView], now: datetime) -> list[InterviewView]:
    """Those about which words still change something: open and not over, or missed lately."""
    live = [view for view in views if _live(view, now)]
    return live or [view for view in views if view.state is S.NO_SHOW and _lately(view, now)]


def _live(view: InterviewView, now: datetime) -> bool:
    if view.state is S.CONFIRMED:
        return view.ends_at is not None and view.ends_at > now
    return view.state in (S.INVITED, S.CHOOSING)


def _lately(view: InterviewView, now: datetime) -> bool:
    return view.ends_at is not None and view.ends_at > now - _NO_SHOW


def closed_since(views: Sequence[InterviewView], since: datetime) -> InterviewView | None:
    """The newest one that is over, if it was invited or held since then."""
    return next((view for view in views if (view.ends_at or view.invited_at) > since), None)


async def pending_question(candidate_id: int, now: datetime) -> Pending | None:
    """Which one do you mean?, when that is the last thing that was said to them."""
    row = await db.fetch_one(_LATEST, candidate_id, now - _WAITS)
    if row is None or row["purpose"] != WHICH:
        return None
    context = sealed.open_json(CONTEXT, row["context"])
    return Pending(tuple(context["interviews"]), context["text"])


def pick(
    views: Sequence[InterviewView], text: str, at: datetime, *, by_number: bool = False
) -> InterviewView | None:
    """The one that the words name: by its post, by a time of its own, or by its number."""
    plain = normalise(text[:500], shipped())
    named = [view for view in views if normalise(view.post, shipped()) in plain]
    if len(named) == 1:
        return named[0]
    if by_number and (number := digit(text)) is not None:
        return views[number - 1] if number <= len(views) else None
    every = sorted({time for view in views for time in view.times})
    understood = understand(text, at, every) if len(every) > 1 else None
    if understood is None or understood.intent is not Intent.CONFIRM or understood.when is None:
        return None
    meant = [view for view in views if any(_same(time, understood.when) for time in view.times)]
    return meant[0] if len(meant) == 1 else None


def digit(text: str) -> int | None:
    """2, 选2, 第二个: a number and nothing else."""
    found = _DIGIT.fullmatch(normalise(text[:40], shipped()))
    if found is None:
        return None
    return _DIGITS.get(found[1]) or int(found[1])


def _same(time: datetime, when: object) -> bool:
    return local(time) == when


def local(moment: datetime) -> datetime:
    """Naive Shanghai time to the minute, as the understanding tells it."""
    return moment.astimezone(SHANGHAI).replace(tzinfo=None, second=0, microsecond=0)
