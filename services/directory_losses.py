"""Many people missing in a directory at once: more likely a wrong range than so many leavers.

Nobody's access ends and no list is opened before an HR head says that they have really left; IT
or an HR head may say that the directory was read wrongly. Each set of people is one question.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from models import db
from models.asks import AskState
from models.clock import Clock
from models.ledger import Priority
from models.people import LossState
from services import audit
from services.actors import Actor
from services.asks import Asks
from services.directory import DirectoryChanges
from services.offices import Office, people_of, require_office
from services.purposes import Facts, Purpose, Subject
from services.refusals import Refusal
from services.units import hr_heads

LOST = "people.lost"
POLICY = "directory_lost"
MOST = 20  # people of one night who are taken for leavers
FEW = 3  # of a small hospital, however great their share is
SHARE = 20  # more than a twentieth
SHOWN = 20  # names on the card
ASK_AGAIN = timedelta(days=7)
USEFUL = timedelta(days=3)

_ASK = """
INSERT INTO directory_losses (platform, people, known, asked_at) VALUES ($1, $2, $3, $4)
RETURNING id
"""
_LAST = """
SELECT id, state, people, asked_at, decided_at FROM directory_losses
 WHERE platform = $1 ORDER BY id DESC LIMIT 1
"""
_DECIDE = """
UPDATE directory_losses SET state = $2, decided_at = $3, decided_by_id = $4
 WHERE id = $1 AND state = 'asked' RETURNING platform, people
"""
_OVER = """
UPDATE directory_losses SET state = 'over', decided_at = $2
 WHERE platform = $1 AND state = 'asked' RETURNING id
"""
_ACCOUNTS = """
SELECT i.user_id FROM identities i JOIN persons p ON p.id = i.person_id
 WHERE i.platform = $1 AND p.active AND p.id = ANY($2) ORDER BY i.user_id
"""
_FACTS = """
SELECT l.*, d.name AS decider FROM directory_losses l
  LEFT JOIN persons d ON d.id = l.decided_by_id WHERE l.id = ANY($1)
"""
_NAMES = "SELECT id, name FROM persons WHERE id = ANY($1) ORDER BY id"


def too_many(missing: int, known: int) -> bool:
    """Whether so many of the known accounts are missing that somebody must look first."""
    return missing > MOST or (missing > FEW and missing * SHARE > known)


class DirectoryLosses:
    def __init__(self, changes: DirectoryChanges, asks: Asks, clock: Clock) -> None:
        self.changes = changes
        self.asks = asks
        self.ledger = asks.ledger
        self.clock = clock
        self.ledger.purposes.add(
            [Purpose(LOST, self._facts, Priority.DECISION, useful_for=USEFUL)]
        )

    async def ask(self, platform: str, people: Sequence[int], known: int) -> bool:
        """Ask about these people; False when it was asked and is known, or still open."""
        wanted, now = sorted(people), self.clock.now()
        async with db.transaction():
            await db.lock(f"directory_losses:{platform}")
            last = await db.fetch_one(_LAST, platform)
            if last is not None and now - last["asked_at"] < ASK_AGAIN:
                same = _people(last) == wanted
                if last["state"] == LossState.WRONG or (same and last["state"] == LossState.ASKED):
                    return False
            await self._close(platform)
            loss: int = await db.fetch_value(_ASK, platform, json.dumps(wanted), known, now)
            to = sorted({*await hr_heads(), *await people_of(Office.IT)})
            await self.asks.open(LOST, loss, to, policy=POLICY)
            await audit.record(
                now,
                "system",
                "directory.lost",
                f"directory_losses:{loss}",
                platform=platform,
                missing=len(wanted),
                known=known,
            )
        return True

    async def over(self, platform: str) -> None:
        """Tonight there are not so many missing any more: nobody needs to answer."""
        async with db.transaction():
            await db.lock(f"directory_losses:{platform}")
            await self._close(platform)

    async def _close(self, platform: str) -> None:
        for row in await db.fetch(_OVER, platform, self.clock.now()):
            await self._answered(row["id"])

    async def decide(self, loss_id: int, by: Actor, *, left: bool) -> dict[str, Any]:
        """They have left (only an HR head), or it was read wrongly; the card's facts.

        One answer closes the card for everybody. Raises Refusal: not theirs to say, or decided.
        """
        if left and not by.hr_head:
            raise Refusal("lost_hr_head")
        await require_office(by, Office.IT)
        now = self.clock.now()
        state = LossState.CONFIRMED if left else LossState.WRONG
        row = await db.fetch_one(_DECIDE, loss_id, str(state), now, by.person_id)
        if row is None:
            raise Refusal("lost_decided")
        subject = f"directory_losses:{loss_id}"
        await audit.record(now, by, f"directory.lost_{state}", subject, people=len(_people(row)))
        if left:
            accounts = await db.fetch(_ACCOUNTS, row["platform"], _people(row))
            await self.changes.left_together(
                row["platform"], [account["user_id"] for account in accounts]
            )
        await self.asks.answer([LOST], loss_id, by.person_id, str(state))
        await self._answered(loss_id)
        return await self.facts(loss_id)

    async def _answered(self, loss_id: int) -> None:
        await self.asks.close([LOST], [loss_id], AskState.WITHDRAWN)
        await self.ledger.withdraw([LOST], [loss_id], "decided")
        await self.ledger.redraw([LOST], [loss_id])

    async def facts(self, loss_id: int) -> dict[str, Any]:
        """What the card shows now. Raises Refusal: there is none."""
        rows = await db.fetch(_FACTS, [loss_id])
        if not rows:
            raise Refusal("card_unknown")
        return await _shown(rows[0])

    async def _facts(self, subjects: Sequence[Subject]) -> Mapping[int, Facts]:
        rows = await db.fetch(_FACTS, [subject.subject_id for subject in subjects])
        by_id = {row["id"]: row for row in rows}
        return {
            subject.message_id: Facts(
                await _shown(by_id[subject.subject_id]),
                by_id[subject.subject_id]["state"] == LossState.ASKED,
                "decided",
            )
            for subject in subjects
            if subject.subject_id in by_id
        }


async def _shown(row: db.Row) -> dict[str, Any]:
    people = _people(row)
    names = [person["name"] for person in await db.fetch(_NAMES, people)]
    return {
        "platform": row["platform"],
        "count": len(people),
        "known": row["known"],
        "names": names[:SHOWN],
        "state": row["state"],
        "decider": row["decider"] or "",
        "decided_at": row["decided_at"],
    }


def _people(row: db.Row) -> list[int]:
    stored = row["people"]
    found: list[int] = json.loads(stored) if isinstance(stored, str) else list(stored)
    return found
