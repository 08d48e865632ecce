"""Many people missing in a directory at once: more likely a wrong range than so many leavers.

Found by the nightly comparison, nobody's access ends and no list is opened before an HR head says
that they have really left; IT or an HR head may say that the directory was read wrongly. Each set
of people is one question. Told by the platform one by one, their access has ended with each word;
from a number on the lists wait for the same answer, and later ones join the open question.
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
from services.directory import DirectoryChanges, Gone
from services.offices import Office, people_of, require_office
from services.purposes import Facts, Purpose, Subject
from services.refusals import Refusal
from services.units import hr_heads

LOST = "people.lost"
POLICY = "directory_lost"
MOST = 20  # people of one night who are taken for leavers
FEW = 3  # of a small hospital, however great their share is
SHARE = 20  # more than a twentieth
SHOWN = 6  # names on the card: WeCom gives its words 160 characters
ASK_AGAIN = timedelta(days=7)
USEFUL = timedelta(days=3)

_ASK = """
INSERT INTO directory_losses (platform, people, known, asked_at, ended)
VALUES ($1, $2, $3, $4, $5) RETURNING id
"""
_LAST = """
SELECT id, state, people, asked_at, decided_at FROM directory_losses
 WHERE platform = $1 AND ended = $2 ORDER BY id DESC LIMIT 1
"""
_JOIN = "UPDATE directory_losses SET people = $2 WHERE id = $1 AND state = 'asked' RETURNING id"
# Whose access ended within a day without a word from HR, who has no list yet.
_BURST = """
SELECT p.id FROM persons p WHERE NOT p.active AND p.left_at > $1 AND p.leaves_on IS NULL
   AND NOT EXISTS (SELECT 1 FROM audit_rows a WHERE a.subject = 'persons:' || p.id
                      AND a.action = 'person.left' AND a.at > $1 AND a.detail ? 'why')
 ORDER BY p.id
"""
_KNOWN = "SELECT count(*) FROM identities WHERE platform = $1"
_DECIDE = """
UPDATE directory_losses SET state = $2, decided_at = $3, decided_by_id = $4
 WHERE id = $1 AND state = 'asked' RETURNING platform, people, ended
"""
_OVER = """
UPDATE directory_losses SET state = 'over', decided_at = $2
 WHERE platform = $1 AND ended = $3 AND state = 'asked' RETURNING id
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
    """`lists` opens the exit lists of people whose access has ended."""

    def __init__(self, changes: DirectoryChanges, lists: Gone, asks: Asks, clock: Clock) -> None:
        self.changes = changes
        self.lists = lists
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
            last = await db.fetch_one(_LAST, platform, False)
            if last is not None and now - last["asked_at"] < ASK_AGAIN:
                same = _people(last) == wanted
                if last["state"] == LossState.WRONG or (same and last["state"] == LossState.ASKED):
                    return False
            await self._close(platform)
            await self._open(platform, wanted, known, ended=False)
        return True

    async def gone(self, people: Sequence[int], platform: str) -> None:
        """The platform said that these have left: their lists, unless there are too many a day."""
        await db.lock(f"directory_losses:{platform}")
        now = self.clock.now()
        last = await db.fetch_one(_LAST, platform, True)
        if last is not None and last["state"] == LossState.ASKED:
            joined = sorted({*_people(last), *people})
            await db.execute(_JOIN, last["id"], json.dumps(joined))
            return
        burst = [row["id"] for row in await db.fetch(_BURST, now - timedelta(days=1))]
        known = await db.fetch_value(_KNOWN, platform)
        if too_many(len(burst), known):
            await self._open(platform, sorted({*people}), known, ended=True)
        else:
            await self.lists(people, platform)

    async def _open(
        self, platform: str, people: Sequence[int], known: int, *, ended: bool
    ) -> None:
        now = self.clock.now()
        loss: int = await db.fetch_value(
            _ASK, platform, json.dumps(list(people)), known, now, ended
        )
        to = sorted({*await hr_heads(), *await people_of(Office.IT)})
        await self.asks.open(LOST, loss, to, policy=POLICY)
        await audit.record(
            now,
            "system",
            "directory.lost",
            f"directory_losses:{loss}",
            platform=platform,
            missing=len(people),
            known=known,
        )

    async def over(self, platform: str) -> None:
        """Tonight there are not so many missing any more: nobody needs to answer."""
        async with db.transaction():
            await db.lock(f"directory_losses:{platform}")
            await self._close(platform)

    async def _close(self, platform: str) -> None:
        for row in await db.fetch(_OVER, platform, self.clock.now(), False):
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
            await self._end(row)
        await self.asks.answer([LOST], loss_id, by.person_id, str(state))
        await self._answered(loss_id)
        return await self.facts(loss_id)

    async def _end(self, row: db.Row) -> None:
        """Access ends where it has not, and each owner gets one card about all the lists."""
        platform, people = row["platform"], _people(row)
        accounts = await db.fetch(_ACCOUNTS, platform, people)
        named = [account["user_id"] for account in accounts]
        ended = await self.changes.left_together(platform, named, tell=False)
        await self.lists(people if row["ended"] else ended, platform)

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
        "ended": row["ended"],
        "names": names[:SHOWN],
        "state": row["state"],
        "decider": row["decider"] or "",
        "decided_at": row["decided_at"],
    }


def _people(row: db.Row) -> list[int]:
    stored = row["people"]
    found: list[int] = json.loads(stored) if isinstance(stored, str) else list(stored)
    return found
