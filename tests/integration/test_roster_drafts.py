"""Drafting out of the database: what goes in, what is stored, what happens when things change."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import pytest

from bot import sample
from bot.app import read_rules
from bot.rostering.process import TOLD, ProcessSolver
from bot.wiring import Services, build
from models import db, sealed
from models.clock import ManualClock
from services.actors import Actor, find
from services.duties import PROTECTED, cells_of_unit
from services.refusals import Refusal
from services.rostering import form
from services.rostering.building import build as build_problem
from services.rostering.drafting import SolverDied, SolverMissing
from services.rostering.drafts import FAILED
from services.rostering.model import Limits, Model, Outcome, Progress
from services.rostering.problem import Problem
from services.sheets.roster import RosterSheet
from tests.support import hospital as hospitals
from tests.support.babbling import SAYS
from tests.support.deciding import at_once
from tests.support.drafting import (
    FixedSolver,
    ThreadSolver,
    quick_policies,
    set_minimums,
)

FIRST, LAST = date(2027, 1, 1), date(2027, 1, 31)
# Twelve days are enough to see everything, and quick; a month is drafted in the scenarios.
SHORT = date(2027, 1, 12)


@pytest.fixture
async def house(database_url: str, clock: ManualClock, tmp_path: Path) -> Services:
    policies = quick_policies(tmp_path / "policies", effort=0.3)
    settings = hospitals.settings(database_url).model_copy(update={"policies_dir": policies})
    services = build(read_rules(settings), clock)
    services.drafting.drafting.solver = ThreadSolver()
    await set_minimums(sample.ICU)
    return services


@pytest.fixture
async def zhao(house: Services) -> Actor:
    found = await find("wecom", "zhao")
    assert found is not None
    return found


async def person(userid: str) -> int:
    found = await find("wecom", userid)
    assert found is not None
    return found.person_id


async def problem_of(house: Services, by: Actor, last: date = SHORT) -> Problem:
    assert by.unit_id is not None
    weights = house.drafting.drafting.policy.weights
    problem, _ = await build_problem(house.rosters.rest, weights, by.unit_id, FIRST, last)
    return problem


async def drafted(house: Services, by: Actor, last: date = SHORT) -> int:
    """Ask and let the job run; the run's id."""
    assert by.unit_id is not None
    run_id = await house.drafting.drafts.ask(by, by.unit_id, FIRST, last)
    await house.drafting.drafts.run(str(run_id))
    return run_id


async def state_of(run_id: int) -> str:
    return str(await db.fetch_value("SELECT state FROM roster_runs WHERE id = $1", run_id))


async def wish(userid: str, kind: str, first: date, last: date, code: str = "") -> None:
    await db.execute(
        "INSERT INTO wishes (person_id, kind, code, first_day, last_day, said_at) "
        "VALUES ($1, $2, $3, $4, $5, now())",
        await person(userid),
        kind,
        code,
        first,
        last,
    )


# What goes in.


async def test_the_problem_holds_the_ward_as_it_is(house: Services, zhao: Actor) -> None:
    await wish("li", "leave", date(2027, 1, 2), date(2027, 1, 3), "年休")
    await wish("wang", "off", date(2027, 1, 4), date(2027, 1, 4))
    await wish("wang", "shift", date(2027, 1, 5), date(2027, 1, 5), "夜班")
    problem = await problem_of(house, zhao)
    names = [nurse.name for nurse in problem.nurses]
    assert names == [one.name for one in sample.PEOPLE if one.unit == sample.ICU][1:]
    li, wang = problem.nurses[0], problem.nurses[1]
    assert li.leave == {date(2027, 1, 2): "年休", date(2027, 1, 3): "年休"}
    assert [(one.day.day, one.code) for one in wang.wishes] == [(4, ""), (5, "大夜")]
    assert {duty.day.month for duty in li.fixed} == {12, 1}  # December's end, and the leave
    assert {use.label for use in problem.uses} == {"A", "P", "N"}
    assert (li.level, li.rank) == ("N2", 2)


