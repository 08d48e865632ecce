"""Call-outs: waves, places, ends; over the seeded hospital, with nobody sending."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from bot.wiring import Services
from models import db
from models.callouts import AnswerState, CallKind, CallState
from models.clock import SHANGHAI, ManualClock
from services.callout_answers import Answer
from services.callout_curve import Basis
from services.callout_eligibility import Excluded
from services.callouts import CallOuts
from services.refusals import Refusal
from tests.support.callouts import answered, asked, give_skills, wish
from tests.support.deciding import actor


@pytest.fixture
async def call_outs(services: Services) -> CallOuts:
    await give_skills()
    return services.call_outs.call_outs


async def launched(
    call_outs: CallOuts, clock: ManualClock, needed: int = 2, **more: object
) -> int:
    """A call-out whose first wave is out."""
    call_out = await call_outs.launch(await actor("zhao"), wish(clock, needed, **more))
    await call_outs.run_due()
    return call_out


async def lines(call_out: int) -> list[str]:
    """What purposes have been written about it, in order."""
    rows = await db.fetch(
        "SELECT purpose FROM messages WHERE subject_id = $1 AND purpose LIKE 'callouts.%' "
        "ORDER BY id",
        call_out,
    )
    return [row["purpose"].removeprefix("callouts.") for row in rows]


async def test_the_preview_says_whom_it_would_ask_and_why_not_the_others(
    call_outs: CallOuts, clock: ManualClock
) -> None:
    preview = await call_outs.preview(await actor("zhao"), wish(clock))
    everybody = await db.fetch_value("SELECT count(*) FROM persons WHERE active")
    assert preview.eligible + len(preview.reasons) + 1 == everybody
    assert preview.excluded[Excluded.SKILL] > 0  # the HR office
    assert preview.excluded[Excluded.ON_DUTY] > 0  # the afternoon shift
    assert 0 < preview.first_wave <= preview.eligible
    assert await db.fetch_value("SELECT count(*) FROM call_outs") == 0


async def test_a_launch_asks_the_first_wave_with_one_message(
    call_outs: CallOuts, clock: ManualClock
) -> None:
    preview = await call_outs.preview(await actor("zhao"), wish(clock))
    call_out = await launched(call_outs, clock)
    assert len(await asked(call_out)) == preview.first_wave
    assert await asked(call_out) == [one.person_id for one in preview.people[: preview.first_wave]]
    assert await lines(call_out) == ["board", "ask"]
    row = await db.fetch_one(
        "SELECT count(*) AS all, min(m.priority) AS priority FROM deliveries d "
        "JOIN messages m ON m.id = d.message_id WHERE m.purpose = 'callouts.ask'"
    )
    assert row is not None
    assert (row["all"], row["priority"]) == (preview.first_wave, 0)
    assert await db.fetch_value("SELECT count(*) FROM asks WHERE purpose = 'callouts.ask'") == (
        preview.first_wave
    )
    assert await call_outs.run_due() == 0  # it is not looked at again before its time


async def test_a_yes_takes_a_place_once_and_the_last_one_stops_the_asking(
    call_outs: CallOuts, clock: ManualClock
) -> None:
    call_out = await launched(call_outs, clock)
    first, second, third, *rest = await asked(call_out)
    assert (await answered(call_outs, call_out, first, Answer.YES)).state is AnswerState.YES
    assert (await answered(call_outs, call_out, first, Answer.YES)).state is AnswerState.YES
    assert (await call_outs.view(call_out)).taken == 1
    done = await answered(call_outs, call_out, second, Answer.YES)
    assert (done.state, done.call_state) == (AnswerState.YES, CallState.FULL)
    late = await answered(call_outs, call_out, third, Answer.YES)
    assert late.state is AnswerState.TOO_LATE
    view = await call_outs.view(call_out)
    assert (view.taken, view.too_late, view.silent) == (2, 1, len(rest))
    assert await asked(call_out) == []
    assert await lines(call_out) == ["board", "ask", "told"]
    unsent = await db.fetch(
        "SELECT DISTINCT d.state FROM deliveries d JOIN messages m ON m.id = d.message_id "
        "WHERE m.purpose = 'callouts.ask'"
    )
    assert [row["state"] for row in unsent] == ["withdrawn"]  # none had left yet
    waiting = "SELECT count(*) FROM asks WHERE state = 'open' AND purpose LIKE $1"
    assert await db.fetch_value(waiting, "callouts.%") == 0
    assert await db.fetch_value(waiting, "checklists.%") == 2  # the training of those who come


async def test_a_place_given_back_is_offered_first_to_who_came_too_late(
    call_outs: CallOuts, clock: ManualClock
) -> None:
    call_out = await launched(call_outs, clock)
    first, second, third, *_ = await asked(call_out)
    for person in (first, second, third):
        await answered(call_outs, call_out, person, Answer.YES)
    left = await answered(call_outs, call_out, first, Answer.NO)
    assert (left.state, left.call_state) == (AnswerState.LEFT, CallState.ASKING)
    assert (await call_outs.view(call_out)).taken == 1
    await call_outs.run_due()
    again = await asked(call_out)
    assert third in again
    assert first not in again
    assert (await answered(call_outs, call_out, third, Answer.YES)).call_state is CallState.FULL
    told = ["told", "told", "ask", "told"]  # full, left, full again
    assert (await lines(call_out))[2:] == told


async def test_the_silence_of_a_wave_brings_the_next_and_its_end_is_said_early(
    call_outs: CallOuts, clock: ManualClock
) -> None:
    call_out = await launched(call_outs, clock, 1)
    wave = await asked(call_out)
    clock.advance(timedelta(minutes=65))
    await call_outs.run_due()
    everybody = await asked(call_out)
    assert set(wave) < set(everybody)
    assert (await call_outs.view(call_out)).wave == 2
    for person in everybody:
        await answered(call_outs, call_out, person, Answer.NO)
    while (await call_outs.view(call_out)).short_at is None:
        clock.advance(timedelta(minutes=3))
        await call_outs.run_due()
        for person in await asked(call_out):
            await answered(call_outs, call_out, person, Answer.NO)
    view = await call_outs.view(call_out)
    assert view.state is CallState.ASKING
    assert clock.now() < view.report_at - timedelta(minutes=45)
    assert (await lines(call_out))[-1] == "told"


async def test_more_than_can_come_is_said_at_once(call_outs: CallOuts, clock: ManualClock) -> None:
    preview = await call_outs.preview(await actor("zhao"), wish(clock, 20))
    assert preview.short
    assert preview.likely < 20
    call_out = await launched(call_outs, clock, 20)
    assert len(await asked(call_out)) == preview.eligible
    assert (await call_outs.view(call_out)).short_at == clock.now()
    assert await lines(call_out) == ["board", "ask", "told"]
    clock.advance(timedelta(minutes=3))
    await call_outs.run_due()
    assert await lines(call_out) == ["board", "ask", "told"]  # and not again


async def test_cancelling_mid_wave_tells_those_who_said_yes(
    call_outs: CallOuts, clock: ManualClock
) -> None:
    call_out = await launched(call_outs, clock)
    first, second, *_ = await asked(call_out)
    await answered(call_outs, call_out, first, Answer.YES)
    zhao = await actor("zhao")
    view = await call_outs.cancel(zhao, call_out, "病人已转出")
    assert view.state is CallState.CANCELLED
    told = await db.fetch(
        "SELECT d.person_id FROM deliveries d JOIN messages m ON m.id = d.message_id "
        "WHERE m.purpose = 'callouts.cancelled'"
    )
    assert [row["person_id"] for row in told] == [first]
    for person in (first, second):
        with pytest.raises(Refusal, match="callout_cancelled"):
            await answered(call_outs, call_out, person, Answer.YES)
    with pytest.raises(Refusal, match="callout_cancelled"):
        await call_outs.cancel(zhao, call_out)
    clock.advance(timedelta(minutes=10))
    await call_outs.run_due()
    assert await lines(call_out) == ["board", "ask", "cancelled"]


async def test_one_place_has_one_open_call_out(call_outs: CallOuts, clock: ManualClock) -> None:
    await launched(call_outs, clock)
    with pytest.raises(Refusal, match="callout_twice") as refused:
        await call_outs.launch(await actor("song"), wish(clock, place=" 楼 东 "))
    assert refused.value.params["by"] == "赵小样"
    with pytest.raises(Refusal, match="callout_twice"):
        await call_outs.preview(await actor("song"), wish(clock))
    await call_outs.launch(await actor("song"), wish(clock, place="楼西"))
    drill = wish(clock, kind=CallKind.DRILL)
    await call_outs.launch(await actor("song"), drill)  # a drill is in nobody's way


async def test_who_may_launch_and_cancel(call_outs: CallOuts, clock: ManualClock) -> None:
    for user, kind in (("li", CallKind.VOLUNTARY), ("zhao", CallKind.ORDERED)):
        with pytest.raises(Refusal, match="not_allowed"):
            await call_outs.launch(await actor(user), wish(clock, kind=kind))
    call_out = await call_outs.launch(await actor("song"), wish(clock, kind=CallKind.ORDERED))
    with pytest.raises(Refusal, match="not_allowed"):
        await call_outs.cancel(await actor("zhao"), call_out)
    await call_outs.run_due()
    assert await lines(call_out) == ["board", "ordered"]


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ({"needed": 0}, "callout_needed"),
        ({"needed": 501}, "callout_needed"),
        ({"place": " ·"}, "callout_place"),
        ({"place": "楼" * 41}, "callout_place"),
        ({"skill": "flying"}, "callout_skill"),
    ],
)
async def test_a_faulty_wish_is_refused(
    call_outs: CallOuts, clock: ManualClock, more: dict[str, object], key: str
) -> None:
    values = {"needed": 2, **more}
    with pytest.raises(Refusal, match=key):
        await call_outs.launch(await actor("zhao"), wish(clock, **values))  # type: ignore[arg-type]


async def test_times_are_checked(call_outs: CallOuts, clock: ManualClock) -> None:
    now, zhao = clock.now(), await actor("zhao")
    for minutes, lasts, key in (
        (5, 60, "callout_time"),
        (80 * 60, 60, "callout_time"),
        (60, 0, "callout_end"),
        (60, 25 * 60, "callout_end"),
    ):
        report = now + timedelta(minutes=minutes)
        ends = report + timedelta(minutes=lasts)
        with pytest.raises(Refusal, match=key):
            await call_outs.launch(zhao, wish(clock, report_at=report, ends_at=ends))


async def test_a_drill_is_by_day_and_measures_the_curve(
    call_outs: CallOuts, clock: ManualClock
) -> None:
    zhao = await actor("zhao")
    late = clock.now() + timedelta(hours=4)  # 18:00
    with pytest.raises(Refusal, match="callout_drill_hours"):
        await call_outs.launch(
            zhao,
            wish(clock, kind=CallKind.DRILL, report_at=late, ends_at=late + timedelta(hours=1)),
        )
    await db.execute("UPDATE persons SET travel_minutes = 5")
    call_out = await launched(call_outs, clock, 40, kind=CallKind.DRILL)
    people = await asked(call_out)
    clock.advance(timedelta(minutes=4))
    for person in people[: len(people) // 2]:
        await answered(call_outs, call_out, person, Answer.YES)
    clock.advance(timedelta(hours=2))
    await call_outs.run_due()
    row = await db.fetch_one("SELECT state, curve::text FROM call_outs WHERE id = $1", call_out)
    assert row is not None
    assert row["state"] == "ended"
    if len(people) >= 20:
        assert row["curve"] is not None
        chosen = await call_outs.waves.curve(CallKind.VOLUNTARY, clock.now())
        assert chosen.basis is Basis.DAY
        curve = chosen.curve
        assert curve.share(120) == 0
        assert curve.share(300) == pytest.approx(0.5, abs=0.05)
    assert await lines(call_out) == ["board", "drill", "told", "told"]  # short, ended


_CURVE = """
WITH made AS (
    INSERT INTO call_outs (by_id, kind, place, place_key, needed, state, report_at, ends_at,
                           launched_at, closed_at, curve)
    VALUES ($1, $2, $3, $3, 1, 'ended', $4, $4::timestamptz + interval '1 hour',
            $4, $4, jsonb_build_array(jsonb_build_array(600, $5::float8))) RETURNING id)
