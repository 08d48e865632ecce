"""The result's clock: working days with 调休, one list per recruiter, nothing twice or lost."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot import database
from bot.app import read_rules
from bot.wiring import Services, build
from models import db
from models.clock import SHANGHAI, ManualClock
from services.refusals import Refusal
from tests.support.deciding import actor, at_once
from tests.support.hospital import settings
from tests.support.results import (
    REJECTED,
    approved,
    at,
    heard,
    hr,
    interview,
    posting,
    prepared,
    ready,
    rooms,
    scored,
)


@pytest.fixture
async def opened(seeded_url: str) -> AsyncIterator[str]:
    async with database.opened(seeded_url):
        yield seeded_url


def hospital_at(url: str, local: str) -> tuple[Services, ManualClock]:
    clock = ManualClock(at(local))
    return build(read_rules(settings(url)), clock), clock


PURPOSES = ("results.reminder", "results.overdue")


async def receivers(purpose: str) -> list[str]:
    rows = await db.fetch(
        "SELECT i.user_id FROM messages m JOIN deliveries d ON d.message_id = m.id "
        "JOIN identities i ON i.person_id = d.person_id WHERE m.purpose = $1 ORDER BY d.id",
        purpose,
    )
    return [row["user_id"] for row in rows]


async def runs(services: Services, clock: ManualClock, until: str) -> list[str]:
    """Tick every half hour until then; what was told, and to whom, at which local time."""
    told: list[str] = []
    known = {purpose: len(await receivers(purpose)) for purpose in PURPOSES}
    while clock.now() <= at(until):
        await rooms(services).ends.tick()
        await rooms(services).clock.tick()
        for purpose in PURPOSES:
            found = await receivers(purpose)
            local = clock.now().astimezone(SHANGHAI)
            new = found[known[purpose] :]
            told += [f"{local:%m-%d %H:%M} {purpose[8:]} {user}" for user in new]
            known[purpose] = len(found)
        clock.advance(timedelta(minutes=30))
    return told


async def test_three_working_days_then_the_hr_head(opened: str) -> None:
    """An interview on Wednesday, 25 November 2026: Thursday, Friday, then Monday."""
    services, clock = hospital_at(opened, "2026-11-25T09:00")
    await interview(at("2026-11-25T10:00"))
    assert await runs(services, clock, "2026-12-05T12:00") == [
        "11-26 16:00 reminder zhu",
        "11-27 16:00 reminder zhu",
        "11-30 09:00 reminder zhu",
        "11-30 17:30 overdue song",
    ]


async def test_national_day_and_the_saturday_worked_for_it(opened: str) -> None:
    """2026: rest from 1 to 7 October, Saturday the 10th is worked; 25 September is Mid-Autumn."""
    services, clock = hospital_at(opened, "2026-09-30T09:00")
    seen = await interview(at("2026-09-30T14:00"))
    assert await runs(services, clock, "2026-10-12T12:00") == [
        "10-08 16:00 reminder zhu",
        "10-09 16:00 reminder zhu",
        "10-10 09:00 reminder zhu",
        "10-10 17:30 overdue song",
    ]
    row = await db.fetch_one("SELECT * FROM interviews WHERE id = $1", seen.id)
    assert row is not None
    assert row["result_due_at"] == at("2026-10-10T17:30")
    assert row["result_provisional"] is False


async def test_the_date_is_printed_with_its_weekday(opened: str) -> None:
    services, clock = hospital_at(opened, "2026-09-30T09:00")
    seen = await interview(at("2026-09-30T14:00"))
    await runs(services, clock, "2026-10-08T16:00")
    await scored(services, seen, "li")
    [told] = await heard(services, "results.reminder")
    assert told.words == (
        "这些应聘者还在等面试结果：\n"
        "1. 李小试，重症监护护士，9月30日(周三)面试，最晚10月10日(周六)17:30，评分1/2\n"
        "发“结果待办”可以随时查看。"
    )


async def test_beyond_the_calendars_years_it_is_provisional_and_counted_anew(
    opened: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    services, clock = hospital_at(opened, "2031-10-08T09:00")
    seen = await interview(at("2031-10-08T10:00"))
    await runs(services, clock, "2031-10-09T16:00")
    row = await db.fetch_one("SELECT * FROM interviews WHERE id = $1", seen.id)
    assert row is not None
    assert (row["result_due_at"], row["result_provisional"]) == (at("2031-10-13T17:30"), True)
    [told] = await heard(services, "results.reminder")
    assert "最晚10月13日(周一)17:30(暂定，节假日安排还没公布)" in told.words
    # The State Council speaks: the 10th is a day of rest, the 11th is worked.
    calendar = rooms(services).clock.working_time.calendar
    own = {**calendar.own, at("2031-10-10T00:00").date(): False}
    own[at("2031-10-11T00:00").date()] = True
    announced = replace(calendar, own=own, announced=frozenset({2031}))
    time = replace(rooms(services).clock.working_time, calendar=announced)
    monkeypatch.setattr(rooms(services).clock, "working_time", time)
    assert await rooms(services).clock.tick() == 0
    row = await db.fetch_one("SELECT * FROM interviews WHERE id = $1", seen.id)
    assert row is not None
    assert (row["result_due_at"], row["result_provisional"]) == (at("2031-10-13T17:30"), False)


async def test_one_list_per_recruiter_and_step_however_many_wait(opened: str) -> None:
    services, clock = hospital_at(opened, "2026-11-25T18:00")
    first, second = await posting(), await posting("心内科医师", recruiter="song")
    for number in range(18):
        await interview(at(f"2026-11-25T{8 + number // 2:02}:{number % 2 * 30:02}"), post=first)
    await interview(at("2026-11-25T10:00"), post=second, name="王小试")
    await rooms(services).ends.tick()
    clock.advance(at("2026-11-26T16:00") - clock.now())
    assert await rooms(services).clock.tick() == 19
    lists = {told.to: told.words for told in await heard(services, "results.reminder")}
    assert sorted(lists) == ["song", "zhu"]
    assert lists["zhu"].count("李小试") == 15
    assert "另有3位。" in lists["zhu"]
    assert lists["song"].splitlines()[1].startswith("1. 王小试，心内科医师，")


async def test_after_a_pause_each_hears_once_and_nothing_is_repeated(opened: str) -> None:
    services, clock = hospital_at(opened, "2026-11-25T18:00")
    await interview(at("2026-11-25T10:00"))
    await rooms(services).ends.tick()
    clock.advance(timedelta(days=30))  # nobody worked for a month
    assert await rooms(services).clock.tick() == 1
    assert [told.to for told in await heard(services, "results.reminder")] == ["zhu"]
    [overdue] = await heard(services, "results.overdue")
    assert overdue.to == "song"
    assert "应在11月30日(周一)17:30前答复，负责人朱小例，评分0/2" in overdue.words
    for _ in range(3):
        clock.advance(timedelta(days=1))
        assert await rooms(services).clock.tick() == 0


async def test_two_processes_at_the_same_instant_tell_it_once(opened: str) -> None:
    services, clock = hospital_at(opened, "2026-11-25T18:00")
    await interview(at("2026-11-25T10:00"))
    await rooms(services).ends.tick()
    clock.advance(at("2026-11-26T16:00") - clock.now())
    await at_once(*[rooms(services).clock.tick] * 4)
    assert len(await heard(services, "results.reminder")) == 1


async def test_the_end_of_an_interview_is_found_after_a_pause_too(opened: str) -> None:
    services, clock = hospital_at(opened, "2026-11-25T09:00")
    await interview(at("2026-11-25T10:00"))
    clock.advance(at("2026-11-27T17:00") - clock.now())
    assert await rooms(services).ends.tick() == 1
    assert await rooms(services).clock.tick() == 1
    assert len(await heard(services, "results.reminder")) == 1


@pytest.mark.parametrize("state", ["no_show", "declined", "cancelled"])
async def test_nobody_waits_who_did_not_come_or_does_not_want_it(opened: str, state: str) -> None:
    services, clock = hospital_at(opened, "2026-11-25T18:00")
    seen = await interview(at("2026-11-25T10:00"))
    await rooms(services).ends.tick()
    await db.execute("UPDATE interviews SET state = $2 WHERE id = $1", seen.id, state)
    assert await runs(services, clock, "2026-12-03T12:00") == []
    assert await rooms(services).clock.overdue() == []


async def test_it_stops_with_an_approved_result_and_not_with_an_asked_one(opened: str) -> None:
    services, clock = hospital_at(opened, "2026-11-25T18:00")
    seen = await ready(services, at("2026-11-25T10:00"))
    outcome = await prepared(services, seen)
    assert await runs(services, clock, "2026-11-26T17:00") == ["11-26 16:00 reminder zhu"]
    [told] = await heard(services, "results.reminder")
    assert "，待审批" in told.words
    await approved(services, outcome)
    assert await heard(services, "results.reminder") == []
    assert await runs(services, clock, "2026-12-04T12:00") == []


async def test_a_taken_back_result_runs_on_and_is_overdue(opened: str) -> None:
    services, clock = hospital_at(opened, "2026-11-25T21:30")
    seen = await ready(services, at("2026-11-25T10:00"))
    outcome = await prepared(services, seen)
    await approved(services, outcome)
    await rooms(services).outcomes.withdraw(await hr(), outcome)
    told = await runs(services, clock, "2026-12-01T12:00")
    assert [line.partition(" ")[0] for line in told] == ["11-26", "11-27", "11-30", "11-30"]
    [one] = await rooms(services).clock.overdue()
    assert (one.interview.id, one.overdue, one.asked) == (seen.id, True, False)


async def test_a_recruiter_who_left_leaves_the_list_to_the_hr_head(opened: str) -> None:
    services, clock = hospital_at(opened, "2026-11-25T18:00")
    await interview(at("2026-11-25T10:00"))
    left = (await actor("zhu")).person_id
    await db.execute("UPDATE persons SET active = false WHERE id = $1", left)
    assert await runs(services, clock, "2026-11-26T17:00") == ["11-26 16:00 reminder song"]


async def test_an_erased_candidate_is_nobodys_task(opened: str) -> None:
    services, clock = hospital_at(opened, "2026-11-25T18:00")
    seen = await interview(at("2026-11-25T10:00"))
    await rooms(services).ends.tick()
    await db.execute(
        "UPDATE candidates SET erased_at = $2, name = NULL, phone = NULL WHERE id = $1",
        seen.candidate,
        clock.now(),
    )
    assert await runs(services, clock, "2026-12-03T12:00") == []
    assert await rooms(services).clock.due_for(await hr()) == []


@pytest.mark.parametrize("fate", ["failed", "expired"])
async def test_nobody_interviewed_is_left_without_a_message(opened: str, fate: str) -> None:
    """Who is overdue is found, and whose result reached nobody becomes somebody's task, once."""
    services, clock = hospital_at(opened, "2026-11-25T14:00")
    silent = await interview(at("2026-11-25T09:00"))
    told = await ready(services, at("2026-11-25T10:00"), post=await posting("心内科护士"))
    await approved(services, await prepared(services, told, REJECTED))
    assert await rooms(services).sender.tick() == 1
    unreachable = services.recruiting.unreachable
    assert await unreachable.tell() == 0
    late = clock.now() + timedelta(hours=1)
    await db.execute(
        "UPDATE deliveries SET state = $1, expires_at = $2 WHERE candidate_id IS NOT NULL",
        fate,
        late,
    )
    assert await unreachable.tell() == 1
    assert await unreachable.tell() == 0
    task = await db.fetch_one("SELECT kind, candidate_id FROM candidate_tasks")
    assert task == {"kind": "no_channel", "candidate_id": told.candidate}
    clock.advance(timedelta(days=10))
    assert [one.interview.id for one in await rooms(services).clock.overdue()] == [silent.id]


async def test_who_sees_what_is_due(opened: str) -> None:
    services, _ = hospital_at(opened, "2026-11-25T18:00")
    own, other = await posting(recruiter="wang"), await posting("心内科护士")
    first = await interview(at("2026-11-25T10:00"), post=own)
    second = await interview(at("2026-11-25T11:00"), post=other)
    await rooms(services).ends.tick()
    clock = rooms(services).clock

    async def seen(user: str) -> list[int]:
        return [one.interview.id for one in await clock.due_for(await actor(user))]

    assert await seen("song") == [first.id, second.id]
    assert await seen("zhu") == [first.id, second.id]
    assert await seen("wang") == [first.id]
    with pytest.raises(Refusal, match="not_allowed"):
        await seen("zhao")


def test_the_tests_own_clock_speaks_local_time() -> None:
    assert at("2026-11-25T10:00") == datetime.fromisoformat("2026-11-25T10:00+08:00")
