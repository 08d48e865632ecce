"""Whom a call-out may ask, in which order, and why not the others."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from bot.wiring import Services
from models import db
from models.callouts import AnswerState, CallKind
from models.clock import SHANGHAI, ManualClock
from models.rest import Change
from models.sealed import seal_json
from services.callout_answers import Answer
from services.callout_eligibility import Excluded, Pool
from services.callout_fairness import fairness
from services.callout_wish import CallWish, duty_of
from services.callouts import CallOuts
from services.duties import PROTECTED, cells_of_people, duties_on
from services.duty_check import hard_breaks
from services.refusals import Refusal
from services.rest_checks import CHECKS
from services.rest_rules import check_change
from tests.support.callouts import answered, asked, give_skills, wish
from tests.support.deciding import actor


@pytest.fixture
async def call_outs(services: Services) -> CallOuts:
    await give_skills()
    return services.call_outs.call_outs


async def person(user: str) -> int:
    return (await actor(user)).person_id


async def pool(call_outs: CallOuts, clock: ManualClock, **more: object) -> Pool:
    return await call_outs.eligibility.pool(wish(clock, **more), await person("zhao"))  # type: ignore[arg-type]


async def reason(call_outs: CallOuts, clock: ManualClock, user: str) -> Excluded | None:
    return (await pool(call_outs, clock)).reasons.get(await person(user))


async def free(call_outs: CallOuts, clock: ManualClock) -> str:
    """The user of somebody who may be asked as things are."""
    first = (await pool(call_outs, clock)).people[0]
    user: str = await db.fetch_value(
        "SELECT user_id FROM identities WHERE person_id = $1", first.person_id
    )
    return user


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("UPDATE persons SET skills = '[]' WHERE id = $1", Excluded.SKILL),
        ("UPDATE licences SET valid_to = '2026-12-06' WHERE person_id = $1", Excluded.LICENCE),
        ("DELETE FROM licences WHERE person_id = $1", Excluded.LICENCE),
        (
            "INSERT INTO wishes (person_id, kind, first_day, last_day, said_at) "
            "VALUES ($1, 'leave', '2026-12-07', '2026-12-09', now())",
            Excluded.LEAVE,
        ),
        ("UPDATE persons SET travel_minutes = 151 WHERE id = $1", Excluded.FAR),
        ("UPDATE persons SET travel_minutes = 150 WHERE id = $1", None),
        ("DELETE FROM identities WHERE person_id = $1", Excluded.NO_CHANNEL),
        ("UPDATE licences SET valid_to = NULL, perpetual = true WHERE person_id = $1", None),
    ],
)
async def test_each_reason(
    call_outs: CallOuts, clock: ManualClock, statement: str, expected: Excluded | None
) -> None:
    who = await person(await free(call_outs, clock))
    await db.execute(statement, who)
    assert (await pool(call_outs, clock)).reasons.get(who) is expected


async def test_a_wish_to_be_off_or_withdrawn_leave_is_no_leave(
    call_outs: CallOuts, clock: ManualClock
) -> None:
    user = await free(call_outs, clock)
    await db.execute(
        "INSERT INTO wishes (person_id, kind, first_day, last_day, said_at, withdrawn_at) VALUES "
        "($1, 'off', '2026-12-07', '2026-12-07', now(), NULL), "
        "($1, 'leave', '2026-12-07', '2026-12-07', now(), now())",
        await person(user),
    )
    assert await reason(call_outs, clock, user) is None


async def test_protection_of_mothers_is_kept_and_not_told(
    call_outs: CallOuts, clock: ManualClock
) -> None:
    """Ten hours are more than the eight a nursing mother may work; it reads as a rest rule."""
    user = await free(call_outs, clock)
    who = await person(user)
    body = seal_json(PROTECTED, {"nursing": "2027-06-30"})
    await db.execute("UPDATE persons SET protected_until = $2 WHERE id = $1", who, body)
    begins = clock.now() + timedelta(hours=2)
    long = await pool(call_outs, clock, ends_at=begins + timedelta(hours=10))
    assert long.reasons[who] is Excluded.REST
    assert "protect" not in " ".join(Excluded)


async def test_who_works_or_has_just_worked_is_not_asked(
    call_outs: CallOuts, clock: ManualClock
) -> None:
    found = await pool(call_outs, clock)
    working = await db.fetch(
        "SELECT person_id FROM shifts WHERE state = 'planned' AND starts_at < $2 AND ends_at > $1",
        clock.now() + timedelta(hours=2),
        clock.now() + timedelta(hours=6),
    )
    assert working
    for row in working:
        if row["person_id"] != await person("zhao"):
            assert found.reasons[row["person_id"]] is Excluded.ON_DUTY
    assert Excluded.REST in found.excluded


async def test_who_goes_elsewhere_or_is_being_asked_is_busy(
    call_outs: CallOuts, clock: ManualClock
) -> None:
    first = await call_outs.launch(await actor("zhao"), wish(clock, 1))
    await call_outs.run_due()
    one, *others = await asked(first)
    other_place = await pool(call_outs, clock, place="楼西")
    assert {other_place.reasons[who] for who in (one, *others)} == {Excluded.BUSY}
    await answered(call_outs, first, one, Answer.YES)
    after = await pool(call_outs, clock, place="楼西")
    assert after.reasons[one] is Excluded.BUSY
    assert all(who not in after.reasons for who in others)


async def test_fewest_accepted_then_fewest_asked_then_nearest(
    call_outs: CallOuts, clock: ManualClock
) -> None:
    a, b, c, *_ = [one.person_id for one in (await pool(call_outs, clock)).people]
    zhao = await actor("zhao")
    long_ago = await call_outs.launch(zhao, wish(clock, place="一年多以前"))
    lately = await call_outs.launch(zhao, wish(clock, place="上个月"))
    await db.execute(
        "UPDATE call_outs SET state = 'ended', report_at = report_at - interval '30 days', "
        "ends_at = ends_at - interval '30 days'"
    )
    for call_out, who, state, at in (
        (lately, a, AnswerState.YES, clock.now() - timedelta(days=30)),
        (lately, b, AnswerState.NO, clock.now() - timedelta(days=30)),
        (long_ago, c, AnswerState.YES, clock.now() - timedelta(days=366)),
    ):
        await db.execute(
            "INSERT INTO call_answers (call_out_id, person_id, wave, state, asked_at) "
            "VALUES ($1, $2, 1, $3, $4)",
            call_out, who, state, at,
        )  # fmt: skip
    await db.execute("UPDATE persons SET travel_minutes = 10 WHERE id = $1", c)
    order = [one.person_id for one in (await pool(call_outs, clock)).people]
    assert order[0] == c  # a year is forgotten, and the nearest comes first
    assert order[-2:] == [b, a]
    rows = await fairness(await actor("song"), clock.now())
    assert [(row.person_id, row.asked, row.accepted, row.declined) for row in rows] == [
        (a, 1, 1, 0),
        (b, 1, 0, 1),
    ]
    with pytest.raises(Refusal, match="not_allowed"):
        await fairness(await actor("li"), clock.now())


async def test_thousands_are_judged_as_each_alone(services: Services, clock: ManualClock) -> None:
    """The quick way finds for every hour of two days what the rest rules say one by one."""
    await give_skills()
    await db.execute("UPDATE licences SET valid_to = '2026-12-08' WHERE person_id % 3 = 0")
    body = seal_json(PROTECTED, {"late_pregnancy": "2026-12-31"})
    await db.execute("UPDATE persons SET protected_until = $1 WHERE id % 4 = 0", body)
    rest = services.call_outs.call_outs.eligibility.rest
    people = [row["id"] for row in await db.fetch("SELECT id FROM persons ORDER BY id")]
    conditions = await rest.conditions(None, people)
    cells = await cells_of_people(people, date(2026, 11, 25), date(2026, 12, 20))
    rules = [rule for rule in rest.rules if rule.hard and rule.rule in CHECKS]
    different = 0
    for hour in range(0, 48, 3):
        start = datetime(2026, 12, 8, tzinfo=SHANGHAI) + timedelta(hours=hour)
        duty = duty_of(CallWish(CallKind.VOLUNTARY, "楼东", 1, start, start + timedelta(hours=8)))
        quick = await hard_breaks(rest, duty, people)
        for one in people:
            duties = [
                found
                for cell in cells
                if cell["person_id"] == one
                for found in duties_on(rest.codes.default, cell["day"], cell["codes"])
            ]
            slow = check_change(duties, Change(add=(duty,)), conditions[one], rules)
            assert {v.rule.rule for v in quick.get(one, ())} == {v.rule.rule for v in slow}
            different += bool(slow)
    assert different > 0