async def test_the_months_before_weigh_on_it(house: Services, zhao: Actor) -> None:
    """December's nights of one are more than the others': so she begins January with two."""
    before = {one.name: one.carried.nights for one in (await problem_of(house, zhao)).nurses}
    await db.execute(
        "UPDATE roster_cells SET codes = '[\"N\"]' WHERE person_id = $1 AND day < '2026-12-15'",
        await person("li"),
    )
    after = {one.name: one.carried.nights for one in (await problem_of(house, zhao)).nurses}
    assert after["李小样"] == 2 > before["李小样"]
    assert min(after.values()) < 0


async def test_minimums_of_a_kind_take_the_codes_the_ward_uses(
    house: Services, zhao: Actor
) -> None:
    await set_minimums(sample.ICU, [{"code": "night", "least": 1}, {"code": "长白", "least": 1}])
    problem = await problem_of(house, zhao)
    assert [need.codes for need in problem.needs] == [frozenset({"N"}), frozenset({"长白"})]
    await set_minimums(sample.ICU, [{"code": "XYZ", "least": 1}])
    with pytest.raises(Refusal, match="draft_code_unknown"):
        await problem_of(house, zhao)


async def test_who_is_protected_leaves_or_loses_a_licence_is_drafted_so(
    house: Services, zhao: Actor
) -> None:
    until = sealed.seal_json(PROTECTED, {"nursing": "2027-06-30"})
    await db.execute(
        "UPDATE persons SET protected_until = $2 WHERE id = $1", await person("li"), until
    )
    await db.execute(
        "UPDATE persons SET leaves_on = $2 WHERE id = $1", await person("wang"), date(2027, 1, 5)
    )
    run_id = await drafted(house, zhao)
    assert await state_of(run_id) == "ready"
    cells = await db.fetch(
        "SELECT c.* FROM roster_cells c JOIN roster_runs r ON r.roster_id = c.roster_id "
        "WHERE r.id = $1",
        run_id,
    )
    given = {(c["person_id"], c["day"]): json.loads(c["codes"])[0] for c in cells}
    li, wang = await person("li"), await person("wang")
    assert not {given[li, FIRST + timedelta(days=step)] for step in range(12)} & {"P", "N"}
    assert {given[wang, FIRST + timedelta(days=step)] for step in range(5, 12)} == {"休"}


# What is stored, and what becomes of it.


async def test_the_draft_is_what_its_sheet_says(house: Services, zhao: Actor) -> None:
    async def watch(progress: Progress | None) -> None:
        assert progress is not None

    drafting = house.drafting.drafting
    limits = drafting.policy.within(None)
    assert zhao.unit_id is not None
    done = await drafting.draft(zhao.unit_id, FIRST, LAST, limits, watch)
    assert done.cells is not None
    assert done.sheet is not None
    assert done.sheet.problems == ()
    assert cells_of(done.sheet) == dict(done.cells)
    table = await house.codes.of_unit(zhao.unit_id)
    weeks = form.week_sheets(done.problem, done.cells, table, "示例医院")
    back: dict[tuple[int, date], str] = {}
    for _, content in weeks:
        sheet = form.read_back(content, done.problem, table, FIRST)
        assert sheet.applicable, sheet.problems
        back |= cells_of(sheet)
    assert back == dict(done.cells)
    imported = await house.rosters.draft(zhao, zhao.unit_id, done.content, "一月.xlsx")
    assert (imported.errors, imported.violations) == ((), ())


async def test_what_changed_since_is_not_published(house: Services, zhao: Actor) -> None:
    run_id = await drafted(house, zhao)
    await db.execute("UPDATE persons SET leaves_on = $2 WHERE id = $1", await person("li"), FIRST)
    with pytest.raises(Refusal, match="draft_unsafe_now"):
        async with db.transaction():
            await house.drafting.decisions.publish(run_id, zhao)
    assert await state_of(run_id) == "ready"


