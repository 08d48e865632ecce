"""What a hospital changed in licence_kinds.toml reaches the licences already on record."""

from __future__ import annotations

from datetime import date

from models import db
from services.licence_kinds import LicenceKinds
from services.licence_steps import ended

# Only rows that stand differently are written; one that is due is left to the reminders.
_RETUNE = """
WITH steps AS (
    SELECT kind, step FROM unnest($3::text[], $4::int[]) AS s(kind, step)
), wanted AS (
    SELECT l.id, l.step, l.next_step_on, l.valid_to - r.lead AS apply_by,
           min(l.valid_to - r.lead - s.step)
               FILTER (WHERE l.valid_to - r.lead - s.step > $5) AS following,
           coalesce(bool_or(l.valid_to - r.lead - s.step <= $5
                            AND (l.step IS NULL OR s.step < l.step)), false) AS due
      FROM licences l JOIN unnest($1::text[], $2::int[]) AS r(kind, lead) USING (kind)
      LEFT JOIN steps s USING (kind)
     WHERE l.state = 'current' AND l.valid_to IS NOT NULL
     GROUP BY l.id, r.lead
), told AS (
    SELECT id, apply_by,
           CASE WHEN next_step_on <= $5 THEN next_step_on
                WHEN due THEN $5 ELSE coalesce(following, next_step_on) END AS at
      FROM wanted
)
UPDATE licences l SET apply_by = t.apply_by, next_step_on = t.at
  FROM told t
 WHERE l.id = t.id AND (l.apply_by, l.next_step_on) IS DISTINCT FROM (t.apply_by, t.at)
"""


async def retune(kinds: LicenceKinds, today: date) -> int:
    """Count deadlines and next steps anew; how many licences stand differently now."""
    steps = [
        (kind.key, step) for kind in kinds if kind.steps for step in {*kind.steps, ended(kind)}
    ]
    return await db.execute(
        _RETUNE,
        [kind.key for kind in kinds],
        [kind.apply_before for kind in kinds],
        [key for key, _ in steps],
        [step for _, step in steps],
        today,
    )
