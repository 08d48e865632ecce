"""Rest rules: each alone, old trouble left alone, and no overlap ever let through."""

from __future__ import annotations

import tomllib
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.duties import Duty, duty_of
from models.rest import Change, Conditions, LicenceEnd, Protection, Reason, Violation
from models.shift_cells import read_cell
from services.rest_checks import CHECKS, OF_WARD
from services.rest_rules import (
    check_change,
    check_person,
    describe_violation,
    load_rest_rules,
)
from tests.unit.sheet_cases import CODES, ROOT

RULES = load_rest_rules(
    tomllib.loads((ROOT / "config/policies/rest_rules.toml").read_text("utf-8"))
)
WORDS = tomllib.loads((ROOT / "message_templates/zh_CN/rules/rest_rules.toml").read_text("utf-8"))
NOBODY = Conditions()
MONDAY = date(2026, 10, 12)


def duties(*cells: str, first: date = MONDAY) -> list[Duty]:
    """The duties of one person's row, one cell a day."""
    found: list[Duty] = []
    for step, cell in enumerate(cells):
        uses = read_cell(CODES, cell).uses
        found += [duty for use in uses if (duty := duty_of(use, first + timedelta(days=step)))]
    return found


def broken(*cells: str, conditions: Conditions = NOBODY) -> list[str]:
    return [violation.rule.rule for violation in check_person(duties(*cells), conditions, RULES)]


def told(violations: tuple[Violation, ...]) -> list[str]:
    return [describe_violation(violation, WORDS) for violation in violations]


@pytest.mark.parametrize(
    ("cells", "rules"),
    [
        (("A", "A", "P", "N", "休", "休", "A"), ["gap"]),  # P ends at 24:00, N begins at 00:00
        (("A", "A", "P", "休", "N", "休", "A"), []),
        (("A", "A", "A", "A", "A", "休", "休"), []),
        (("长夜", "A"), ["night_then_day", "gap"]),
        (("长夜", "P"), []),
        (("长夜", "休", "A"), []),
        (("N/A",), ["night_then_day", "gap"]),
        (("P", "A"), []),
        (("小夜", "A"), []),
        (("A/责",), ["overlap"]),
        (("A/备日",), ["overlap"]),
        (("备", "备", "A/备"), []),
        (("年休/A",), ["absence"]),
        (("上午年休/下午A",), []),
        (("上午年休/A",), ["absence"]),
        (("长夜", "年休"), []),
        (("N", "休", "N", "休", "N"), ["nights"]),
        (("N", "休", "N", "休", "休", "休", "休", "N"), []),
        (("A",) * 7, ["week_hours", "days_running"]),
        (("A", "A", "A", "休", "A", "A", "A"), ["week_hours"]),
        (("白",) * 5, []),
    ],
)
def test_each_rule_alone(cells: tuple[str, ...], rules: list[str]) -> None:
    assert broken(*cells) == rules


NURSING = Conditions((Protection(Reason.NURSING, last=MONDAY + timedelta(days=2)),))


@pytest.mark.parametrize(
    ("cells", "rules"),
    [
        (("A", "A", "A", "A", "A"), []),
        (("N",), ["protected_night"]),
        (("P",), ["protected_night"]),
        (("备夜",), ["protected_night"]),
        (("休", "休", "长夜"), ["protected_day_hours", "protected_night"]),
        (("休", "休", "休", "长夜"), []),
        (("长白",), ["protected_day_hours"]),
        (("A", "A", "A", "休", "A", "A", "A"), ["protected_week_hours", "week_hours"]),
    ],
)
def test_pregnant_and_nursing_people_are_protected(
    cells: tuple[str, ...], rules: list[str]
) -> None:
    assert sorted(broken(*cells, conditions=NURSING)) == rules


def test_protection_may_begin_later_and_covers_the_morning_after() -> None:
    tuesday = MONDAY + timedelta(days=1)
    later = Conditions((Protection(Reason.LATE_PREGNANCY, MONDAY + timedelta(9), tuesday),))
    assert broken("N", conditions=later) == []
    assert broken("小夜", conditions=later) == []
    found = check_person(duties("长夜"), later, RULES)
    assert told(found) == ["10-13处于怀孕7个月以上，不能安排夜班(10-12 长夜 19:30–次日08:00)。"]


def test_nobody_works_after_the_licence_ends() -> None:
    conditions = Conditions(licences=(LicenceEnd("护士执业证书", MONDAY),))
    found = check_person(duties("A", "A"), conditions, RULES)
    assert told(found) == ["护士执业证书有效期到2026-10-12，不能排10-13 A 08:00–16:00。"]


