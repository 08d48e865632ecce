"""Deletes what names or describes one candidate; what is counted stays, without a name.

Kept: the row itself with its random `ref` and `erased_at`; stages, states, instants, scores as
numbers, the choice and the points given. So the month's figures stay true and name nobody.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from models import db, sealed
from services.approval_kinds import CONTENT
from services.erasure_scope import Scope
from services.erasure_traces import PAYLOAD, Traces
from services.guests import PLATFORM

# Tables that hold dead rows afterwards, until VACUUM has gone over them.
TOUCHED = (
    "applications",
    "approvals",
    "asks",
    "candidate_tasks",
    "candidates",
    "deliveries",
    "delivery_events",
    "entry_links",
    "inbox",
    "kf_contacts",
    "messages",
    "outcomes",
    "scorecards",
    "sends",
    "sheet_uploads",
)
_CANDIDATE = """
UPDATE candidates SET name = NULL, name_index = NULL, phone = NULL, phone_index = NULL,
       email = NULL, email_index = NULL, title = '', source = '', external_system = NULL,
       external_id = NULL, told_at = NULL, consent_at = NULL, pool_consent_at = NULL,
       pool_until = NULL, opted_out_at = NULL, erased_at = coalesce(erased_at, $2)
 WHERE id = $1
"""
_APPLICATIONS = """
UPDATE applications SET profile = NULL, match_points = NULL
 WHERE id = ANY($1) AND (profile IS NOT NULL OR match_points IS NOT NULL)
"""
_OUTCOMES = """
UPDATE outcomes SET text = NULL, facts = NULL, text_hash = ''
 WHERE id = ANY($1) AND (text IS NOT NULL OR facts IS NOT NULL)
"""
_SCORECARDS = """
UPDATE scorecards SET strength = NULL, comment = NULL
 WHERE interview_id = ANY($1) AND (strength IS NOT NULL OR comment IS NOT NULL)
"""
_TASKS = "UPDATE candidate_tasks SET detail = NULL WHERE id = ANY($1) AND detail IS NOT NULL"
_APPROVALS = """
UPDATE approvals SET content = $2, content_hash = '', reason = ''
 WHERE id = ANY($1) AND content_hash <> ''
"""
_LINKS = "DELETE FROM entry_links WHERE candidate_id = $1"
# What they wrote. The contact, by which it is found, goes last.
_SAID = """
DELETE FROM inbox WHERE sender IN
    (SELECT $2 || ':' || user_index FROM kf_contacts WHERE candidate_id = $1)
"""
_CONTACTS = "DELETE FROM kf_contacts WHERE candidate_id = $1"
_UPLOADS = "DELETE FROM sheet_uploads"  # an hour old at most, and any may hold the sheet's row

_THEIR_MESSAGES = """
SELECT DISTINCT d.message_id, d.send_id FROM deliveries d WHERE d.candidate_id = $1
"""
_EVENTS = """
DELETE FROM delivery_events WHERE delivery_id IN
    (SELECT id FROM deliveries WHERE message_id = ANY($1))
"""
_ASKS = "DELETE FROM asks WHERE message_id = ANY($1) OR candidate_id = $2"
_DELIVERIES = "DELETE FROM deliveries WHERE message_id = ANY($1)"
_MESSAGES = "DELETE FROM messages WHERE id = ANY($1)"
_SENDS = """
DELETE FROM sends s WHERE s.id = ANY($1)
   AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.send_id = s.id)
"""
# What colleagues were told of them. A message that waits would have nothing left to say. Subjects
# are of many kinds: an interviewer's list is about a person, and what another candidate was told
# may be about anything with an equal number.
_TOLD = """
WITH emptied AS (
    UPDATE messages SET context = NULL, withdrawn_at = coalesce(withdrawn_at, $6)
     WHERE context IS NOT NULL AND (id = ANY($1)
        OR (purpose = 'outcomes.approval' AND subject_id = ANY($2)
            OR purpose LIKE 'outcomes.%' AND purpose <> 'outcomes.approval'
               AND subject_id = ANY($3)
            OR purpose LIKE 'interviews.%' AND purpose <> 'interviews.for_interviewer'
               AND subject_id = ANY($4)
            OR purpose LIKE 'tasks.%' AND subject_id = ANY($5))
           AND NOT EXISTS (SELECT 1 FROM deliveries d
                            WHERE d.message_id = messages.id AND d.candidate_id IS NOT NULL))
    RETURNING id
), gone AS (
    UPDATE deliveries d SET state = 'withdrawn', reason = 'the candidate was erased'
      FROM emptied WHERE d.message_id = emptied.id AND d.state = 'queued' RETURNING d.id
), noted AS (
    INSERT INTO delivery_events (delivery_id, state, at, detail)
    SELECT id, 'withdrawn', $6, 'the candidate was erased' FROM gone
)
SELECT count(*) FROM emptied
"""
_HEARD = """
UPDATE inbox SET payload = $2, reply = NULL WHERE id = ANY($1) AND state = 'done'
"""


async def wipe(scope: Scope, traces: Traces, now: datetime) -> Mapping[str, int]:
    """Delete it all in the ambient transaction; table → rows that were emptied or deleted."""
    who = scope.candidate_id
    nothing = sealed.seal_json(CONTENT, {})
    counts = {
        "applications": await db.execute(_APPLICATIONS, scope.applications),
        "outcomes": await db.execute(_OUTCOMES, scope.outcomes),
        "scorecards": await db.execute(_SCORECARDS, scope.interviews),
        "candidate_tasks": await db.execute(_TASKS, scope.tasks),
        "approvals": await db.execute(_APPROVALS, scope.approvals, nothing),
        "entry_links": await db.execute(_LINKS, who),
        "sheet_uploads": await db.execute(_UPLOADS),
        "inbox": await _what_was_said(who, traces),
        "kf_contacts": await db.execute(_CONTACTS, who),
        **await _what_they_were_told(who),
        "told_to_others": await _what_others_were_told(scope, traces, now),
        "candidates": await db.execute(_CANDIDATE, who, now),
    }
    return {table: count for table, count in counts.items() if count}


async def _what_was_said(candidate_id: int, traces: Traces) -> int:
    theirs = await db.execute(_SAID, candidate_id, PLATFORM)
    return theirs + await db.execute(_HEARD, traces.inbox, sealed.ring().seal(PAYLOAD, "{}"))


async def _what_they_were_told(candidate_id: int) -> dict[str, int]:
    rows = await db.fetch(_THEIR_MESSAGES, candidate_id)
    messages = list({row["message_id"] for row in rows})
    sends = list({row["send_id"] for row in rows if row["send_id"] is not None})
    return {
        "delivery_events": await db.execute(_EVENTS, messages),
        "asks": await db.execute(_ASKS, messages, candidate_id),
        "deliveries": await db.execute(_DELIVERIES, messages),
        "messages": await db.execute(_MESSAGES, messages),
        "sends": await db.execute(_SENDS, sends),
    }


async def _what_others_were_told(scope: Scope, traces: Traces, now: datetime) -> int:
    emptied: int = await db.fetch_value(
        _TOLD,
        traces.messages,
        scope.approvals,
        scope.outcomes,
        scope.interviews,
        scope.tasks,
        now,
    )
    return emptied
