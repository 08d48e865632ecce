"""Groups, numbers, 报到 and 叫号: nobody has another's number, nobody is called in vain."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from bot.app import read_rules
from bot.events import TextSaid
from bot.routing import Command
from bot.wiring import Services, build
from handlers.interview_day import here
from models import db
from models.clock import ManualClock
from services.group_names import same_group
from services.guests import Guest
from services.refusals import Refusal
from tests.support.deciding import actor, at_once
from tests.support.hospital import Hospital, settings
from tests.support.interviewing import (
    HEAD,
    Post,
    a_post,
    at,
    candidate_of,
    said_to,
    words_of,
)

CALLED, ARRIVED = "interviews.called", "interviews.arrived"
DAY = "2026-12-09"


@pytest.fixture
def services(database_url: str, clock: ManualClock) -> Services:
    """With customer service as the first way to candidates."""
    rules = read_rules(settings(database_url))
    ladder = ("wecom_kf", "phone_task")
    return build(replace(rules, policies=replace(rules.policies, candidate_ladder=ladder)), clock)


@pytest.fixture
async def post(database_url: str, clock: ManualClock) -> Post:
    return await a_post(clock.now())


async def reachable(interview: int, services: Services) -> None:
    """Their window in customer service is open: they have just written."""
    candidate = await candidate_of(interview)
    await db.execute(
        "INSERT INTO kf_contacts (open_kfid, user_index, candidate_id, last_said_at, sent, state) "
        "VALUES ('wk-test', $1, $2, $3, 0, 0)",
        str(candidate),
        candidate,
        services.ledger.clock.now(),
    )


async def confirm(services: Services, interview: int) -> None:
    await services.recruiting.answers.confirm(interview, via="chat")


async def arrive(services: Services, interview: int) -> tuple[str, int | None, bool]:
    async with db.transaction():
        done = await services.recruiting.days.batch.arrive(interview, by="test")
    return done.group, done.queue_no, done.moved


async def number_of(interview: int) -> int | None:
    found: int | None = await db.fetch_value(
        "SELECT queue_no FROM interviews WHERE id = $1", interview
    )
    return found


async def a_group(
    services: Services, post: Post, group: str = "第3组", size: int = 3, hour: str = "09:00"
) -> tuple[int, list[int]]:
    """A slot whose seats are all confirmed."""
    slot = await post.slot(f"{DAY}T{hour}", capacity=10, group=group)
    interviews = [await post.interview(slot, "invited") for _ in range(size)]
    for interview in interviews:
        async with db.transaction():
            await confirm(services, interview)
    return slot, interviews


def on_the_day(clock: ManualClock, hour: str = "08:40") -> None:
    clock.advance(at(f"{DAY}T{hour}") - clock.now())


async def test_ten_who_confirm_at_once_get_ten_numbers(services: Services, post: Post) -> None:
    for round_ in range(5):
        slot = await post.slot(f"{DAY}T09:00", capacity=10, group=f"第{round_}组")
        interviews = [await post.interview(slot, "invited") for _ in range(10)]
        ends = await at_once(*(partial(confirm, services, one) for one in interviews))
        assert ends == ["done"] * 10
        numbers = [await number_of(one) for one in interviews]
        assert sorted(numbers, key=int) == list(range(1, 11))  # type: ignore[arg-type]


async def test_who_leaves_gives_the_number_to_the_next(services: Services, post: Post) -> None:
    slot, (first, second, third) = await a_group(services, post)
    assert [await number_of(one) for one in (first, second, third)] == [1, 2, 3]
    async with db.transaction():
        await services.recruiting.answers.decline(second, via="chat")
    late = [await post.interview(slot, "invited") for _ in range(3)]
    ends = await at_once(*(partial(confirm, services, one) for one in late))
    assert ends == ["done"] * 3
    assert sorted([await number_of(one) or 0 for one in late]) == [2, 4, 5]


async def test_leaving_and_confirming_at_once_double_no_number(
    services: Services, post: Post
) -> None:
    answers = services.recruiting.answers
    for round_ in range(10):
        group = f"第{round_}组"
        slot, members = await a_group(services, post, group=group, size=4)
        late = [await post.interview(slot, "invited") for _ in range(3)]
        ends = await at_once(
            partial(answers.decline, members[1], via="chat"),
            partial(answers.decline, members[2], via="chat"),
            *(partial(confirm, services, one) for one in late),
        )
        assert ends == ["done"] * 5
        numbers = [await number_of(one) for one in (members[0], members[3], *late)]
        assert None not in numbers
        assert len(set(numbers)) == 5


async def test_another_time_means_another_number(services: Services, post: Post) -> None:
    _, (first, *_rest) = await a_group(services, post)
    other = await post.slot(f"{DAY}T14:00", capacity=10, group="第4组")
    async with db.transaction():
        await services.recruiting.answers.choose(first, other, via="chat")
    assert await number_of(first) == 1
    alone = await post.slot(f"{DAY}T16:00")
    async with db.transaction():
        await services.recruiting.answers.choose(first, alone, via="chat")
    assert await number_of(first) is None


async def test_they_report_and_the_group_is_called_to_a_room(
    services: Services, post: Post, clock: ManualClock
) -> None:
    _, (first, second, absent) = await a_group(services, post)
    on_the_day(clock)
    for interview in (first, second):
        await reachable(interview, services)
    assert await arrive(services, first) == ("第3组", 1, False)
    assert "您在第3组，1号" in await words_of(services, ARRIVED, first)
    await arrive(services, second)
    batch, liang = services.recruiting.days.batch, await actor(HEAD)
    async with db.transaction():
        called = await batch.call(liang, "第三组", " 7层会议室 ")
    assert (called.told, called.known, called.absent, called.aloud) == (2, 0, 1, ())
    assert "请第3组(2号)现在到7层会议室" in await words_of(services, CALLED, second)
    assert await said_to(absent, CALLED) == []
    async with db.transaction():
        again = await batch.call(liang, "3组", "7层会议室")
    assert (again.told, again.known) == (0, 2)
    assert len(await said_to(first, CALLED)) == 1
    async with db.transaction():
        moved = await batch.call(liang, "3", "8层会议室")
    assert moved.told == 2


async def test_who_cannot_be_written_to_is_called_aloud(
    services: Services, post: Post, clock: ManualClock
) -> None:
    _, (first, *_rest) = await a_group(services, post)
    on_the_day(clock)
    await arrive(services, first)
    async with db.transaction():
        called = await services.recruiting.days.batch.call(await actor(HEAD), "第3组", "7层")
    assert (called.told, called.aloud, called.absent) == (0, (1,), 2)
    assert await services.recruiting.unreachable.tell() == 0  # they stand in the corridor


async def test_who_comes_after_the_call_waits_with_the_next_group(
    services: Services, post: Post, clock: ManualClock
) -> None:
    third, (first, late, later) = await a_group(services, post)
    fourth, _ = await a_group(services, post, group="第4组", size=9, hour="09:30")
    on_the_day(clock)
    await arrive(services, first)
    async with db.transaction():
        await services.recruiting.days.batch.call(await actor(HEAD), "第3组", "7层")
    assert await arrive(services, late) == ("第4组", 10, True)
    assert "您的组已经叫过号" in await words_of(services, ARRIVED, late)
    # The fourth group is full now: the end of one's own.
    assert await arrive(services, later) == ("第3组", 2, True)
    taken = await db.fetch("SELECT id, taken FROM slots WHERE id = ANY($1)", [third, fourth])
    assert {row["id"]: row["taken"] for row in taken} == {third: 2, fourth: 10}
    async with db.transaction():
        again = await services.recruiting.days.batch.call(await actor(HEAD), "第3组", "7层")
    assert (again.known, again.aloud) == (1, (2,))


async def test_of_two_who_come_late_one_gets_the_last_seat_of_the_next_group(
    services: Services, post: Post, clock: ManualClock
) -> None:
    _, (first, one, two) = await a_group(services, post)
    fourth, _ = await a_group(services, post, group="第4组", size=9, hour="09:30")
    on_the_day(clock)
    await arrive(services, first)
    async with db.transaction():
        await services.recruiting.days.batch.call(await actor(HEAD), "第3组", "7层")
    batch = services.recruiting.days.batch
    ends = await at_once(
        partial(batch.arrive, one, by="test"), partial(batch.arrive, two, by="test")
    )
    assert ends == ["done", "done"]
    rows = await db.fetch(
        "SELECT slot_id, queue_no FROM interviews WHERE id = ANY($1)", [one, two]
    )
    assert sorted(row["slot_id"] == fourth for row in rows) == [False, True]
    assert await db.fetch_value("SELECT taken FROM slots WHERE id = $1", fourth) == 10


async def test_reporting_twice_changes_nothing(
    services: Services, post: Post, clock: ManualClock
) -> None:
    _, (first, *_rest) = await a_group(services, post)
    on_the_day(clock)
    batch = services.recruiting.days.batch
    ends = await at_once(*(partial(batch.arrive, first, by="test") for _ in range(3)))
    assert ends == ["done"] * 3
    rows = await db.fetch("SELECT 1 FROM audit_rows WHERE action = 'interview.arrived'")
    assert len(rows) == 1
    assert await number_of(first) == 1


async def test_reporting_on_another_day_or_without_a_time_is_refused(
    services: Services, post: Post, clock: ManualClock
) -> None:
    _, (first, second, _) = await a_group(services, post)
    with pytest.raises(Refusal, match="arrive_not_today"):
        await arrive(services, first)
    async with db.transaction():
        await services.recruiting.answers.decline(second, via="chat")
    on_the_day(clock)
    with pytest.raises(Refusal, match="interview_declined"):
        await arrive(services, second)
    on_the_day(clock, "23:59")
    assert (await arrive(services, first))[1] == 1


@pytest.mark.parametrize(
    ("user", "group", "place", "refused"),
    [
        ("zhao", "第3组", "7层", "not_allowed"),
        (HEAD, "第9组", "7层", "group_unknown"),
        (HEAD, "第3组", "  ", "call_place"),
        (HEAD, "第3组", "层" * 61, "call_place"),
    ],
)
async def test_calls_that_reach_nobody(
    services: Services,
    post: Post,
    clock: ManualClock,
    user: str,
    group: str,
    place: str,
    refused: str,
) -> None:
    _, (first, *_rest) = await a_group(services, post)
    on_the_day(clock)
    await arrive(services, first)
    batch, by = services.recruiting.days.batch, await actor(user)
    assert await at_once(lambda: batch.call(by, group, place)) == [refused]
    assert await said_to(first, CALLED) == []


async def test_two_posts_with_the_same_group_need_the_post(
    services: Services, post: Post, clock: ManualClock
) -> None:
    other = await a_post(clock.now(), "心内科医生")
    other.count = 100
    await a_group(services, post)
    await a_group(services, other)
    on_the_day(clock)
    batch, by = services.recruiting.days.batch, await actor(HEAD)
    assert await at_once(lambda: batch.call(by, "第3组", "7层")) == ["which_group"]
    async with db.transaction():
        called = await batch.call(by, "第3组", "7层", "心内科医生")
    assert called.absent == 3


@pytest.mark.parametrize(
    ("name", "same"),
    [
        ("第3组", "3"),
        ("第三组", "3"),
        ("3组", "3"),
        ("3", "3"),
        ("第12组", "12"),
        ("护理组", "护理组"),
    ],
)
def test_groups_are_one_however_they_are_written(name: str, same: str) -> None:
    assert same_group(name) == same


async def test_in_the_chat_of_staff(hospital: Hospital) -> None:
    services = hospital.bot.services
    post = await a_post(hospital.bot.clock.now())
    await hospital.at("2026-12-08T12:00")
    await a_group(services, post, size=2)
    await hospital.at(f"{DAY}T08:40")
    await hospital.reads()
    song, zhao = hospital.phone(HEAD), hospital.phone("zhao")
    assert "还没有人报到" in await song.says("叫号 第3组 7层会议室")
    [one, _] = await db.fetch("SELECT i.id FROM interviews i ORDER BY i.id")
    assert "有2位" in await song.says("报到 郑小试")
    async with db.transaction():
        await services.recruiting.days.batch.arrive(one["id"], by="test")
    said = await song.says("叫号 急诊科护士 第3组到7层会议室")
    assert "第3组请到7层会议室" in said
    assert "还有1人没报到" in said
    assert "请当面叫：1号" in said
    assert "没看懂" in await song.says("叫号")
    assert "不在您的权限里" in await zhao.says("叫号 第3组 7层会议室")


async def test_in_the_chat_of_the_candidate(
    services: Services, post: Post, clock: ManualClock
) -> None:
    _, (first, *_rest) = await a_group(services, post)
    assert "组别：第3组，1号" in await words_of(services, "interviews.confirmed", first)
    candidate = await candidate_of(first)
    guest = Guest(candidate, "wk-test", "wm-test")
    days, conversation = services.recruiting.days, services.recruiting.conversation

    async def says(rest: str) -> None:
        event = TextSaid(
            platform="wecom_kf",
            app="kf",
            event_id=f"e{clock.now()}",
            user="wm-test",
            at=clock.now(),
            text=f"到了 {rest}".strip(),
        )
        command = Command(event, "到了", rest)
        async with db.transaction():
            await here(command, event, guest, days.day, days.batch, conversation, days.reminders)

    await says("")  # two days before these are words like others
    arrived = "SELECT arrived_at FROM interviews WHERE id = $1"
    assert await db.fetch_value(arrived, first) is None
    on_the_day(clock)
    await says("")
    assert await db.fetch_value(arrived, first) == clock.now()
    assert "您在第3组，1号" in await words_of(services, ARRIVED, first)
