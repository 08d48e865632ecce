"""A pool of thousands of invented staff, each of whom answers a call by a recorded curve.

The people are rows as imports would have written them: wards, skills, licences, ways to work,
protections, leave and shifts. Who answers what is drawn from a seed: the same seed
is the same night again.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random

from models import db, sealed
from services.duties import PROTECTED
from tests.support.answer_curves import AnswerCurve, Said

WARDS = 50
# Every n-th person (by number) is so; chosen apart from each other, so that nobody is twice odd.
_PEOPLE = """
WITH wards AS (
    INSERT INTO units (code, name)
    SELECT 'P' || n, '池' || n || '病区' FROM generate_series(1, $2) n
    RETURNING id
), numbered AS (SELECT id, row_number() OVER (ORDER BY id) - 1 AS no FROM wards
), people AS (
    INSERT INTO persons (staff_no, name, unit_id, level, skills, travel_minutes)
    SELECT 'P' || lpad(n::text, 5, '0'), '池' || n, w.id,
           (ARRAY['N1', 'N2', 'N2', 'N3'])[n % 4 + 1],
           CASE WHEN n % 10 < 7 THEN '["nurse", "icu"]'::jsonb ELSE '["nurse"]'::jsonb END,
           CASE WHEN n % 11 = 0 THEN NULL ELSE 10 + n * 7 % 80 END
      FROM generate_series(0, $1 - 1) n JOIN numbered w ON w.no = n % $2
    RETURNING id, staff_no
), known AS (
    INSERT INTO identities (person_id, platform, user_id)
    SELECT id, $5, lower(staff_no) FROM people
)
INSERT INTO licences (person_id, kind, valid_to, state, source, created_at)
SELECT id, 'nurse',
       CASE WHEN substr(staff_no, 2)::int % 97 = 5 THEN $3::date - 10 ELSE $3::date + 400 END,
       'current', 'pool', $4 FROM people
"""
_SHIFTS = """
WITH made AS (
    INSERT INTO rosters (unit_id, version, first_day, last_day, state, source, source_hash,
                         created_at, published_at)
    SELECT id, 1, $1::date - 1, $1::date + 1, 'published', 'pool', '', $2, $2
      FROM units WHERE code ~ '^P[0-9]+$' RETURNING id, unit_id
)
INSERT INTO roster_cells (roster_id, person_id, day, codes)
SELECT m.id, p.id, d.day::date,
       CASE WHEN substr(p.staff_no, 2)::int % 10 = 3 AND d.day = $1 THEN '["P"]'::jsonb
            WHEN substr(p.staff_no, 2)::int % 10 = 5 AND d.day = $1 THEN '["A"]'::jsonb
            WHEN substr(p.staff_no, 2)::int % 37 = 8 THEN '["年休"]'::jsonb
            ELSE '["休"]'::jsonb END
  FROM made m JOIN persons p ON p.unit_id = m.unit_id
 CROSS JOIN generate_series($1::date - 1, $1::date + 1, interval '1 day') d(day)
"""
_PROTECT = """
UPDATE persons SET protected_until = $1 WHERE staff_no ~ '^P[0-9]{5}$'
   AND substr(staff_no, 2)::int % 41 = 7
"""


async def fill(count: int, today: date, at: datetime, platform: str = "wecom") -> None:
    """`count` nurses in fifty wards on `today`, known to `platform` as p00000, p00001, …

    Seven in ten are `icu`; one in ten works this evening and one in ten by day, one in 37 has
    leave, one in 41 is nursing a child, one licence in 97 has run out.
    """
    await db.execute(_PEOPLE, count, WARDS, today, at, platform)
    await db.execute(_SHIFTS, today, at)
    until = {"nursing": (today + timedelta(days=100)).isoformat()}
    await db.execute(_PROTECT, sealed.seal_json(PROTECTED, until))
    for table in ("persons", "licences", "roster_cells", "identities"):
        await db.execute(f"ANALYZE {table}")


@dataclass(order=True, frozen=True, slots=True)
class Due:
    """Somebody's answer, when its time has come. `eta` is when they say they are there."""

    at: datetime
    person_id: int
    said: Said = field(compare=False)
    eta: datetime = field(compare=False)


class Pool:
    """Who has been asked and what they are going to say. Asking somebody twice changes nothing."""

    def __init__(self, curve: AnswerCurve, seed: int = 1) -> None:
        self.curve = curve
        self.seed = seed
        self.asked: set[int] = set()
        self._due: list[Due] = []

    def ask(self, person_id: int, at: datetime, report_at: datetime) -> None:
        if person_id in self.asked:
            return
        self.asked.add(person_id)
        random = Random(f"{self.seed}:{person_id}")
        answer = self.curve.answer(random)
        if answer is None:
            return
        late = timedelta(minutes=random.randint(10, 30))
        when = report_at + late if answer.said is Said.LATE else report_at
        heapq.heappush(
            self._due, Due(at + timedelta(seconds=answer.after), person_id, answer.said, when)
        )

    def due(self, now: datetime) -> list[Due]:
        """What was said until now, oldest first; each answer is given once."""
        found = []
        while self._due and self._due[0].at <= now:
            found.append(heapq.heappop(self._due))
        return found
