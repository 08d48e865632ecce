"""One message a day to each head nurse and office about the licences of their people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date

from models import db
from models.clock import Clock
from models.ledger import Priority
from models.people import WARD
from services.ledger import Ledger
from services.licence_phrases import Answers, LicencePhrases, answers_of
from services.licence_records import LicenceView, by_urgency
from services.licence_steps import Standing
from services.licences import Licences
from services.offices import people_of
from services.purposes import Facts, Purpose, Subject
from services.swap_facts import shift_words

DIGEST = "licences.digest"
SHOWN = 12  # lines of one message

_HEADS = """
SELECT g.unit_id, g.person_id FROM grants g JOIN persons p ON p.id = g.person_id
 WHERE p.active AND g.role = 'manager' AND g.unit_id = ANY($1) ORDER BY g.id
"""
# A night that ends on the morning after the last valid day stands beyond it as well.
_BEYOND = """
SELECT t.id, s.name, s.hours, s.starts_at
  FROM unnest($1::bigint[], $2::bigint[], $3::date[]) AS t(id, person_id, valid_to)
  JOIN shifts s ON s.person_id = t.person_id AND s.state = 'planned' AND s.day >= t.valid_to
  JOIN units u ON u.id = s.unit_id AND u.kind = $4
 WHERE timezone('Asia/Shanghai', s.ends_at - interval '1 minute')::date > t.valid_to
   AND s.starts_at > $5
 ORDER BY s.starts_at
"""


class LicenceDigests:
    def __init__(
        self, records: Licences, ledger: Ledger, words: LicencePhrases, clock: Clock
    ) -> None:
        self.records = records
        self.ledger = ledger
        self.words = words
        self.clock = clock
        ledger.purposes.add([Purpose(DIGEST, self._facts, Priority.DIGEST)])

    async def tell_about(
        self, said: Sequence[tuple[LicenceView, int]], today: date, why: str = "step"
    ) -> None:
        """Tell heads and offices of these licences whose step concerns them; one message each."""
        lists = await self._receivers(said)
        for receiver, licences in sorted(lists.items()):
            await self.ledger.notify(
                DIGEST,
                receiver,
                [receiver],
                context={"why": why, "licences": licences},
                once=f"{DIGEST}:{why}:{receiver}:{today}",
            )

    async def _receivers(self, said: Sequence[tuple[LicenceView, int]]) -> dict[int, list[int]]:
        """Receiver → licences: the manager of the holder's unit, the office of the kind."""
        for_head = [one for one, step in said if step <= one.kind.head_from]
        for_office = [one for one, step in said if step <= one.kind.office_from]
        heads = await self._heads(for_head)
        lists: dict[int, set[int]] = defaultdict(set)
        for one in for_head:
            for person in heads.get(one.unit_id or 0, []):
                lists[person].add(one.id)
        for office in {one.kind.office for one in for_office}:
            for person in await people_of(office):
                lists[person] |= {one.id for one in for_office if one.kind.office is office}
        return {person: sorted(licences) for person, licences in lists.items()}

    async def _heads(self, licences: Sequence[LicenceView]) -> dict[int, list[int]]:
        units = sorted({one.unit_id for one in licences if one.unit_id is not None})
        heads: dict[int, list[int]] = defaultdict(list)
        for row in await db.fetch(_HEADS, units):
            heads[row["unit_id"]].append(row["person_id"])
        return heads

    # What is said, at the moment it is sent.

    async def _facts(self, subjects: Sequence[Subject]) -> Mapping[int, Facts]:
        ids = {each for subject in subjects for each in subject.context["licences"]}
        current = {
            one.id: one for one in await self.records.some(sorted(ids)) if one.state == "current"
        }
        heard = await answers_of(sorted(current))
        beyond = await self.shifts_beyond(list(current.values()))
        return {
            subject.message_id: self._shown(
                subject,
                [current[each] for each in subject.context["licences"] if each in current],
                heard,
                beyond,
            )
            for subject in subjects
        }

    def _shown(
        self,
        subject: Subject,
        views: Sequence[LicenceView],
        heard: Mapping[int, Answers],
        beyond: Mapping[int, list[str]],
    ) -> Facts:
        why = subject.context["why"]
        if why == "silent":
            views = [one for one in views if not heard.get(one.id, Answers()).said]
        with_unit = len({one.unit_id for one in views}) > 1
        today = self.records.today
        lines = [
            self.words.line(
                one,
                heard.get(one.id),
                beyond.get(one.id, ()),
                today=today,
                with_unit=with_unit,
            )
            for one in by_urgency(views)
        ]
        facts = {
            "why": why,
            "count": len(lines),
            "lines": lines[:SHOWN],
            "more": max(0, len(lines) - SHOWN),
        }
        return Facts(facts, bool(lines), "the licence was renewed or withdrawn")

    async def shifts_beyond(self, views: Sequence[LicenceView]) -> dict[int, list[str]]:
        """Licence → planned clinical shifts after its last day, where nobody may work then."""
        asked = [
            one
            for one in views
            if one.kind.blocks
            and one.valid_to
            and one.standing in (Standing.LATE, Standing.DUE)  # once ended: licences.rostered
        ]
        rows = await db.fetch(
            _BEYOND,
            [one.id for one in asked],
            [one.person_id for one in asked],
            [one.valid_to for one in asked],
            WARD,
            self.clock.now(),
        )
        found: dict[int, list[str]] = defaultdict(list)
        for row in rows:
            found[row["id"]].append(shift_words(row))
        return found
