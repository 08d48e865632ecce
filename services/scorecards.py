"""评分: each interviewer of a slot is asked what they found, and says it on a card or in words."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from message_templates.catalogue import Catalogue
from models import db
from models.asks import AskState
from models.candidates import Stage
from models.clock import Clock
from models.interviews import InterviewState
from models.ledger import Priority
from models.policies import Escalate
from services import audit, interviewed
from services.actors import Actor
from services.asks import Asks
from services.escalation import Escalation, Silent
from services.interview_seats import Change
from services.interviewed import ENDED, Interviewed
from services.ledger import Ledger
from services.purposes import Facts, Purpose, Subject
from services.recruiting_access import require_recruiting
from services.refusals import Refusal
from services.score_notes import ScoreNote, merged, notes_of, store

REQUEST = "scorecards.request"
SILENT = "scorecards.silent"
LOOK_BACK = timedelta(days=60)
MOST_LINES = 20
HIGHEST, LOWEST = 10, 1

_HOLD = """
UPDATE interviews SET state = 'held' WHERE id = $1 AND state = 'confirmed' RETURNING application_id
"""
_STAGE = (
    "UPDATE applications SET stage = $2 WHERE id = $1 AND stage NOT IN ('offered', 'declined')"
)
_PREPARED = """
SELECT EXISTS (SELECT 1 FROM outcomes
                WHERE interview_id = $1 AND state IN ('asked', 'waiting', 'sent'))
"""
_MINE = """
i.state IN ('confirmed', 'held') AND s.starts_at <= $2 AND s.starts_at > $3
AND c.erased_at IS NULL
AND EXISTS (SELECT 1 FROM slot_interviewers n WHERE n.slot_id = s.id AND n.person_id = $1)
AND NOT EXISTS (SELECT 1 FROM outcomes o WHERE o.interview_id = i.id
                   AND o.state IN ('asked', 'waiting', 'sent'))
"""
_STILL_SILENT = """
SELECT q.subject_id, q.person_id, n.name FROM asks q JOIN persons n ON n.id = q.person_id
 WHERE q.id = ANY($1) AND q.state = 'open' ORDER BY n.name, q.id