async def test_a_draft_published_in_the_console_is_published_on_its_card(
    house: Services, zhao: Actor
) -> None:
    run_id = await drafted(house, zhao)
    roster_id = await db.fetch_value("SELECT roster_id FROM roster_runs WHERE id = $1", run_id)
    await house.rosters.publish(zhao, roster_id)
    assert (await house.drafting.decisions.facts(run_id))["state"] == "approved"
    with pytest.raises(Refusal, match="roster_not_draft"):
        async with db.transaction():
            await house.drafting.decisions.publish(run_id, zhao)


async def test_published_in_the_console_and_on_the_card_at_once_is_published_once(
    house: Services, zhao: Actor
) -> None:
    for first in (FIRST, date(2027, 2, 1), date(2027, 3, 1)):
        run_id = await house.drafting.drafts.ask(
            zhao, zhao.unit_id or 0, first, first + timedelta(days=5)
        )
        await house.drafting.drafts.run(str(run_id))
        roster = await db.fetch_value("SELECT roster_id FROM roster_runs WHERE id = $1", run_id)
        done = await at_once(
            partial(house.drafting.decisions.publish, run_id, zhao),
            partial(house.rosters.publish, zhao, roster),
            partial(house.drafting.decisions.publish, run_id, zhao),
        )
        assert done.count("done") == 1, done
        assert (await house.drafting.decisions.facts(run_id))["state"] == "approved"
        state = await db.fetch_value("SELECT state FROM rosters WHERE id = $1", roster)
        assert state == "published"
    actions = await db.fetch("SELECT 1 FROM audit_rows WHERE action = 'roster.published'")
    assert len(actions) == 3 + 1  # December's came with the hospital


async def test_a_newer_draft_replaces_the_older(house: Services, zhao: Actor) -> None:
    first, second = await drafted(house, zhao), await drafted(house, zhao)
    assert [await state_of(first), await state_of(second)] == ["cancelled", "ready"]
    states = await db.fetch("SELECT state FROM rosters WHERE source LIKE '排班草稿%' ORDER BY id")
    assert [row["state"] for row in states] == ["discarded", "draft"]
    open_asks = await db.fetch("SELECT subject_id FROM asks WHERE state = 'open'")
    assert [row["subject_id"] for row in open_asks] == [second]
    with pytest.raises(Refusal, match="draft_cancelled"):
        async with db.transaction():
            await house.drafting.decisions.publish(first, zhao)


async def test_only_one_runs_for_a_month(house: Services, zhao: Actor) -> None:
    assert zhao.unit_id is not None
    unit_id = zhao.unit_id

    async def ask() -> int | str:
        try:
            async with db.transaction():
                return await house.drafting.drafts.ask(zhao, unit_id, FIRST, SHORT)
        except Refusal as refusal:
            return refusal.key

    answers = await asyncio.gather(*(ask() for _ in range(6)))
    assert sorted(map(type, answers), key=str) == [int, *[str] * 5]
    assert set(answers) - {one for one in answers if isinstance(one, int)} == {"draft_running"}


async def test_a_job_that_comes_twice_publishes_and_asks_once(
    house: Services, zhao: Actor
) -> None:
    run_id = await drafted(house, zhao)
    await house.drafting.drafts.run(str(run_id))
    assert await db.fetch_value("SELECT count(*) FROM asks WHERE subject_id = $1", run_id) == 1
    # Killed in the middle of its work it is still solving, and begins anew.
    await db.execute("UPDATE roster_runs SET state = 'solving' WHERE id = $1", run_id)
    await house.drafting.drafts.run(str(run_id))
    assert await state_of(run_id) == "ready"


async def test_a_run_whose_job_was_given_up_ends_and_frees_its_month(
    house: Services, zhao: Actor
) -> None:
    assert zhao.unit_id is not None
    drafts = house.drafting.drafts
    given_up = await drafts.ask(zhao, zhao.unit_id, FIRST, SHORT)
    await db.execute("UPDATE roster_runs SET state = 'solving' WHERE id = $1", given_up)
    for alive in ("queued", "picked"):
        await db.execute("UPDATE pgqueuer SET status = $1 WHERE entrypoint = 'solve'", alive)
        assert await drafts.end_lost() == 0
    await db.execute("UPDATE pgqueuer SET status = 'failed' WHERE entrypoint = 'solve'")
    assert [await drafts.end_lost(), await drafts.end_lost()] == [1, 0]
    assert await state_of(given_up) == "failed"
    told = await db.fetch_value("SELECT findings FROM roster_runs WHERE id = $1", given_up)
    assert "没有做完" in str(told)
    assert await db.fetch_value("SELECT count(*) FROM messages WHERE purpose = $1", FAILED) == 1
    assert await drafts.ask(zhao, zhao.unit_id, FIRST, SHORT) != given_up


