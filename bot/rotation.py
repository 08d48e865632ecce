"""Key rotation: what an older key sealed is sealed anew, in small steps that can be stopped."""

from __future__ import annotations

from models import db, sealed

# Every sealed column: table, primary key, column, and the place that is authenticated with it.
SEALED = (
    ("approvals", "id", "content", "approvals.content"),
    ("applications", "id", "profile", "applications.profile"),
    ("applications", "id", "match_points", "applications.match_points"),
    ("candidates", "id", "name", "candidates.name"),
    ("candidates", "id", "phone", "candidates.phone"),
    ("candidates", "id", "email", "candidates.email"),
    ("candidate_tasks", "id", "detail", "candidate_tasks.detail"),
    ("checklist_items", "id", "note", "checklist_items.note"),
    ("evidence", "id", "body", "evidence.body"),
    ("inbox", "id", "payload", "inbox.payload"),
    ("inbox", "id", "reply", "inbox.reply"),
    ("kf_contacts", "id", "external_user", "kf_contacts.external_user"),
    ("licences", "id", "number", "licences.number"),
    ("messages", "id", "context", "messages.context"),
    ("outcomes", "id", "text", "outcomes.text"),
    ("outcomes", "id", "facts", "outcomes.facts"),
    ("persons", "id", "phone", "persons.phone"),
    ("persons", "id", "protected_until", "persons.protected_until"),
    ("platform_tokens", "app", "token", "platform_tokens.token"),
    ("renewals", "id", "number", "renewals.number"),
    ("renewals", "id", "reason", "renewals.reason"),
    ("scorecards", "id", "strength", "scorecards.strength"),
    ("scorecards", "id", "comment", "scorecards.comment"),
    ("swaps", "id", "reason", "swaps.reason"),
    ("unit_groups", "id", "secret", "unit_groups.secret"),
    ("sheet_uploads", "id", "body", "sheet_uploads.body"),
)
BATCH = 500
FILES = 4  # in one step: each may be some ten megabytes, sealed and opened in memory


async def reseal() -> dict[str, int]:
    """Place → how many values were sealed anew. Raises SealError when a key is missing."""
    return {
        place: await _reseal_column(table, key, column, place)
        for table, key, column, place in SEALED
    }


async def _reseal_column(table: str, key: str, column: str, place: str) -> int:
    ring, done = sealed.ring(), 0
    batch = FILES if table == "evidence" else BATCH
    while True:
        async with db.transaction():
            rows = await db.fetch(
                f"SELECT {key} AS key, {column} AS value FROM {table} "
                f"WHERE {column} IS NOT NULL AND {column} NOT LIKE $1 "
                f"LIMIT {batch} FOR UPDATE",
                f"{ring.current}:%",
            )
            await db.execute_many(
                f"UPDATE {table} SET {column} = $2 WHERE {key} = $1",
                [(row["key"], ring.seal(place, ring.open(place, row["value"]))) for row in rows],
            )
        done += len(rows)
        if len(rows) < batch:
            return done
