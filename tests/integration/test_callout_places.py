"""Who has said yes to a call-out works then: for swaps, sheets, drafts and other call-outs alike.

ICU in December 2026, from the 7th: 李 A P 休 N 休 A A P 休 N · 杨 A A P 休 N 休 A A P 休.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from bot import sample
from bot.app import read_rules
from bot.wiring import Services, build
from message_templates.catalogue import Catalogue
from models import db
from models.callouts import CallKind
from models.clock import SHANGHAI, ManualClock
from models.duties import Duty
from services import my_shifts
from services.actors import Actor
from services.callout_eligibility import Excluded
from services.duties import RestCheck
from services.refusals import Refusal
from services.rostering.building import build as build_problem
from tests.integration.test_callout_races import opened
from tests.support import hospital as hospitals
from tests.support.callouts import give_skills, wish
from tests.support.deciding import accepted, actor, asked, at_once
from tests.support.drafting import ThreadSolver, quick_policies, set_minimums

SATURDAY = date(2026, 12, 12)  # 杨 is off, 李 has A; nobody of them works the evening


async def place(
    services: Services, clock: ManualClock, user: str, begins: datetime, hours: int = 6
) -> int:
    """Somebody has a place at 楼东 for so many hours, whether they may or not; the call-out."""
    call_outs, one = services.call_outs.call_outs, await actor(user)
    what = wish(clock, 1)
    call_out = await opened(call_outs, await actor("zhao"), what, [one], clock)
    await db.execute(
        "UPDATE call_outs SET report_at = $2, ends_at = $3, taken = 1, state = 'full' "
        "WHERE id = $1",
        call_out,
        begins,
        begins + timedelta(hours=hours),
    )
    await db.execute(
        "UPDATE call_answers SET state = 'yes', eta = $2 WHERE call_out_id = $1", call_out, begins
    )
    return call_out


def at(day: date, hour: int) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=SHANGHAI)


async def broken(
    rest: RestCheck, user: str, day: date, old: Sequence[str], new: Sequence[str]
) -> set[str]:
    """The hard rules that a change of one cell would break."""
    who = await actor(user)
    assert who.unit_id is not None
    found = await rest.check(who.unit_id, {who.person_id: [(day, old, new)]})
    return {violation.rule.rule for violation in found.get(who.person_id, ()) if violation.hard}


async def test_the_validator_sees_a_place_as_work(services: Services, clock: ManualClock) -> None:
    rest = services.rosters.rest
    assert await broken(rest, "yang", SATURDAY, ["休"], ["A"]) == set()
    call_out = await place(services, clock, "yang", at(SATURDAY, 12))
    assert "overlap" in await broken(rest, "yang", SATURDAY, ["休"], ["A"])
    await db.execute("UPDATE call_answers SET eta = $1", at(SATURDAY, 16))  # comes later
    assert "overlap" not in await broken(rest, "yang", SATURDAY, ["休"], ["A"])
    await db.execute(
        "UPDATE call_outs SET report_at = $2, ends_at = $3 WHERE id = $1",
        call_out, at(SATURDAY - timedelta(days=1), 22), at(SATURDAY, 6),
    )  # fmt: skip
    await db.execute("UPDATE call_answers SET eta = NULL")
    night = await broken(rest, "yang", SATURDAY, ["休"], ["A"])
    assert {"night_then_day", "gap"} & night


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE call_answers SET state = 'left'",
        "UPDATE call_outs SET state = 'cancelled'",
        f"UPDATE call_outs SET kind = '{CallKind.DRILL}'",
    ],
)
async def test_a_place_given_back_called_off_or_a_drill_binds_nobody(
    services: Services, clock: ManualClock, statement: str
) -> None:
    await place(services, clock, "yang", at(SATURDAY, 12))
    await db.execute(statement)
    assert await broken(services.rosters.rest, "yang", SATURDAY, ["休"], ["A"]) == set()


async def test_own_days_list_places_beside_shifts_and_beyond_the_roster(
    services: Services, clock: ManualClock
) -> None:
    """杨 is off on Saturday; of the 1st of January no roster speaks."""
    await place(services, clock, "yang", at(SATURDAY, 22), hours=8)
    await db.execute("UPDATE call_outs SET state = 'ended'")
    beyond = date(2027, 1, 1)
    await place(services, clock, "yang", at(beyond, 8))
    yang, codes = await actor("yang"), services.rosters.codes
    days = await my_shifts.days(yang, codes, SATURDAY, beyond)
    first, last = days[0], days[-1]
    assert (first["rest"], first["rostered"], last["rostered"]) == ("休息", True, False)
    facts = {"heading": "您的班", "days": [first, last], "published": False}
    assert Catalogue().text("shifts/mine", facts).content.split("\n")[1:4] == [
        "12月12日(周六)  休息；紧急支援(楼东) 22:00–次日06:00(赵小样发起)",
        "1月1日(周五)  紧急支援(楼东) 08:00–14:00(赵小样发起)",
        "之后的班表还没有发布。",
    ]
    assert await my_shifts.days(yang, codes, beyond + timedelta(days=1), beyond) == []


async def test_a_shifts_reminder_knows_the_place_of_its_day(
    services: Services, clock: ManualClock
) -> None:
    await place(services, clock, "yang", at(SATURDAY - timedelta(days=3), 8))
    yang = await actor("yang")
    shifts = await db.fetch(
        "SELECT id FROM shifts WHERE person_id = $1 AND day BETWEEN $2 AND $3 ORDER BY day",
        yang.person_id, SATURDAY - timedelta(days=3), SATURDAY,
    )  # fmt: skip
    also = [(await services.reminders.card_facts(row["id"], None))["also"] for row in shifts]
    assert also[0] == "紧急支援(楼东) 08:00–14:00"
    assert set(also[1:]) <= {""}


async def test_a_swap_into_the_time_of_a_place_is_refused_with_its_name(
    services: Services, clock: ManualClock
) -> None:
    await place(services, clock, "yang", at(SATURDAY, 12))
    with pytest.raises(Refusal) as refused:
        await asked(services, "li", "1212", "yang")
    assert refused.value.key == "rest_rule"
    assert "12月12日 紧急支援(楼东) 12:00–18:00时间重叠" in str(refused.value.params["rule"])


async def test_a_place_taken_while_a_swap_waits_stops_its_approval(
    services: Services, clock: ManualClock
) -> None:
    _, approval = await accepted(services, "li", "1212", "yang")
    await place(services, clock, "yang", at(SATURDAY, 12))
    zhao = await actor("zhao")
    assert await at_once(lambda: services.swaps.decide(approval, zhao, approve=True)) == [
        "rest_rule"
    ]


async def test_a_sheet_warns_and_one_previewed_before_the_yes_is_not_published(
    services: Services, clock: ManualClock
) -> None:
    zhao, codes = await actor("zhao"), services.rosters.codes.default
    assert zhao.unit_id is not None
    yang = await staff_no("yang")
    data = sample.month_sheet(sample.ICU, 2026, 12, codes, {(yang, SATURDAY): "A"})
    before = await services.rosters.draft(zhao, zhao.unit_id, data, "十二月.xlsx")
    assert before.violations == ()
    await place(services, clock, "yang", at(SATURDAY, 12))
    assert before.roster_id is not None
    with pytest.raises(Refusal, match="roster_unsafe_now"):
        await services.rosters.publish(zhao, before.roster_id)
    (told,) = (await services.rosters.draft(zhao, zhao.unit_id, data, "十二月.xlsx")).violations
    assert "紧急支援(楼东) 12:00–18:00" in told
    assert "时间重叠" in told


async def staff_no(user: str) -> str:
    return str((await actor(user)).staff_no)


async def test_another_call_out_leaves_them_their_rest(
    services: Services, clock: ManualClock
) -> None:
    """A place tonight until two: nobody asks them to be elsewhere at eight."""
    await give_skills()
    call_outs = services.call_outs.call_outs
    morning = at(date(2026, 12, 8), 8)
    what = wish(clock, place="楼西", report_at=morning, ends_at=morning + timedelta(hours=6))
    zhao = await actor("zhao")
    pool = await call_outs.eligibility.pool(what, zhao.person_id)
    who = pool.people[0].person_id
    user = await db.fetch_value("SELECT user_id FROM identities WHERE person_id = $1", who)
    await place(services, clock, user, at(date(2026, 12, 7), 20))
    after = await call_outs.eligibility.pool(what, zhao.person_id)
    assert after.reasons[who] is Excluded.REST


@pytest.fixture
async def drafting(database_url: str, clock: ManualClock, tmp_path: Path) -> Services:
    policies = quick_policies(tmp_path / "policies", effort=0.3)
    settings = hospitals.settings(database_url).model_copy(update={"policies_dir": policies})
    services = build(read_rules(settings), clock)
    services.drafting.drafting.solver = ThreadSolver()
    await set_minimums(sample.ICU)
    return services


FIRST, LAST = date(2027, 1, 1), date(2027, 1, 8)


async def drafted(services: Services, by: Actor) -> int:
    assert by.unit_id is not None
    run_id = await services.drafting.drafts.ask(by, by.unit_id, FIRST, LAST)
    await services.drafting.drafts.run(str(run_id))
    return run_id


async def test_a_draft_leaves_the_time_of_a_place_free(
    drafting: Services, clock: ManualClock
) -> None:
    await place(drafting, clock, "li", at(FIRST, 8), hours=15)  # nothing fits beside it
    zhao = await actor("zhao")
    assert zhao.unit_id is not None
    weights = drafting.drafting.drafting.policy.weights
    problem, _ = await build_problem(drafting.rosters.rest, weights, zhao.unit_id, FIRST, LAST)
    number = await staff_no("li")
    li = next(one for one in problem.nurses if one.staff_no == number)
    assert [duty.label for duty in places(li.fixed)] == ["紧急支援(楼东)"]
    await drafted(drafting, zhao)
    day = await db.fetch_value(
        "SELECT codes::text FROM roster_cells c JOIN roster_runs r ON r.roster_id = c.roster_id "
        "WHERE c.person_id = $1 AND c.day = $2",
        li.person_id,
        FIRST,
    )
    assert day == '["休"]'


def places(duties: Sequence[Duty]) -> list[Duty]:
    return [duty for duty in duties if duty.label.startswith("紧急支援")]


async def test_a_draft_is_not_published_over_a_place_taken_since(
    drafting: Services, clock: ManualClock
) -> None:
    zhao = await actor("zhao")
    run_id = await drafted(drafting, zhao)
    row = await db.fetch_one(
        "SELECT c.day, i.user_id FROM roster_cells c "
        "JOIN roster_runs r ON r.roster_id = c.roster_id "
        "JOIN identities i ON i.person_id = c.person_id "
        "WHERE c.codes::text = '[\"A\"]' AND i.user_id <> 'zhao' ORDER BY c.day, c.id LIMIT 1"
    )
    assert row is not None
    await place(drafting, clock, row["user_id"], at(row["day"], 12))
    with pytest.raises(Refusal, match="draft_unsafe_now") as refused:
        async with db.transaction():
            await drafting.drafting.decisions.publish(run_id, zhao)
    assert "紧急支援(楼东)" in str(refused.value.params["rule"])