async def test_stopping_ends_the_work_and_nothing_is_shown(house: Services, zhao: Actor) -> None:
    assert zhao.unit_id is not None
    drafts = house.drafting.drafts
    run_id = await drafts.ask(zhao, zhao.unit_id, FIRST, SHORT)

    class Stopping(FixedSolver):
        async def solve(
            self, model: Model, limits: Limits, watch: Callable[..., Awaitable[None]]
        ) -> Outcome:
            assert (await drafts.running(zhao))[0]["state"] == "solving"
            async with db.transaction():
                await drafts.stop(zhao, run_id)
            return await super().solve(model, limits, watch)

    house.drafting.drafting.solver = Stopping(Outcome((0,)), [Progress(1.0, 5, 1)])
    await drafts.run(str(run_id))
    assert await state_of(run_id) == "cancelled"
    assert await db.fetch_value("SELECT count(*) FROM asks WHERE subject_id = $1", run_id) == 0
    assert await drafts.running(zhao) == []


async def test_a_solver_that_is_wrong_is_caught_by_the_validator(
    house: Services, zhao: Actor
) -> None:
    problem = await problem_of(house, zhao)
    everything = {use.label: number for number, use in enumerate(problem.uses, start=1)}
    each = 1 + len(everything)
    places = range(len(problem.nurses) * len(problem.days))
    # P every day but the second, N on the second: it begins when P ends.
    chosen = tuple(
        place * each + everything["N" if place % len(problem.days) == 1 else "P"]
        for place in places
    )
    house.drafting.drafting.solver = FixedSolver(Outcome(chosen))
    run_id = await drafted(house, zhao)
    assert await state_of(run_id) == "failed"
    told = await db.fetch_value("SELECT findings FROM roster_runs WHERE id = $1", run_id)
    assert "没有通过休息规定的核对" in str(told)
    assert await db.fetch_value("SELECT count(*) FROM rosters WHERE state = 'draft'") == 0


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (SolverMissing(), "没有安装排班组件"),
        (SolverDied("SIGKILL"), "中断(SIGKILL)"),
        (SolverDied("timeout"), "没有在规定时间内答复"),
        (SolverDied("memory"), "内存超过了上限"),
    ],
)
async def test_a_solver_that_fails_is_said_with_its_cure(
    house: Services, zhao: Actor, error: Exception, words: str
) -> None:
    class Failing(FixedSolver):
        async def solve(
            self, model: Model, limits: Limits, watch: Callable[..., Awaitable[None]]
        ) -> Outcome:
            raise error

    house.drafting.drafting.solver = Failing(Outcome(None))
    run_id = await drafted(house, zhao)
    assert await state_of(run_id) == "failed"
    told = await db.fetch_value("SELECT findings FROM roster_runs WHERE id = $1", run_id)
    assert words in str(told)


async def test_what_others_have_in_the_month_stays(house: Services, zhao: Actor) -> None:
    """A draft decides on its people; a manager's own cells are not taken away by it."""
    assert zhao.unit_id is not None
    run_id = await drafted(house, zhao)
    async with db.transaction():
        await house.drafting.decisions.publish(run_id, zhao)
    await db.execute("UPDATE persons SET active = false WHERE id = $1", await person("ma"))
    again = await drafted(house, zhao)
    async with db.transaction():
        await house.drafting.decisions.publish(again, zhao)
    rows = await cells_of_unit(zhao.unit_id, FIRST, SHORT)
    assert len({row["person_id"] for row in rows if row["codes"]}) == 12


