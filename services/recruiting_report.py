"""A month of recruiting, counted from what was recorded; nothing is assumed.

Interviews belong to the month in which they begin (of those who came another day, the missed time
to that in which it was noted), results to that in which they are due,
invitations, ratings and the rest to that in which they went out. All months are Shanghai's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime

from models import db, sealed
from services.decline_reasons import DeclineReason
from services.recruiting_numbers import Counts, Fate, Missed, Month, MonthReport, UnitCounts

INVITATION = "interviews.invitation"
RESULTS = ["outcomes.rejection", "outcomes.offer"]
QUESTION = "interview.question"  # audited, with its topics, when a candidate asks
NO_SHOW = "interview.no_show"
UNDONE = "interview.no_show_undone"
COVERED = ["time", "place", "documents", "contact"]  # topics that an invitation answers
_KNOWN = "('accepted', 'seen', 'answered')"  # a delivery that is known to have arrived

# $1 begin and $2 end of the month, $3 now, $4 one unit or null for all.
_POSTS = """
  JOIN applications a ON a.id = i.application_id
  JOIN postings p ON p.id = a.posting_id AND ($4::bigint IS NULL OR p.unit_id = $4)
"""
# Who did not come and then chose another time is a no-show no more: the audit log remembers it.
# What was taken back right after it was noted never was one: they came, and count as having come
# when their scores are in.
_INTERVIEWS = f"""
WITH notes AS (
    SELECT r.id, r.subject, r.at, r.action,
           lead(r.action) OVER (PARTITION BY r.subject ORDER BY r.id) AS next
      FROM audit_rows r WHERE r.action IN ($5, $6) AND r.at <= $3
), absences AS (
    SELECT n.subject, n.at, row_number() OVER (PARTITION BY n.subject ORDER BY n.id DESC) AS back
      FROM notes n WHERE n.action = $5 AND n.next IS DISTINCT FROM $6
), due AS (
    SELECT p.unit_id, i.state = 'held' OR i.arrived_at IS NOT NULL AS came,
           i.state = 'no_show' AS absent,
           i.state = 'confirmed' AND i.arrived_at IS NULL AND EXISTS (
               SELECT 1 FROM notes n WHERE n.subject = 'interviews:' || i.id
                  AND n.action = $6 AND n.next IS NULL AND n.at >= s.starts_at) AS unscored
      FROM interviews i JOIN slots s ON s.id = i.slot_id {_POSTS}
     WHERE s.starts_at >= $1 AND s.starts_at < $2 AND s.ends_at <= $3
       AND i.state IN ('confirmed', 'held', 'no_show')
     UNION ALL
    SELECT p.unit_id, false, true, false
      FROM absences f JOIN interviews i ON f.subject = 'interviews:' || i.id {_POSTS}
     WHERE f.at >= $1 AND f.at < $2 AND NOT (i.state = 'no_show' AND f.back = 1)
)
SELECT unit_id, count(*) AS interviews, count(*) FILTER (WHERE came) AS attended,
       count(*) FILTER (WHERE absent AND NOT came) AS absent,
       count(*) FILTER (WHERE unscored) AS unscored
  FROM due GROUP BY unit_id
"""
# Whoever answered has been reached, also where erasure left no record of the delivery.
_INVITATIONS = f"""
WITH questions AS MATERIALIZED (
    SELECT DISTINCT r.subject FROM audit_rows r
     WHERE r.action = $6 AND r.at >= $1 AND r.at <= $3 AND r.detail->'topics' ?| $7
), answers AS (
    SELECT k.subject_id, min(k.answered_at) AS at FROM asks k
     WHERE k.purpose = $5 AND k.candidate_id IS NOT NULL AND k.state = 'answered'
       AND k.answered_at <= $3
     GROUP BY k.subject_id
), sent AS (
    SELECT p.unit_id, i.invited_at, a.matched_at, q.subject IS NOT NULL AS asked,
           coalesce(w.at, i.confirmed_at, CASE WHEN i.state = 'declined' THEN i.closed_at END)
               AS answered_at,
           EXISTS (SELECT 1 FROM messages m JOIN deliveries d ON d.message_id = m.id
                    WHERE m.purpose = $5 AND m.subject_id = i.id
                      AND d.candidate_id IS NOT NULL AND d.state IN {_KNOWN}) AS arrived
      FROM interviews i {_POSTS}
      LEFT JOIN questions q ON q.subject = 'interviews:' || i.id
      LEFT JOIN answers w ON w.subject_id = i.id
     WHERE i.invited_at >= $1 AND i.invited_at < $2 AND i.invited_at <= $3
), told AS (
    SELECT *, arrived OR answered_at IS NOT NULL AS told,
           invited_at <= $3 - interval '24 hours' AS old FROM sent
)
SELECT unit_id, count(*) AS invitations,
       count(*) FILTER (WHERE told) AS told,
       count(*) FILTER (WHERE told AND asked) AS asked,
       count(*) FILTER (WHERE matched_at <= invited_at) AS matched,
       count(*) FILTER (WHERE old) AS day_old,
       count(*) FILTER (WHERE old AND answered_at <= invited_at + interval '24 hours')
           AS answered_in_a_day,
       coalesce(array_agg(round(extract(epoch FROM answered_at - invited_at) / 60)::int)
                FILTER (WHERE answered_at IS NOT NULL), '{{}}') AS answer_minutes
  FROM told GROUP BY unit_id
