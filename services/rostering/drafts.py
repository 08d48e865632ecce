"""排班草稿: asked for, worked out beside the bot, and shown to who answers for the ward."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from message_templates.catalogue import Catalogue
from models import db
from models.clock import SHANGHAI, Clock
from models.ledger import Priority
from models.roster_runs import RunState
from services import audit, jobs
from services.actors import Actor, by_id
from services.ledger import Ledger
from services.permissions import Act, may, require
from services.purposes import Facts, Purpose, Subject
from services.refusals import Refusal
from services.rostering import runs
from services.rostering.building import check_minimums
from services.rostering.carried_over import with_others
from services.rostering.decisions import Decisions
from services.rostering.drafting import Drafted, Drafting, SolverDied, SolverMissing
from services.rostering.findings import Finding
from services.rostering.model import Progress
from services.rosters import Rosters

WORKING = "rosters.draft_working"
FAILED = "rosters.draft_failed"
AHEAD = timedelta(days=400)
SHOWN = 8  # sentences of one message
OWN_WORDS = frozenset({"timeout", "memory"})  # deaths of the solver with a cure of their own


class Stopped(Exception):
    """Nobody wants the answer any more."""


class _Unsafe(Exception):
    """The validator objects to what the solver made."""


class RosterDrafts:
    def __init__(
        self,
        drafting: Drafting,
        decisions: Decisions,
        rosters: Rosters,
        ledger: Ledger,
        words: Catalogue,
        clock: Clock,
    ) -> None:
        self.drafting = drafting
        self.decisions = decisions
        self.rosters = rosters
        self.ledger = ledger
        self.words = words
        self.clock = clock
        ledger.purposes.add(
            [
                Purpose(WORKING, self._working_facts, Priority.DECISION, quiet=False),
                Purpose(FAILED, self._failed_facts, Priority.DECISION, quiet=False),
            ]
        )

    @property
    def today(self) -> date:
        return self.clock.now().astimezone(SHANGHAI).date()

    async def ask(
        self, by: Actor, unit_id: int, first: date, last: date, seconds: int | None = None
    ) -> int:
        """Have a month drafted by a job; the run's id. The answer comes as a card.

        Raises Refusal: not allowed, the month has begun or is far away, one is running, or
        nothing to draft from (no minimums, nobody).
        """
        require(by, Act.PUBLISH_ROSTER, unit_id)
        self.check_month(first)
        await check_minimums(unit_id)
        limits = self.drafting.policy.within(seconds)
        now = self.clock.now()
        run_id = await runs.open_run(
            unit_id, by.person_id, first, last, round(limits.seconds), now
        )
        await self.ledger.notify(WORKING, run_id, [by.person_id], once=f"{WORKING}:{run_id}")
        await jobs.enqueue(jobs.SOLVE, str(run_id), once=f"solve:{run_id}")
        await audit.record(now, by, "draft.asked", f"roster_runs:{run_id}", first=first)
        return run_id

    async def keep(self, by: Actor, unit_id: int, drafted: Drafted, seconds: int) -> int:
        """Store what was worked out elsewhere and ask for a decision; the run's id.

        Raises Refusal: not allowed, one is running, or the validator objects.
        """
        require(by, Act.PUBLISH_ROSTER, unit_id)
        problem, now = drafted.problem, self.clock.now()
        async with db.transaction():
            run_id = await runs.open_run(
                unit_id, by.person_id, problem.first, problem.last, seconds, now
            )
            await runs.move(run_id, runs.OPEN, RunState.READY, now)
            try:
                await self.accept(run_id, by, drafted)
            except _Unsafe as unsafe:
                said = self.drafting.say("unsafe", rule=str(unsafe))
                raise Refusal("draft_unsafe", said=said) from unsafe
            await audit.record(
                now, by, "draft.asked", f"roster_runs:{run_id}", first=problem.first
            )
        return run_id

    def check_month(self, first: date) -> None:
        """Raises Refusal: it has begun, or is far away."""
        if first <= self.today:
            raise Refusal("draft_begun", first=first)
        if first > self.today + AHEAD:
            raise Refusal("draft_far")

    async def stop(self, by: Actor, run_id: int) -> dict[str, Any]:
        """Give it up; the solver notices within a second. The facts to redraw its card."""
        run = await runs.locked(run_id)
        require(by, Act.PUBLISH_ROSTER, run["unit_id"])
        if await runs.move(run_id, runs.OPEN, RunState.CANCELLED, self.clock.now()):
            await self._close_working(run_id)
            await audit.record(self.clock.now(), by, "draft.stopped", f"roster_runs:{run_id}")
        return await self.facts(run_id)

    async def running(self, by: Actor) -> list[dict[str, Any]]:
        """Runs under way in the units of `by`, for 排班进度."""
        rows = await db.fetch(
            "SELECT id, unit_id FROM roster_runs WHERE state = ANY($1) ORDER BY id",
            [str(state) for state in runs.OPEN],
        )
        mine = [row["id"] for row in rows if may(by, Act.PUBLISH_ROSTER, row["unit_id"])]
        found = await runs.load(mine)
        return [_said(found[run_id]) for run_id in mine]

    # The job.

    async def run(self, payload: str) -> None:
        """Work one run out. It may come again after a crash, and then begins anew."""
        run_id = int(payload)
        run = await runs.move(run_id, runs.OPEN, RunState.SOLVING, self.clock.now())
        if run is None:
            return
        by = await by_id(run["by_id"])
        if by is None or not may(by, Act.PUBLISH_ROSTER, run["unit_id"]):
            await runs.move(run_id, runs.OPEN, RunState.CANCELLED, self.clock.now())
            return
        try:
            drafted = await self._work(run)
            await self._settle(run, by, drafted)
        except Stopped:
            return
        except Refusal as refusal:
            said = self.words.phrase("refusals", refusal.key, **refusal.params)
            await self._fail(run, said)
        except SolverMissing:
            await self._fail(run, self.drafting.say("missing"))
        except SolverDied as died:
            key = str(died) if str(died) in OWN_WORDS else "died"
            await self._fail(run, self.drafting.say(key, reason=str(died)))
        except _Unsafe as unsafe:
            await self._fail(run, self.drafting.say("unsafe", rule=str(unsafe)))

    async def end_lost(self) -> int:
        """End the runs whose job was given up: they would keep their month for ever. How many."""
        lost = await runs.without_job()
        for run in lost:
            await self._fail(run, self.drafting.say("lost"))
        return len(lost)

    async def _work(self, run: Mapping[str, Any]) -> Drafted:
        async def watch(progress: Progress | None) -> None:
            if not await runs.note(run["id"], progress):
                raise Stopped

        limits = self.drafting.policy.within(run["seconds"])
        return await self.drafting.draft(
            run["unit_id"], run["first_day"], run["last_day"], limits, watch
        )

    async def _fail(self, run: Mapping[str, Any], text: str) -> None:
        async with db.transaction():
            await self._end(run, RunState.FAILED, [Finding(text)])

    async def _settle(self, run: Mapping[str, Any], by: Actor, drafted: Drafted) -> None:
        if drafted.cells is None:
            state = RunState.IMPOSSIBLE if drafted.impossible else RunState.FAILED
            async with db.transaction():
                await self._end(run, state, drafted.findings)
            return
        async with db.transaction():
            if await self._moved(run, RunState.READY):
                await self.accept(run["id"], by, drafted)
                await self._close_working(run["id"])

    async def accept(self, run_id: int, by: Actor, drafted: Drafted) -> None:
        """Store the draft as checked by the validator, and ask for a decision.

        Raises _Unsafe when the validator objects: then nothing is stored.
        """
        roster_id = await self._store(run_id, by, drafted)
        figures: dict[str, object] = {
            "seconds": round(drafted.outcome.seconds, 1),
            "solutions": drafted.outcome.solutions,
            "proven": drafted.outcome.proven,
            "people": len(drafted.problem.nurses),
        }
        await runs.keep_result(run_id, drafted.findings, drafted.cost, roster_id, figures)
        await self.decisions.ask(run_id, by)

    async def _store(self, run_id: int, by: Actor, drafted: Drafted) -> int:
        problem, sheet = drafted.problem, drafted.sheet
        assert sheet is not None
        if not sheet.applicable:
            raise _Unsafe("sheet")
        sheet = await with_others(
            sheet, problem, await self.rosters.codes.of_unit(problem.unit_id)
        )
        month = f"{problem.first.year}年{problem.first.month}月"
        source = self.words.phrase("replies", "draft_source", month=month)
        digest = hashlib.sha256(f"{run_id}:".encode() + drafted.content).hexdigest()
        stored = await self.rosters.draft_read(by, problem.unit_id, sheet, source, digest)
        if stored.violations or stored.roster_id is None:
            raise _Unsafe((*stored.violations, *stored.errors, "?")[0])
        return stored.roster_id

    async def _end(
        self, run: Mapping[str, Any], state: RunState, findings: Sequence[Finding]
    ) -> None:
        if not await self._moved(run, state):
            return
        await runs.keep_result(run["id"], findings, None, None, {})
        await self._close_working(run["id"])
        once = f"{FAILED}:{run['id']}"
        await self.ledger.notify(FAILED, run["id"], [run["by_id"]], once=once)
        await audit.record(
            self.clock.now(), "system", f"draft.{state}", f"roster_runs:{run['id']}"
        )

    async def _moved(self, run: Mapping[str, Any], state: RunState) -> bool:
        return await runs.move(run["id"], runs.OPEN, state, self.clock.now()) is not None

    async def _close_working(self, run_id: int) -> None:
        await self.ledger.withdraw([WORKING], [run_id], "the draft is done")
        await self.ledger.redraw([WORKING], [run_id])

    # What messages say.

    async def facts(self, run_id: int) -> dict[str, Any]:
        return _said((await runs.load([run_id]))[run_id])

    async def _working_facts(self, subjects: Sequence[Subject]) -> Mapping[int, Facts]:
        return await self._told(subjects, runs.OPEN)

    async def _failed_facts(self, subjects: Sequence[Subject]) -> Mapping[int, Facts]:
        return await self._told(subjects, (RunState.IMPOSSIBLE, RunState.FAILED))

    async def _told(
        self, subjects: Sequence[Subject], stands: Sequence[RunState]
    ) -> Mapping[int, Facts]:
        found = await runs.load([subject.subject_id for subject in subjects])
        return {
            subject.message_id: Facts(
                _said(found[subject.subject_id]),
                found[subject.subject_id]["state"] in stands,
                f"the draft is {found[subject.subject_id]['state']}",
            )
            for subject in subjects
            if subject.subject_id in found
        }


def _said(run: Mapping[str, Any]) -> dict[str, Any]:
    """What the cards and texts of an attempt say."""
    return {
        "unit": run["unit"],
        "first": run["first_day"].isoformat(),
        "limit": run["seconds"],
        "state": run["state"],
        "at": run["finished_at"],
        "findings": run["findings"][:SHOWN],
        "more": max(0, len(run["findings"]) - SHOWN),
        **{key: run["progress"].get(key) for key in ("seconds", "cost", "solutions")},
    }
