"""Which step of a licence is said on a day, whatever days were missed."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.policies import read
from services.licence_kinds import LicenceKind, load_licence_kinds
from services.licence_steps import Standing, end_of_cycle, first_look, look, standing

KINDS = load_licence_kinds(read("licence_kinds.toml"))
NURSE = KINDS["nurse"]
END = date(2027, 1, 20)
DEADLINE = date(2026, 12, 21)
ONE_DAY = timedelta(days=1)


def walk(kind: LicenceKind, end: date, days: list[date]) -> list[tuple[date, int]]:
    """What is said when somebody looks on these days, in order."""
    said: int | None = None
    heard = []
    for day in days:
        found = look(kind, end, said, day)
        if found.say is not None:
            said = found.say
            heard.append((day, found.say))
    return heard


def test_a_nurse_hears_every_step_on_its_day_counted_from_the_legal_deadline() -> None:
    assert NURSE.deadline(END) == DEADLINE, "30 days before the last valid day (护士条例 art. 10)"
    days = [DEADLINE + timedelta(days=step) for step in range(-100, 40)]
    heard = walk(NURSE, END, days)
    assert heard == [
        *((DEADLINE - timedelta(days=step), step) for step in NURSE.steps),
        (END + ONE_DAY, -31),  # it has ended
    ]


def test_missed_days_are_caught_up_with_the_newest_step_alone() -> None:
    days = [DEADLINE - timedelta(days=70), DEADLINE - timedelta(days=10)]
    assert walk(NURSE, END, days) == [(days[1], 15)]


def test_an_ended_licence_that_blocks_comes_back_every_thirty_days_and_no_other_does() -> None:
    days = [END + timedelta(days=n) for n in range(1, 100)]
    gaps = [(day - END).days for day, _ in walk(NURSE, END, days)]
    assert gaps == [1, 31, 61, 91]
    assert len(walk(KINDS["bls"], END, days)) == 1


def test_no_end_no_steps() -> None:
    assert look(NURSE, None, None, END).following is None
    assert first_look(KINDS["doctor"], END, END) is None, "a kind without steps is never said"


@settings(max_examples=60, deadline=None)
@given(
    kind=st.sampled_from(list(KINDS)),
    end=st.dates(date(1990, 1, 1), date(2060, 1, 1)),
    start=st.dates(date(2020, 1, 1), date(2030, 1, 1)),
    gaps=st.lists(st.integers(0, 90), max_size=8),
)
def test_a_step_is_never_said_twice_and_the_next_look_is_never_missed(
    kind: LicenceKind, end: date, start: date, gaps: list[int]
) -> None:
    """Looking only on the days it asks for hears as much as looking every day."""
    days = [start]
    for gap in gaps:
        days.append(days[-1] + timedelta(days=gap))
    heard = [step for _, step in walk(kind, end, days)]
    assert heard == sorted(set(heard), reverse=True)
    following: date | None = first_look(kind, end, start)
    asked: list[date] = []
    while following is not None and following <= days[-1] and len(asked) < 200:
        asked.append(following)
        said = walk(kind, end, asked)[-1][1]
        later = look(kind, end, said, following).following
        assert later is None or later > following
        following = later
    every = [start + timedelta(days=n) for n in range((days[-1] - start).days + 1)]
    if len(asked) < 200:
        assert walk(kind, end, asked) == walk(kind, end, every)


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (DEADLINE - timedelta(days=61), Standing.VALID),
        (DEADLINE - timedelta(days=60), Standing.DUE),
        (DEADLINE, Standing.DUE),
        (DEADLINE + ONE_DAY, Standing.LATE),
        (END, Standing.LATE),
        (END + ONE_DAY, Standing.EXPIRED),
    ],
)
def test_it_stands_as_the_day_says_and_holds_on_its_last_day(day: date, expected: str) -> None:
    assert standing(NURSE, END, False, day) == expected


def test_perpetual_and_unknown_ends_claim_nothing() -> None:
    assert standing(NURSE, None, True, END) is Standing.PERPETUAL
    assert standing(NURSE, None, False, END) is Standing.UNKNOWN
    without_term = KINDS["nurse_qualification"]
    assert standing(without_term, None, False, END) is Standing.PERPETUAL


def test_a_cycle_ends_the_day_before_it_is_due_again() -> None:
    kind = KINDS["doctor_assessment"]
    assert end_of_cycle(kind, date(2024, 3, 1)) == date(2027, 2, 28)
    assert end_of_cycle(kind, date(2024, 2, 29)) == date(2027, 2, 28)
    assert end_of_cycle(KINDS["doctor"], date(2024, 3, 1)) is None