INSERT INTO call_answers (call_out_id, person_id, wave, asked_at)
SELECT made.id, p.id, 1, $4 FROM made, persons p LIMIT 20
"""


async def measured(kind: CallKind, at: datetime, share: float) -> None:
    """A call-out of long ago whose answers were measured."""
    zhao = (await actor("zhao")).person_id
    await db.execute(_CURVE, zhao, str(kind), f"{kind}{at.isoformat()}", at, share)


async def test_by_night_other_answers_are_expected_than_by_day(
    call_outs: CallOuts, clock: ManualClock
) -> None:
    """Each part of the day by its own; the other's for want of better; then the shipped one."""
    day = clock.now().astimezone(SHANGHAI)
    night = day.replace(hour=2)

    async def chosen(at: datetime, kind: CallKind = CallKind.VOLUNTARY) -> tuple[Basis, float]:
        found = await call_outs.waves.curve(kind, at)
        return found.basis, round(found.curve.share(600), 3)

    shipped = round(call_outs.rules.curve.share(600), 3)
    assert await chosen(night) == (Basis.SHIPPED, shipped)
    await measured(CallKind.DRILL, day - timedelta(days=9), 0.5)
    assert await chosen(day) == (Basis.DAY, 0.5)
    assert await chosen(night) == (Basis.NIGHT_BY_DAY, 0.5)
    await measured(CallKind.VOLUNTARY, night - timedelta(days=8), 0.2)
    for number in range(6):  # many newer ones by day take no night's place
        await measured(CallKind.DRILL, day - timedelta(days=7, minutes=number), 0.6)
    assert await chosen(day) == (Basis.DAY, 0.6)
    for at in (night, night.replace(hour=23), night.replace(hour=6, minute=59)):
        assert await chosen(at) == (Basis.NIGHT, 0.2)
    for at in (night.replace(hour=7), night.replace(hour=20, minute=59)):
        assert (await chosen(at))[0] is Basis.DAY
    assert await chosen(night, CallKind.ORDERED) == (Basis.SHIPPED, shipped)
    await measured(CallKind.ORDERED, night - timedelta(days=6), 0.9)
    assert await chosen(day, CallKind.ORDERED) == (Basis.DAY_BY_NIGHT, 0.9)


