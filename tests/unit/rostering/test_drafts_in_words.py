"""What a draft costs and why there is none, as a head nurse reads it."""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace
from datetime import date, timedelta

import pytest

from bot.rostering.solver import solve
from models.rest import Conditions, LicenceEnd, Protection, Reason
from services.rostering.findings import Finding, Telling, days_text
from services.rostering.impossible import Explaining
from services.rostering.model import POINT, Outcome, cost, from_json, to_json
from services.rostering.policy import load_draft_policy
from services.rostering.problem import Problem, WishedDay
from services.rostering.sums import Sums
from tests.unit.rostering.wards import MONDAY, QUICK, RULES, need, nurse, row, sums_of, ward
from tests.unit.sheet_cases import ROOT

WORDS = ROOT / "message_templates/zh_CN"
TEXTS = tomllib.loads((WORDS / "rosters/draft_words.toml").read_text("utf-8"))
RULE_TEXTS = tomllib.loads((WORDS / "rules/rest_rules.toml").read_text("utf-8"))


def drafted(problem: Problem) -> tuple[Sums, Outcome]:
    sums = sums_of(problem)
    return sums, solve(sums.model(), QUICK)


def told(problem: Problem) -> list[Finding]:
    sums, outcome = drafted(problem)
    assert outcome.true is not None
    found = Telling(sums, outcome.true, TEXTS, RULE_TEXTS).findings()
    whole = sum(finding.cost for finding in found)
    assert -(-round(whole * POINT) // POINT) == cost(sums.model(), frozenset(outcome.true))
    return found


def explained(problem: Problem) -> list[str]:
    sums, outcome = drafted(problem)
    assert outcome.impossible
    return [one.text for one in Explaining(sums, outcome, TEXTS, RULE_TEXTS).findings()]


def test_the_costs_that_are_listed_add_up_to_the_whole() -> None:
    people = [nurse(number, wishes=(WishedDay(MONDAY),)) for number in range(1, 4)]
    found = told(ward(people, [need("A", 2), need("N", 1)], days=14))
    texts = [finding.text for finding in found]
    assert any("连续上班" in text for text in texts)
    assert any("想在1月4日(周一)休息，排了" in text for text in texts)
    assert any("小时，比应排的80小时多" in text for text in texts)
    assert [finding.cost for finding in found] == sorted(
        (finding.cost for finding in found), reverse=True
    )


def test_wishes_are_met_where_that_costs_nothing() -> None:
    people = [nurse(number) for number in range(1, 5)]
    people[0] = replace(people[0], wishes=(WishedDay(MONDAY), WishedDay(date(2027, 1, 6), "N")))
    problem = ward(people, [need("A", 1), need("N", 1)])
    sums, outcome = drafted(problem)
    assert outcome.true is not None
    cells = sums.grid.read(outcome.true)
    assert cells[1, MONDAY] == "休"
    assert cells[1, date(2027, 1, 6)] == "N"


def test_a_shift_nobody_may_give_is_said_as_a_wish_not_met() -> None:
    asked = nurse(1, wishes=(WishedDay(MONDAY, "长白"),))
    texts = [one.text for one in told(ward([asked, nurse(2)], [need("A", 1)]))]
    assert "测试1想在1月4日(周一)上长白，没有排上" in texts


def test_who_may_not_work_owes_no_hours() -> None:
    ended = LicenceEnd("护士执业证书", MONDAY - timedelta(days=1))
    people = [nurse(1, conditions=Conditions(licences=(ended,))), nurse(2), nurse(3)]
    texts = [one.text for one in told(ward(people, [need("A", 1)], days=14))]
    assert not [text for text in texts if "测试1" in text and "小时" in text]


def test_too_few_people_are_said_with_day_and_number() -> None:
    on_leave = {MONDAY: "年休"}
    away = nurse(1, leave=on_leave, fixed=row(["年休"], MONDAY))
    ended = nurse(
        2, conditions=Conditions(licences=(LicenceEnd("护士执业证书", MONDAY - timedelta(1)),))
    )
    said = explained(ward([away, ended, nurse(3)], [need("A", 2)], days=1))
    assert said[0] == "1月4日(周一) A班至少要2人，最多只能排1人。"
    assert said[1] == "1月4日(周一)排不了A班的：测试1(年休)、测试2(证书到期)。"
    assert said[2] == "这些要求放在一起排不出来：执业证书到期后不排班；A班至少2人。"
    assert said[-1].startswith("可以减少最低人数")


def test_equal_days_are_said_together_and_others_apart() -> None:
    """Two of three are away on some days: the same list stands once, with its days."""
    leave = {MONDAY + timedelta(days=step): "年休" for step in (0, 1, 2, 4)}
    away = nurse(1, leave=leave, fixed=[one for day in leave for one in row(["年休"], day)])
    ended = nurse(
        2, conditions=Conditions(licences=(LicenceEnd("护士执业证书", MONDAY + timedelta(5)),))
    )
    gone = dict.fromkeys(leave, "病假")
    ill = nurse(3, leave=gone, fixed=[one for day in gone for one in row(["病假"], day)])
    said = explained(ward([away, ended, ill], [need("A", 2)], days=8))
    days = [text for text in said if "最多只能排" in text]
    assert days == [
        "1月4–6、8日 A班每天至少要2人，最多只能排1人。",
    ]
    names = [text for text in said if "排不了A班的" in text]
    assert names == ["1月4–6、8日排不了A班的：测试1(年休)、测试3(病假)。"]


@pytest.mark.parametrize(
    ("days", "said"),
    [
        ((3,), "1月3日(周日)"),
        ((3, 4), "1月3、4日"),
        ((7, 3, 5, 4, 6, 3), "1月3–7日"),
        ((3, 4, 9, 10, 11, 31), "1月3、4、9–11、31日"),
    ],
)
def test_days_are_said_short_and_exactly(days: tuple[int, ...], said: str) -> None:
    assert days_text([date(2027, 1, day) for day in days]) == said


def test_days_of_two_months_name_both() -> None:
    days = [date(2027, 1, 30) + timedelta(days=step) for step in range(4)]
    assert days_text(days) == "1月30、31日、2月1、2日"


def test_the_rules_that_contradict_are_named_and_no_others() -> None:
    people = [nurse(1), nurse(2)]
    said = explained(ward(people, [need("N", 1), need("A", 1), need("P", 1)], days=2))
    together = next(text for text in said if text.startswith("这些要求"))
    assert "两班之间至少隔8小时" not in together  # three places and two people are enough
    assert "N班至少1人" in together


def test_rest_rules_are_named_with_their_own_figures() -> None:
    limited = tuple(
        replace(rule, hard=True, limit=1.0) if rule.rule == "nights" else rule for rule in RULES
    )
    said = explained(ward([nurse(1), nurse(2)], [need("N", 1)], rules=limited))
    together = next(text for text in said if text.startswith("这些要求"))
    assert together == "这些要求放在一起排不出来：7天里最多1个夜班；N班至少1人。"


def test_seniors_and_weekdays_are_said() -> None:
    wanted = need("N", 1, senior=1, rank=2, level="N2", weekdays=frozenset({0}))
    said = explained(ward([nurse(1, rank=1)], [wanted]))
    assert said[0] == "1月4日(周一) N班至少要1名N2及以上，最多只能排0名。"
    assert "N班(周一)至少1人(其中N2及以上1人)" in said[-2]


def test_the_protected_are_kept_from_nights() -> None:
    mother = nurse(1, conditions=Conditions((Protection(Reason.NURSING, date(2027, 6, 1)),)))
    said = explained(ward([mother], [need("N", 1)], days=1))
    assert "1月4日(周一)排不了N班的：测试1(按规定不上夜班)。" in said


def test_a_newcomer_is_not_alone() -> None:
    new, old = nurse(1, guarded=True), nurse(2)
    problem = ward([new, old], [need("A", 1), need("N", 1)], days=3)
    said = explained(problem)
    assert "要有带教同事同时在班" in said[-2]
    problem = ward([new, old, nurse(3)], [need("A", 1), need("N", 1)], days=3)
    sums, outcome = drafted(problem)
    assert outcome.true is not None
    cells = sums.grid.read(outcome.true)
    worked = {day for (person, day), label in cells.items() if person == 1 and label != "休"}
    with_others = {
        day for (person, day), label in cells.items() if person != 1 and cells[1, day] == label
    }
    assert worked <= with_others


def test_a_model_is_the_same_after_its_journey() -> None:
    model = sums_of(ward([nurse(1, guarded=True), nurse(2)], [need("A", 1)])).model()
    assert from_json(json.loads(json.dumps(to_json(model)))) == model


def test_the_same_problem_gives_the_same_roster() -> None:
    problem = ward([nurse(number) for number in range(1, 6)], [need("A", 1), need("N", 1)])
    assert drafted(problem)[1].true == drafted(problem)[1].true


def test_a_mistyped_key_in_the_policy_is_named() -> None:
    with pytest.raises(ValueError, match="unknown key 'wish_of'"):
        load_draft_policy({"points": {"wish_of": 3}})
    assert load_draft_policy({"solver": {"seconds": 5}}).within(9999).seconds == 600
