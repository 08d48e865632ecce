"""Whatever the ward is like: no hard rule is broken, every place filled, or it says impossible."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from bot.rostering.solver import solve
from models.rest import Conditions, LicenceEnd, Protection, Reason, Rule
from services.rostering.model import Linear, broken, cost
from services.rostering.problem import Need, Nurse, Problem, WishedDay
from tests.unit.rostering.wards import (
    MONDAY,
    QUICK,
    RULES,
    hard_violations,
    need,
    nurse,
    row,
    short_of,
    sums_of,
    ward,
)

DAYS = 9
CODES = ["A P N", "A 小夜 大夜", "长白 长夜", "白 A P N"]
LABELS = ["A", "P", "N", "休", "年休", "长夜", "备夜"]
DATES = st.integers(-3, DAYS + 3).map(lambda step: MONDAY + timedelta(days=step))


@st.composite
def rules(draw: st.DrawFn) -> tuple[Rule, ...]:
    """The shipped rules, some hard, some soft, some off, with other figures."""
    found = []
    for rule in RULES:
        if draw(st.integers(0, 9)) == 0:
            continue
        limit = max(0, rule.limit + draw(st.sampled_from([-1, 0, 0, 0, 1, 4])))
        found.append(replace(rule, hard=draw(st.booleans()) or rule.hard, limit=limit))
    return tuple(found)


@st.composite
def people(draw: st.DrawFn) -> tuple[Nurse, ...]:
    return tuple(draw(_person(number)) for number in range(1, draw(st.integers(1, 6)) + 1))


@st.composite
def _person(draw: st.DrawFn, number: int) -> Nurse:
    before = draw(st.lists(st.sampled_from(LABELS), max_size=7))
    after = draw(st.lists(st.sampled_from(LABELS), max_size=5))
    first = MONDAY - timedelta(days=len(before))
    fixed = (*row(before, first), *row(after, MONDAY + timedelta(days=DAYS)))
    leave = {
        MONDAY + timedelta(days=day): "年休"
        for day in draw(st.sets(st.integers(0, DAYS - 1), max_size=3))
    }
    leave_duties = tuple(duty for day in leave for duty in row(["年休"], day))
    wishes = draw(
        st.lists(st.builds(WishedDay, DATES, st.sampled_from(["", "A", "N", "长夜"])), max_size=3)
    )
    return nurse(
        number,
        rank=draw(st.integers(-1, 4)),
        conditions=draw(_conditions()),
        fixed=(*fixed, *leave_duties),
        leave=leave,
        wishes=tuple({wish.day: wish for wish in wishes}.values()),
        guarded=draw(st.integers(0, 3)) == 0,
    )


@st.composite
def _conditions(draw: st.DrawFn) -> Conditions:
    """Most people have none, as in life."""
    if draw(st.integers(0, 2)):
        return Conditions()
    protections = st.builds(Protection, st.sampled_from(list(Reason)), DATES)
    licences = st.builds(LicenceEnd, st.just("护士执业证书"), DATES)
    return Conditions(
        tuple(draw(st.lists(protections, max_size=1))),
        tuple(draw(st.lists(licences, max_size=1))),
        draw(st.none() | DATES),
    )


@st.composite
def wards(draw: st.DrawFn) -> Problem:
    codes = draw(st.sampled_from(CODES))
    names = draw(st.lists(st.sampled_from(codes.split()), min_size=1, unique=True))
    return ward(draw(people()), [draw(_need(name)) for name in names], days=DAYS, codes=codes,
                rules=draw(rules()))  # fmt: skip


@st.composite
def _need(draw: st.DrawFn, name: str) -> Need:
    weekdays = draw(st.just(frozenset(range(7))) | st.frozensets(st.integers(0, 6), min_size=1))
    senior = draw(st.integers(0, 1))
    return need(
        name,
        draw(st.integers(0, 2)),
        senior=senior,
        rank=draw(st.integers(0, 3)),
        weekdays=weekdays,
    )


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(wards())
def test_a_draft_breaks_no_hard_rule_or_there_is_none(problem: Problem) -> None:
    sums = sums_of(problem)
    model = sums.model()
    outcome = solve(model, QUICK)
    event("impossible" if outcome.true is None else "drafted")
    if outcome.true is None:
        assert outcome.impossible
        return
    assert broken(model, frozenset(outcome.true)) == []
    assert cost(model, frozenset(outcome.true)) >= 0
    cells = sums.grid.read(outcome.true)
    assert set(cells) == {(one.person_id, day) for one in problem.nurses for day in problem.days}
    assert hard_violations(problem, sums, cells) == []
    assert short_of(problem, cells) == []


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data(), wards())
def test_the_sums_allow_exactly_what_the_validator_allows(
    data: st.DataObject, problem: Problem
) -> None:
    """So that “impossible” is true: no roster that the validator would pass is ruled out."""
    problem = replace(problem, needs=())
    sums = sums_of(problem)
    labels = st.sampled_from([problem.rest] * 3 + [use.label for use in problem.uses])
    held: list[Linear] = []
    cells: dict[tuple[int, date], str] = {}
    for (index, day), row_of in sums.grid.cells.items():
        wanted = data.draw(labels)
        chosen = next((c.variable for c in row_of if c.use.label == wanted), None)
        variable = sums.grid.rests[index, day] if chosen is None else chosen
        held.append(Linear("held", ((variable, 1),), least=1))
        cells[problem.nurses[index].person_id, day] = wanted
    for one in problem.nurses:
        cells |= {(one.person_id, day): label for day, label in one.leave.items()}
    model = replace(sums.model(), soft=(), spreads=())
    outcome = solve(replace(model, hard=(*model.hard, *held)), replace(QUICK, explain=0.01))
    objections = hard_violations(problem, sums, cells)
    event("sound" if not objections else "objected to")
    assert (outcome.true is not None) == (objections == [])