def test_nor_the_morning_end_of_a_night_that_began_on_its_last_day() -> None:
    conditions = Conditions(licences=(LicenceEnd("护士执业证书", MONDAY),))
    found = check_person(duties("长夜"), conditions, RULES)
    assert told(found) == ["护士执业证书有效期到2026-10-12，不能排10-12 长夜 19:30–次日08:00。"]
    assert check_person(duties("P"), conditions, RULES) == ()


def test_a_swap_is_judged_by_what_it_makes_worse() -> None:
    mine = duties("长夜", "A", "休", "休")
    (new,) = duties("P", first=MONDAY + timedelta(days=3))
    assert check_change(mine, Change(add=(new,)), NOBODY, RULES) == ()
    (day,) = duties("A", first=MONDAY + timedelta(days=2))
    assert check_change(mine, Change(remove=(mine[1],), add=(day,)), NOBODY, RULES) == ()
    found = check_change(mine[:1], Change(add=(mine[1],)), NOBODY, RULES)
    assert {violation.rule.rule for violation in found} == {"night_then_day", "gap"}


def test_a_week_that_gets_longer_is_named_again() -> None:
    week = duties("长白", "长白", "长白", "长白")
    longer = duties("A", first=MONDAY + timedelta(days=5))
    shorter = Change(remove=(week[0],), add=tuple(longer))
    assert told(check_change(week, Change(add=tuple(longer)), NOBODY, RULES)) == [
        "10-12这一周共58小时，最多44小时。"
    ]
    assert check_change(week, shorter, NOBODY, RULES) == ()


def test_a_change_cannot_give_up_what_is_not_there() -> None:
    with pytest.raises(ValueError, match="not in"):
        check_change([], Change(remove=tuple(duties("A"))), NOBODY, RULES)


def test_hard_rules_come_first() -> None:
    found = check_person(duties("长白", "长白", "长白", "长夜", "A"), NOBODY, RULES)
    hard = [violation.hard for violation in found]
    assert hard == sorted(hard, reverse=True)
    assert set(hard) == {True, False}


def test_every_rule_has_its_words_and_basis() -> None:
    assert set(WORDS["names"]) == set(WORDS["texts"]) == set(CHECKS) | OF_WARD
    assert {rule.rule for rule in RULES} == set(CHECKS) | OF_WARD
    assert {rule.basis for rule in RULES} <= set(WORDS["basis"])
    assert set(WORDS["reasons"]) == {reason.value for reason in Reason}


def test_every_violation_can_be_said() -> None:
    rows = [("长夜", "A"), ("A/责",), ("年休/A",), ("N", "休", "N", "休", "N"), ("长白",) * 7]
    for row in rows:
        for conditions in (NOBODY, NURSING):
            for text in told(check_person(duties(*row), conditions, RULES)):
                assert "{" not in text


def test_rules_are_data() -> None:
    assert load_rest_rules({"rules": [{"rule": "gap", "hard": True, "enabled": False}]}) == ()
    for wrong in ({"rule": "nap", "hard": True}, {"rule": "gap"}):
        with pytest.raises(ValueError, match="rest rule"):
            load_rest_rules({"rules": [wrong]})
    with pytest.raises(ValueError, match="must be a list"):
        load_rest_rules({"rules": "gap"})


CELLS = st.lists(
    st.sampled_from(["A", "P", "N", "长白", "长夜", "小夜", "白", "备日", "休", "年休", "A/P"]),
    min_size=1,
    max_size=9,
)


@given(CELLS, CELLS)
def test_no_overlap_is_ever_let_through(mine: list[str], theirs: list[str]) -> None:
    held, taken = duties(*mine), duties(*theirs)
    accepted = list(held) if not check_person(held, NOBODY, RULES) else []
    for duty in taken:
        if not any(v.hard for v in check_change(accepted, Change(add=(duty,)), NOBODY, RULES)):
            accepted.append(duty)
    minutes: set[object] = set()
    for duty in accepted:
        if duty.kind.works or duty.kind.value == "standby":
            for span in duty.spans:
                half_hours = {
                    span.start + timedelta(minutes=30 * step) for step in range(span.minutes // 30)
                }
                assert not minutes & half_hours
                minutes |= half_hours


@given(CELLS)
def test_a_change_that_changes_nothing_breaks_nothing(cells: list[str]) -> None:
    held = duties(*cells)
    if held:
        assert check_change(held, Change((held[0],), (held[0],)), NURSING, RULES) == ()