# The process beside the bot.


async def test_the_process_answers_as_the_solver_does(house: Services, zhao: Actor) -> None:
    heard: list[Progress | None] = []

    async def watch(progress: Progress | None) -> None:
        heard.append(progress)

    drafting = house.drafting.drafting
    drafting.solver = ProcessSolver()
    limits = replace(drafting.policy.within(None), effort=0.1)
    assert zhao.unit_id is not None
    done = await drafting.draft(zhao.unit_id, FIRST, date(2027, 1, 4), limits, watch)
    assert done.cells is not None
    assert any(one is not None and one.solutions for one in heard)


async def test_a_process_nobody_waits_for_is_killed(house: Services, zhao: Actor) -> None:
    class Enough(Exception):
        pass

    async def watch(progress: Progress | None) -> None:
        raise Enough

    with pytest.raises(Enough):
        await ProcessSolver("tests.support.sleeping").solve(
            Model(0, (), (), (), ()), Limits(seconds=30), watch
        )


async def test_the_process_ends_with_who_asked() -> None:
    """A bot that was killed leaves nobody behind who works on."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot.rostering.worker", stdin=PIPE, stdout=DEVNULL
    )
    assert process.stdin is not None
    hard = [["need:0", [[one, 1] for one in range(400)], 200, 200]] * 3
    model = {"variables": 400, "one_of": [], "hard": hard, "soft": [], "spreads": []}
    model["soft"] = [[[[a, 1], [(a * 7 + 1) % 400, 1]], 1, 60] for a in range(400)]
    asked = {"model": model, "limits": {"seconds": 600.0, "effort": 0.0}}
    process.stdin.write(json.dumps(asked).encode() + b"\n")
    await process.stdin.drain()
    process.stdin.close()
    async with asyncio.timeout(60):
        assert await process.wait() == 1


@pytest.mark.parametrize(
    ("module", "error"),
    [("tests.support.no_such_module", "code 1"), ("tests.support.killing_itself", "SIGKILL")],
)
async def test_a_process_that_dies_says_how(module: str, error: str) -> None:
    async def watch(progress: Progress | None) -> None:
        return

    with pytest.raises(SolverDied, match=error):
        await ProcessSolver(module).solve(Model(0, (), (), (), ()), Limits(), watch)


async def test_a_process_that_hangs_or_wants_too_much_is_ended_with_its_word() -> None:
    async def watch(progress: Progress | None) -> None:
        return

    nothing = Model(0, (), (), (), ())
    with pytest.raises(SolverDied, match="timeout"):
        await ProcessSolver("tests.support.sleeping", grace=0.1).solve(
            nothing, Limits(seconds=0), watch
        )
    with pytest.raises(SolverDied, match="memory"):
        await ProcessSolver("tests.support.eating").solve(nothing, Limits(memory=256), watch)


async def test_the_process_is_told_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    async def watch(progress: Progress | None) -> None:
        return

    for name in ("WARDBELL_DATABASE_URL", "WARDBELL_ENCRYPTION_KEYS", "PGPASSWORD", "OTHER"):
        monkeypatch.setenv(name, "secret")
    nothing = Model(0, (), (), (), ())
    seen = await ProcessSolver("tests.support.curious").solve(nothing, Limits(), watch)
    assert "PATH" in seen.groups
    assert set(seen.groups) <= {*TOLD, "LC_CTYPE"}  # Python adds this one itself


@pytest.mark.parametrize("which", range(len(SAYS)))
async def test_an_answer_that_is_none_ends_the_run_as_a_death(which: int) -> None:
    async def watch(progress: Progress | None) -> None:
        return

    model = Model(which, (), (), (), ())
    with pytest.raises(SolverDied, match="unreadable"):
        await ProcessSolver("tests.support.babbling").solve(model, Limits(), watch)


def cells_of(sheet: RosterSheet) -> dict[tuple[int, date], str]:
    """Person and day → what the sheet says."""
    return {(entry.staff.id, entry.day): "/".join(entry.labels) for entry in sheet.entries}
