"""What interviewers noted, as it lies in the table: words sealed, scores plain."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from models import db, sealed

STRENGTH, COMMENT = "scorecards.strength", "scorecards.comment"
LONGEST = 300  # characters of a strength or a comment

_STORE = """
INSERT INTO scorecards (interview_id, interviewer_id, scores, verdict, strength, comment,
                        submitted_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (interview_id, interviewer_id) DO UPDATE
   SET scores = excluded.scores, verdict = excluded.verdict, strength = excluded.strength,
       comment = excluded.comment, submitted_at = excluded.submitted_at
"""


@dataclass(frozen=True, slots=True)
class ScoreNote:
    """`scores`: dimension → 1 … 10; `verdict`: hire, reserve, decline or ""."""

    scores: Mapping[str, float] = field(default_factory=dict)
    verdict: str = ""
    strength: str = ""
    comment: str = ""


def merged(before: ScoreNote, new: ScoreNote) -> ScoreNote:
    """What is new wins; what it leaves out stays."""
    return ScoreNote(
        {**before.scores, **new.scores},
        new.verdict or before.verdict,
        new.strength or before.strength,
        new.comment or before.comment,
    )


async def store(interview_id: int, interviewer: int, note: ScoreNote, at: datetime) -> None:
    await db.execute(
        _STORE,
        interview_id,
        interviewer,
        json.dumps(dict(note.scores), ensure_ascii=False),
        note.verdict,
        _sealed(STRENGTH, note.strength),
        _sealed(COMMENT, note.comment),
        at,
    )


async def notes_of(interview_id: int) -> dict[int, ScoreNote]:
    """Interviewer → what they noted, in the order it came in."""
    rows = await db.fetch(
        "SELECT * FROM scorecards WHERE interview_id = $1 ORDER BY submitted_at, id", interview_id
    )
    return {row["interviewer_id"]: _read(row) for row in rows}


def _read(row: db.Row) -> ScoreNote:
    scores = row["scores"]
    return ScoreNote(
        json.loads(scores) if isinstance(scores, str) else scores,
        row["verdict"],
        _opened(STRENGTH, row["strength"]),
        _opened(COMMENT, row["comment"]),
    )


def _sealed(place: str, text: str) -> str | None:
    return sealed.ring().seal(place, text[:LONGEST]) if text else None


def _opened(place: str, value: str | None) -> str:
    return sealed.open_sealed(place, value) if value else ""