"""

Absent = Callable[[int, Actor], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Candidacy:
    """An interview its interviewer may give scores for; `number` is how they name it in words."""

    number: int
    interview: Interviewed
    scored: bool


class Scorecards:
    """`absent` is told who did not come: it records that and asks them kindly, once."""

    def __init__(
        self,
        ledger: Ledger,
        asks: Asks,
        escalation: Escalation,
        catalogue: Catalogue,
        clock: Clock,
        absent: Absent,
    ) -> None:
        self.ledger = ledger
        self.asks = asks
        self.catalogue = catalogue
        self.clock = clock
        self._absent = absent
        self.choices: Mapping[str, Any] = catalogue.words("scorecards/choices")
        ledger.purposes.add(
            [
                Purpose(REQUEST, self._facts, Priority.DECISION, useful_for=timedelta(days=3)),
                Purpose(SILENT, self._silent_facts, Priority.DIGEST),
            ]
        )
        escalation.on(REQUEST, Escalate.TELL_REQUESTER, self._tell_recruiters)

    async def ask(self, interview_id: int) -> None:
        """Ask each interviewer who has not given scores yet; once for each slot and person."""
        await self._ask(interview_id)

    async def ask_again(self, interview_id: int) -> None:
        """The same once more: they were told that nobody came, and somebody did."""
        await self._ask(interview_id, f":{self.clock.now().isoformat()}")

    async def _ask(self, interview_id: int, again: str = "") -> None:
        found = await interviewed.one(interview_id)
        if found.erased:
            return
        for person in found.unscored:
            await self.asks.open(
                REQUEST,
                found.id,
                [person],
                policy="scorecard",
                deadline=found.due_at,
                context={"person": person, "slot": found.slot_id},
                once=f"{REQUEST}:{found.id}:{found.slot_id}:{person}{again}",
            )

    async def mine(self, by: Actor) -> list[Candidacy]:
        """Whom this interviewer may give scores for now, in the order they were interviewed."""
        now = self.clock.now()
        found = await interviewed.load(_MINE, by.person_id, now, now - LOOK_BACK)
        return [
            Candidacy(number, interview, by.person_id in interview.scored)
            for number, interview in enumerate(found, start=1)
        ]

    async def record(
        self, by: Actor, interview_id: int, note: ScoreNote, *, interviewer: int | None = None
    ) -> ScoreNote:
        """Note what an interviewer found; what is left out keeps what was noted before.

        HR may enter it for an `interviewer` of the slot. Returns the whole scorecard as it is now.
        Raises Refusal: not theirs, not over, nobody came, a result is being prepared, no score.
        """
        found = await interviewed.locked(interview_id)
        person = by.person_id if interviewer is None else interviewer
        if person != by.person_id:
            await require_recruiting(by, found.posting_id)
        await self._check(found, person)
        before = (await notes_of(found.id)).get(person, ScoreNote())
        whole = merged(before, note)
        _check_scores(whole)
        now = self.clock.now()
        await store(found.id, person, whole, now)
        await self._held(found)
        await self.asks.answer([REQUEST], found.id, person, "scored")
        await self.ledger.redraw([REQUEST], [found.id])
        detail = {} if person == by.person_id else {"interviewer": person}
        await audit.record(now, by, "scorecard.recorded", f"interviews:{found.id}", **detail)
        return whole

    async def absent(self, by: Actor, interview_id: int) -> None:
        """An interviewer says that the candidate did not come. Raises Refusal as for scores."""
        found = await interviewed.locked(interview_id)
        await self._check(found, by.person_id)
        if found.state == InterviewState.HELD:
            raise Refusal("interview_held")
        await self.asks.answer([REQUEST], found.id, by.person_id, "absent")
        await self._absent(found.id, by)
        await self.stop_asking([found.id])

    async def nobody_came(self, change: Change) -> None:
        """Whoever noted it, and wherever: nobody is asked for scores."""
        await self.stop_asking([change.interview_id])

    async def stop_asking(self, interviews: Sequence[int]) -> None:
        """No more scores are needed of these: nobody came, or the result is there."""
        await self.ledger.withdraw([REQUEST], interviews, "no scores are needed any more")
        await self.asks.close([REQUEST], interviews, AskState.WITHDRAWN)
        await self.ledger.redraw([REQUEST], interviews)

    async def _check(self, found: Interviewed, person: int) -> None:
        if person not in found.interviewers:
            raise Refusal("not_your_interview")
        if found.state == InterviewState.NO_SHOW:
            raise Refusal("interview_no_show")
        if found.state not in ENDED or found.starts_at is None:
            raise Refusal("interview_not_held")
        if found.starts_at > self.clock.now():
            raise Refusal("interview_not_begun", at=found.starts_at)
        if await db.fetch_value(_PREPARED, found.id):
            raise Refusal("scores_closed")

    async def _held(self, found: Interviewed) -> None:
        """The first score says that it took place."""
        application = await db.fetch_value(_HOLD, found.id)
        if application is not None:
            await db.execute(_STAGE, application, Stage.INTERVIEWED.value)

    async def facts(self, interview_id: int, person: int) -> dict[str, Any]:
        """What this person's card shows now."""
        found = await interviewed.one(interview_id)
        return await self._card(found, person, found.slot_id)

    async def _card(self, found: Interviewed, person: int, slot: int | None) -> dict[str, Any]:
        return {
            "name": found.name,
            "post": found.post,
            "starts_at": found.starts_at,
            "closed": await self._closed(found, person, slot),
            "levels": self.choices["levels"],
            "verdicts": self.choices["verdicts"],
        }

    async def _closed(self, found: Interviewed, person: int, slot: int | None) -> str:
        if found.slot_id != slot or found.state not in (*ENDED, InterviewState.NO_SHOW):
            return self._say("closed_off")
        if found.state == InterviewState.NO_SHOW:
            return self._say("closed_absent")
        if person in found.scored:
            note = (await notes_of(found.id))[person]
            return self._say("submitted", score=self.words(ScoreNote(note.scores, note.verdict)))
        if await db.fetch_value(_PREPARED, found.id):
            return self._say("closed_prepared")
        return ""

    def words(self, note: ScoreNote) -> str:
        """专业8 沟通9 录用 优势：急诊分诊有条理."""
        verdicts = {choice["id"]: choice["text"] for choice in self.choices["verdicts"]}
        return self._say(
            "score",
            scores={key: f"{value:g}" for key, value in note.scores.items()},
            verdict=verdicts.get(note.verdict, ""),
            strength=note.strength,
            comment=note.comment,
        )

    def _say(self, key: str, **facts: object) -> str:
        return self.catalogue.phrase("scorecards/replies", key, **facts)

    async def _facts(self, subjects: Sequence[Subject]) -> Mapping[int, Facts]:
        found = await interviewed.by_ids([subject.subject_id for subject in subjects])
        facts = {}
        for subject in subjects:
            if subject.subject_id not in found:
                continue
            interview = found[subject.subject_id]
            person, slot = subject.context["person"], subject.context["slot"]
            card = await self._card(interview, person, slot)
            stands = not card["closed"] and not interview.erased
            facts[subject.message_id] = Facts(card, stands, "no score is needed any more")
        return facts

    async def _tell_recruiters(self, silent: Sequence[Silent]) -> None:
        """One list to each recruiter, however many interviewers are silent."""
        found = await interviewed.by_ids([ask.subject_id for ask in silent])
        lists: dict[int, list[int]] = {}
        for ask in silent:
            interview = found.get(ask.subject_id)
            if interview is not None and interview.state in ENDED and not interview.erased:
                lists.setdefault(interview.recruiter_id, []).append(ask.ask_id)
        for recruiter, asks in lists.items():
            await self.ledger.notify(SILENT, asks[0], [recruiter], context={"asks": asks})

    async def _silent_facts(self, subjects: Sequence[Subject]) -> Mapping[int, Facts]:
        facts = {}
        for subject in subjects:
            rows = await db.fetch(_STILL_SILENT, subject.context["asks"])
            found = await interviewed.by_ids([row["subject_id"] for row in rows])
            lines = [
                {
                    "interviewer": row["name"],
                    "name": found[row["subject_id"]].name,
                    "post": found[row["subject_id"]].post,
                    "starts_at": found[row["subject_id"]].starts_at,
                }
                for row in rows
                if not found[row["subject_id"]].erased
            ]
            shown = {"lines": lines[:MOST_LINES], "more": max(len(lines) - MOST_LINES, 0)}
            facts[subject.message_id] = Facts(shown, bool(lines), "all scores are in")
        return facts


def _check_scores(note: ScoreNote) -> None:
    if not note.scores and not note.verdict:
        raise Refusal("score_empty")
    if any(not LOWEST <= score <= HIGHEST for score in note.scores.values()):
        raise Refusal("score_range", least=LOWEST, most=HIGHEST)
