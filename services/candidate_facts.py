"""What invitations and results need before they may be rendered; nothing blank may leave."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime

_PLACEHOLDER = re.compile(
    r"[xX×]{2,}|_{2,}|某某|待定|待填|无|none|null|-+|/+|[?？]+", re.IGNORECASE
)
_INVISIBLE = ("C", "Z")  # categories of control and format characters, and of spaces


@dataclass(frozen=True, slots=True)
class InvitationFacts:
    """For `interviews/invitation.toml`. `starts` is aware: date, weekday and time come from it."""

    address: str
    hospital: str
    office: str
    sender: str
    post: str
    match_points: Sequence[str]
    starts: datetime
    place: str
    documents: Sequence[str]
    contact: str
    phone: str


@dataclass(frozen=True, slots=True)
class RejectionFacts:
    """For `outcomes/drafts/rejection.toml`. `requirement` and `experience` are the reason's two
    sides; `advice` alone may be blank."""

    address: str
    interviewed: datetime
    hospital: str
    post: str
    strength: str
    requirement: str
    experience: str
    keep_until: date
    office: str
    phone: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class OfferFacts:
    """For `outcomes/drafts/offer.toml`. `answer_by` is aware: the last moment to say yes."""

    address: str
    interviewed: datetime
    hospital: str
    post: str
    next_step: str
    answer_by: datetime
    contact: str
    phone: str
    office: str


_OPTIONAL = frozenset({"advice"})
CandidateFacts = InvitationFacts | RejectionFacts | OfferFacts


def complete(facts: CandidateFacts) -> tuple[str, ...]:
    """The names of the facts that are missing, in order; empty when the text may be rendered.

    Missing are blanks (also invisible characters), placeholders such as XX, ___ and 待定, empty
    lists and lists with such an entry, and instants without a zone.
    """
    return tuple(
        field.name
        for field in fields(facts)
        if field.name not in _OPTIONAL and _blank(getattr(facts, field.name))
    )


class FactsMissing(ValueError):
    """`names` are the facts that must be filled in first."""

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__(f"facts are missing: {', '.join(names)}")
        self.names = names


def facts_for(facts: CandidateFacts) -> Mapping[str, object]:
    """What the template is given. Raises FactsMissing: an incomplete text is never rendered."""
    if missing := complete(facts):
        raise FactsMissing(missing)
    return asdict(facts)


def _blank(value: object) -> bool:
    if isinstance(value, datetime):
        return value.tzinfo is None
    if isinstance(value, date):
        return False
    if isinstance(value, str):
        seen = "".join(c for c in value if not unicodedata.category(c).startswith(_INVISIBLE))
        return not seen or _PLACEHOLDER.fullmatch(seen) is not None
    return not isinstance(value, Sequence) or not value or any(map(_blank, value))
