"""(r) A roster draft for 25 nurses and 31 days, as a ward has them, in its own process."""

from __future__ import annotations

import random
import time
from dataclasses import replace
from datetime import date, timedelta

from bot.rostering.process import ProcessSolver
from config import policies
from models.rest import Conditions, LicenceEnd, Protection, Reason
from models.shift_codes import CodeUse, load_shift_codes
from services.duties import duties_on
from services.rest_rules import load_rest_rules
from services.rostering.compiling import compiled
from services.rostering.findings import violations
from services.rostering.model import Progress, cost
from services.rostering.policy import load_draft_policy
from services.rostering.problem import Need, Nurse, Problem, WishedDay
from tests.benchmarks.machine import Machine
from tests.benchmarks.report import Line

PEOPLE = 25
FIRST, LAST = date(2027, 1, 1), date(2027, 1, 31)
TABLE = load_shift_codes(policies.read("shift_codes.toml"))
CYCLE = ("A", "A", "P", "休", "N", "休")


def ward(least_nights: int = 3) -> Problem:
    """Two newcomers, one protected, one whose licence ends, leave, wishes, last month's end."""
    chance = random.Random(1)
    policy = load_draft_policy(policies.read("roster_draft.toml"))
    kinds = frozenset(range(5)), frozenset({5, 6})
    needs = (
        Need("A", frozenset({"A"}), 6, 2, 2, "N2", kinds[0]),
        Need("A", frozenset({"A"}), 4, 1, 2, "N2", kinds[1]),
        Need("P", frozenset({"P"}), 3, 1, 2, "N2"),
        Need("N", frozenset({"N"}), least_nights, 1, 2, "N2"),
    )
    return Problem(
        1,
        "测试科",
        FIRST,
        LAST,
        tuple(_nurse(number, chance) for number in range(PEOPLE)),
        needs,
        tuple(CodeUse(code) for code in TABLE.codes if code.code in ("A", "P", "N")),
        "休",
        load_rest_rules(policies.read("rest_rules.toml")),
        policy.weights,
    )


def _nurse(number: int, chance: random.Random) -> Nurse:
    fixed = [
        duty
        for back in range(1, 9)
        for duty in duties_on(
            TABLE, FIRST - timedelta(days=back), [CYCLE[(number - back) % len(CYCLE)]]
        )
    ]
    days = [FIRST + timedelta(days=step) for step in range(31)]
    start = chance.randrange(27)
    leave = dict.fromkeys(days[start : start + 4], "年休") if number % 5 == 0 else {}
    fixed += [duty for day in leave for duty in duties_on(TABLE, day, ["年休"])]
    facts = {
        1: Conditions(protections=(Protection(Reason.NURSING, LAST),)),
        2: Conditions(licences=(LicenceEnd("护士执业证书", days[19]),)),
    }
    return Nurse(
        number,
        f"测试{number}",
        rank=(3, 2, 2, 1)[number % 4],
        conditions=facts.get(number, Conditions()),
        fixed=tuple(fixed),
        leave=leave,
        wishes=tuple(WishedDay(day) for day in chance.sample(days, 3)),
        guarded=number in (3, 4),
    )


async def measure(_machine: Machine) -> list[Line]:
    return [*await _drafted(), await _impossible()]


async def _drafted() -> list[Line]:
    problem = ward()
    limits = load_draft_policy(policies.read("roster_draft.toml")).limits
    heard: list[tuple[float, Progress]] = []
    started = time.perf_counter()

    async def watch(found: Progress | None) -> None:
        if found is not None:
            heard.append((time.perf_counter() - started, found))

    sums = compiled(problem)
    built = time.perf_counter() - started
    outcome = await ProcessSolver().solve(sums.model(), limits, watch)
    whole = time.perf_counter() - started
    assert outcome.true is not None
    cells = sums.grid.read(outcome.true)
    broken = [v for one in violations(problem, sums, cells).values() for v in one]
    hard = sum(violation.hard for violation in broken)
    end = "proven within 2 %" if outcome.proven else "at its time limit"
    points = cost(sums.model(), frozenset(outcome.true))
    first = heard[0] if heard else (whole, Progress(whole, points, 1))
    size = f"{PEOPLE} nurses × 31 days"
    return [
        Line(f"(r) draft of {size}: hard rules broken", str(hard), "", "0", hard == 0),
        Line(
            "(r) the same, first roster after",
            f"{first[0]:.1f} s",
            f"{built:.2f} s to build",
            f"≤ {limits.seconds:.0f} s",
            first[0] <= limits.seconds,
        ),
        Line(
            "(r) the same, done after",
            f"{whole:.1f} s, {points} points ({end})",
            f"{first[1].cost} points of the first",
        ),
    ]


async def _impossible() -> Line:
    """Too many nights for those who may do them: until it is said why."""
    problem = ward(least_nights=20)
    limits = replace(load_draft_policy(policies.read("roster_draft.toml")).limits, seconds=30)

    async def watch(_found: Progress | None) -> None:
        return

    started = time.perf_counter()
    outcome = await ProcessSolver().solve(compiled(problem).model(), limits, watch)
    took = time.perf_counter() - started
    said = f"{took:.1f} s, {len(outcome.groups)} demands, {len(outcome.short)} places"
    met = outcome.impossible and bool(outcome.groups)
    return Line("(r) an impossible month: until it is said why", said, "", "≤ 90 s", met)