async def test_who_comes_later_says_when(call_outs: CallOuts, clock: ManualClock) -> None:
    call_out = await launched(call_outs, clock)
    first, second, *_ = await asked(call_out)
    report_at = (await call_outs.view(call_out)).report_at
    said = await answered(
        call_outs, call_out, first, Answer.LATE, report_at + timedelta(minutes=30)
    )
    assert said.eta == report_at + timedelta(minutes=30)
    # No time said is no reason to lose a place.
    said = await answered(call_outs, call_out, second, Answer.LATE)
    assert said.eta == report_at + timedelta(minutes=30)
    sooner = await answered(call_outs, call_out, second, Answer.YES)
    assert sooner.eta == report_at
    view = await call_outs.view(call_out)
    assert (view.taken, view.later, view.last_eta) == (2, 1, report_at + timedelta(minutes=30))
    with pytest.raises(Refusal, match="callout_eta"):
        await answered(call_outs, call_out, second, Answer.LATE, report_at + timedelta(hours=5))


async def test_after_its_time_a_place_may_still_be_given_back(
    call_outs: CallOuts, clock: ManualClock
) -> None:
    call_out = await launched(call_outs, clock)
    first, second, *_ = await asked(call_out)
    await answered(call_outs, call_out, first, Answer.YES)
    clock.advance(timedelta(hours=2))
    await call_outs.run_due()
    with pytest.raises(Refusal, match="callout_ended"):
        await answered(call_outs, call_out, second, Answer.YES)
    left = await answered(call_outs, call_out, first, Answer.NO)
    assert (left.state, left.call_state) == (AnswerState.LEFT, CallState.ENDED)
    assert (await call_outs.view(call_out)).taken == 0
    clock.advance(timedelta(minutes=5))
    assert await asked(call_out) == []
    assert (await lines(call_out))[-2:] == ["told", "told"]
    clock.advance(timedelta(hours=4))
    with pytest.raises(Refusal, match="callout_ended"):
        await answered(call_outs, call_out, first, Answer.NO)


async def test_hooks_hear_of_places_taken_and_given_back(
    call_outs: CallOuts, clock: ManualClock
) -> None:
    heard: list[tuple[str, int]] = []

    async def took(_: int, person: int) -> None:
        heard.append(("took", person))

    async def left(_: int, person: int) -> None:
        heard.append(("left", person))

    call_outs.on_accepted(took)
    call_outs.on_left(left)
    call_out = await launched(call_outs, clock)
    first, *_ = await asked(call_out)
    await answered(call_outs, call_out, first, Answer.YES)
    await answered(call_outs, call_out, first, Answer.NO)
    assert heard == [("took", first), ("left", first)]


async def test_a_call_out_is_forgotten_with_its_answers(
    services: Services, call_outs: CallOuts, clock: ManualClock
) -> None:
    await launched(call_outs, clock)
    clock.advance(timedelta(days=399))
    await call_outs.run_due()
    await services.retention.forget_old()
    assert await db.fetch_value("SELECT count(*) FROM call_answers") > 0
    clock.advance(timedelta(days=2))
    await services.retention.forget_old()
    assert await db.fetch_value("SELECT count(*) FROM call_outs") == 0
    assert await db.fetch_value("SELECT count(*) FROM call_answers") == 0
