"""What a candidate's reply to an invitation means. Pure: the caller brings the time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from models.clock import SHANGHAI
from services.understanding import intents
from services.understanding.intents import Intent, Understood
from services.understanding.mentions import Frame
from services.understanding.normalise import normalise
from services.understanding.reading import read
from services.understanding.tokens import tokens
from services.understanding.vocabulary import Vocabulary, shipped

__all__ = [
    "Intent",
    "Understood",
    "only_asks_whether",
    "only_courtesy",
    "understand",
    "when_text",
]

_COURTESY = frozenset(
    {
        "receipt",
        "polite",
        "thanks",
        "title",
        "friendly",
        "weak_yes",
        "yes",
        "glue",
        "pledge",
        "stop",
    }
)
_WHETHER = frozenset({"asks", "mark", "any", "no", "negate", "hedge"})
LONGEST = 4096  # a chat message is shorter; of a longer text no part may decide


def understand(
    text: str,
    now: datetime,
    offered: Sequence[datetime],
    vocabulary: Vocabulary | None = None,
) -> Understood:
    """Judge one reply. `now` and `offered` are aware, or naive Shanghai time; at least one offer.

    Anything doubtful is never a confirmation. Takes time linear in the length of `text`. Raises
    ValueError without an offer.
    """
    if not offered:
        raise ValueError("at least one offered time is needed")
    words = vocabulary or shipped()
    plain = normalise(text, words) if len(text) <= LONGEST else text
    if len(plain) > LONGEST:
        return Understood(Intent.UNCLEAR, reasons=("too long to be a reply",))
    frame = Frame(_local(now), tuple(dict.fromkeys(map(_local, offered))), words)
    return intents.judge(read(plain, frame))


def only_courtesy(text: str, vocabulary: Vocabulary | None = None) -> bool:
    """Thanks, 收到 or 好的谢谢 and nothing else: what needs no answer once a time is settled."""
    return _only(text, _COURTESY, vocabulary)


def only_asks_whether(text: str, vocabulary: Vocabulary | None = None) -> bool:
    """可以吗, 行不行？: a question about nothing in particular."""
    return _only(text, _COURTESY | _WHETHER, vocabulary)


def _only(text: str, kinds: frozenset[str], vocabulary: Vocabulary | None) -> bool:
    words = vocabulary or shipped()
    if len(text) > LONGEST:
        return False
    found = tokens(normalise(text, words), (), words)
    return bool(found) and all(token.kind in kinds for token in found)


def when_text(when: date | datetime | None) -> str | None:
    """2026-12-10, or 2026-12-10T15:00 when an hour is known."""
    if isinstance(when, datetime):
        return when.isoformat(timespec="minutes")
    return when.isoformat() if when else None


def _local(moment: datetime) -> datetime:
    """Naive Shanghai time, to the minute."""
    if moment.tzinfo is not None:
        moment = moment.astimezone(SHANGHAI).replace(tzinfo=None)
    return moment.replace(second=0, microsecond=0)