"""
_REASONS = "\n".join(
    f"count(*) FILTER (WHERE i.state = 'declined' AND i.decline_reason = '{reason}') "
    f"AS because_{reason},"
    for reason in DeclineReason
)
_ENDINGS = f"""
SELECT p.unit_id,
       count(*) FILTER (WHERE i.state = 'declined') AS declined,
       {_REASONS}
       count(*) FILTER (WHERE i.state = 'cancelled') AS taken_back,
       count(*) FILTER (WHERE i.state = 'expired') AS unanswered
  FROM interviews i {_POSTS}
 WHERE i.closed_at >= $1 AND i.closed_at < $2 AND i.closed_at <= $3
   AND i.state IN ('declined', 'cancelled', 'expired')
 GROUP BY p.unit_id
"""
_SENT = f"""
SELECT p.unit_id,
       count(*) FILTER (WHERE o.kind = 'passed') AS passed,
       count(*) FILTER (WHERE o.kind = 'rejected') AS rejected
  FROM outcomes o JOIN interviews i ON i.id = o.interview_id {_POSTS}
 WHERE o.state = 'sent' AND o.sent_at >= $1 AND o.sent_at < $2 AND o.sent_at <= $3
 GROUP BY p.unit_id
"""
_RATINGS = f"""
SELECT p.unit_id, count(*) AS ratings_asked,
       count(*) FILTER (WHERE o.rated_at <= $3) AS rated,
       count(*) FILTER (WHERE o.rated_at <= $3 AND o.rating >= 4) AS satisfied
  FROM outcomes o JOIN interviews i ON i.id = o.interview_id {_POSTS}
 WHERE o.kind = 'rejected'
   AND o.rating_asked_at >= $1 AND o.rating_asked_at < $2 AND o.rating_asked_at <= $3
 GROUP BY p.unit_id
"""
_RESULTS = f"""
SELECT p.unit_id, a.id AS application_id, a.stage, c.erased_at, i.result_due_at AS due,
       i.result_provisional AS provisional, c.name, o.sent_at, o.chosen_at, w.told_at, w.states,
       p.notice_within IS NOT NULL OR n.id IS NOT NULL AS by_notice, n.published_at, n.tell_by
  FROM interviews i {_POSTS}
  JOIN candidates c ON c.id = a.candidate_id
  LEFT JOIN result_notices n ON n.id = i.notice_id AND n.published_at <= $3
  LEFT JOIN outcomes o ON o.interview_id = i.id AND o.state = 'sent' AND o.sent_at <= $3
  LEFT JOIN LATERAL (
       SELECT min(e.at) FILTER (WHERE d.state IN {_KNOWN} AND e.state IN {_KNOWN}) AS told_at,
              array_agg(DISTINCT d.state) AS states
         FROM messages m JOIN deliveries d ON d.message_id = m.id
         LEFT JOIN delivery_events e ON e.delivery_id = d.id AND e.at <= $3
        WHERE m.purpose = ANY($5) AND m.subject_id = o.id AND d.candidate_id IS NOT NULL
       ) w ON true
 WHERE i.result_due_at >= $1 AND i.result_due_at < $2 AND i.state IN ('confirmed', 'held')
 ORDER BY i.result_due_at, a.id
"""


async def count(
    month: Month, now: datetime, *, unit_id: int | None = None, names: bool = False
) -> MonthReport:
    """What is known at `now` of that month, by unit. `names`: with initials of candidates.

    The caller has made sure that whoever reads it may see these units.
    """
    scope = (month.begins, month.after.begins, now, unit_id)
    found: defaultdict[int | None, Counts] = defaultdict(Counts)
    queries: tuple[tuple[str, tuple[object, ...]], ...] = (
        (_INTERVIEWS, (NO_SHOW, UNDONE)),
        (_INVITATIONS, (INVITATION, QUESTION, COVERED)),
        (_ENDINGS, ()),
        (_SENT, ()),
        (_RATINGS, ()),
    )
    for sql, more in queries:
        for row in await db.fetch(sql, *scope, *more):
            found[row.pop("unit_id")] += _counts(row)
    unit_names = await _unit_names()
    missed = []
    for row in await db.fetch(_RESULTS, *scope, RESULTS):
        counted, fate = _result(row, now)
        found[row["unit_id"]] += counted
        if fate not in (None, Fate.ON_TIME):
            missed.append(_missed(row, fate, unit_names, names))
    return MonthReport(month, now, _by_name(found, unit_names), tuple(missed))


def _counts(row: db.Row) -> Counts:
    minutes = tuple(sorted(row.pop("answer_minutes", ())))
    return Counts(**row, answer_minutes=minutes)


def _result(row: db.Row, now: datetime) -> tuple[Counts, Fate | None]:
    """What a result adds, and its fate; None while it cannot be judged."""
    if row["due"] > now:
        return Counts(not_due=1), None
    gone = row["stage"] == "withdrawn" or row["erased_at"] is not None
    if gone and row["sent_at"] is None:
        return Counts(withdrawn=1), None
    fate = _fate(row)
    counted = Counts(results_due=1, on_time=int(fate is Fate.ON_TIME))
    if row["by_notice"]:
        counted += Counts(notices_due=1, notices_on_time=int(_public_in_time(row)))
    return counted, fate


def _public_in_time(row: db.Row) -> bool:
    return row["published_at"] is not None and row["published_at"] <= row["due"]


def _tell_by(row: db.Row) -> datetime:
    """Until when a letter is in time: the result's day; after a punctual public notice, with which
    all letters leave at once and in the allowed hours only, the next working day."""
    due: datetime = row["due"]
    return max(due, row["tell_by"]) if _public_in_time(row) else due


def _fate(row: db.Row) -> Fate:
    if row["sent_at"] is None:
        return Fate.OVERDUE
    if row["told_at"] is not None:
        return Fate.ON_TIME if row["told_at"] <= _tell_by(row) else Fate.LATE
    if row["chosen_at"] is not None and row["chosen_at"] <= _tell_by(row):
        return Fate.ON_TIME  # erasure took the record; they had answered by then
    states = set(row["states"] or ())
    if states & {"queued", "sending"}:
        return Fate.SENDING
    # Without any delivery: its record has been deleted, or it was never made.
    return Fate.UNKNOWN if not states or "unknown" in states else Fate.FAILED


def _missed(row: db.Row, fate: Fate, unit_names: Mapping[int, str], names: bool) -> Missed:
    return Missed(
        application_id=row["application_id"],
        unit=unit_names.get(row["unit_id"], ""),
        due=row["due"],
        fate=fate,
        told_at=row["told_at"],
        provisional=row["provisional"],
        who=initials(row["name"]) if names else "",
    )


def initials(sealed_name: str | None) -> str:
    """李** out of the sealed name: enough for whoever knows the case; "" after erasure."""
    if sealed_name is None:
        return ""
    name = sealed.open_sealed("candidates.name", sealed_name)
    return f"{name[:1]}**"


async def _unit_names() -> dict[int, str]:
    rows = await db.fetch("SELECT id, name FROM units")
    return {row["id"]: row["name"] for row in rows}


def _by_name(
    found: Mapping[int | None, Counts], names: Mapping[int, str]
) -> tuple[UnitCounts, ...]:
    """In the order of the units' names; posts without a unit come last."""
    known: Iterable[UnitCounts] = (
        UnitCounts(names[unit] if unit is not None else "", counts)
        for unit, counts in found.items()
    )
    return tuple(sorted(known, key=lambda unit: (not unit.name, unit.name)))
