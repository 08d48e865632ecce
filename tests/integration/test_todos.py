"""The to-do list: one to-do for each who is asked, gone when decided, whatever breaks between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from aiohttp import ClientSession

from bot.app import read_rules
from bot.platforms.dingtalk.todo_list import DingTalkTodoList
from bot.tasks import Nursery
from bot.wiring import Services
from bot.work import Workshop
from models import db
from models.approvals import Rule
from models.clock import ManualClock
from services.directory import DirectoryChanges
from services.todos import LEASE, TRIES, TodoFailed
from simulator.dingtalk.sample import SAMPLE_DINGTALK
from simulator.hospital import parse
from simulator.serve import running as simulator_running
from simulator.state import Simulator
from tests.integration.todo_stub import Stub, todo_list, todo_stub
from tests.support.deciding import accepted, actor, at_once
from tests.support.hospital import settings
from tests.support.waiting import eventually

BUSY = (503, {"code": "ServiceUnavailable", "message": "busy"})
THROTTLED = (403, {"code": "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi", "message": "slow"})
FORBIDDEN = (403, {"code": "Forbidden.AccessDenied.AccessTokenPermissionDenied", "message": "no"})
USED_UP = (403, {"code": "Forbidden.AccessDenied.ApiCountLimitForOrg", "message": "gone"})
WRONG = (400, {"code": "param.error", "message": "subject is wrong"})


@pytest.fixture
async def platform(
    database_url: str, clock: ManualClock
) -> AsyncIterator[tuple[Stub, DingTalkTodoList]]:
    """The stub, and 赵 with a to-do list on it."""
    await give_account("zhao")
    async with todo_stub(clock) as both:
        yield both


async def give_account(user: str) -> None:
    await db.execute(
        "INSERT INTO identities (person_id, platform, user_id, union_id, rank) "
        "SELECT person_id, 'dingtalk', user_id, 'union-' || user_id, 1 FROM identities "
        "WHERE platform = 'wecom' AND user_id = $1",
        user,
    )


async def states() -> list[str]:
    return [row["state"] for row in await db.fetch("SELECT state FROM todos ORDER BY id")]


async def one() -> db.Row:
    [row] = await db.fetch("SELECT * FROM todos")
    return row


async def decide(services: Services, approval: int, user: str = "zhao") -> None:
    async with db.transaction():
        await services.approvals.decide(approval, await actor(user), approve=True)


async def test_who_is_asked_has_it_in_the_list_until_it_is_decided(
    services: Services, platform: tuple[Stub, DingTalkTodoList]
) -> None:
    stub, port = platform
    _, approval = await accepted(services, "sun", "1214", "wang")
    zhao = await actor("zhao")
    assert (await one())["source_id"] == f"wardbell-{approval}-{zhao.person_id}"
    assert await services.todos.reconcile(port) == 1
    [task] = stub.open_tasks()
    assert task["subject"] == "换班请审批"
    assert task["executorIds"] == ["union-zhao"]
    assert task["isOnlyShowExecutor"] is True
    assert task["description"].splitlines() == [
        "孙小样与王小样已商量好，休息规则已核对。",
        "王小样上：12月14日(周一) 白班A 08:00–16:00",
        "孙小样上：休息",
        "病区：重症医学科",
        "请在和护铃的对话里点卡片上的按钮决定；在待办里打勾不算审批。",
    ]
    expires = await db.fetch_value("SELECT expires_at FROM approvals WHERE id = $1", approval)
    assert task["dueTime"] == int(expires.timestamp() * 1000)
    await decide(services, approval)
    assert await states() == ["closing"]
    await services.todos.reconcile(port)
    assert stub.open_tasks() == []
    assert await states() == ["closed"]
    assert await services.todos.reconcile(port) == 0
    assert [method for method, _ in stub.asked] == ["POST", "PUT"]


async def test_who_has_no_account_there_has_no_todo(services: Services) -> None:
    await accepted(services, "sun", "1214", "wang")
    assert await states() == []


async def test_what_is_decided_before_it_was_created_makes_no_call(
    services: Services, platform: tuple[Stub, DingTalkTodoList]
) -> None:
    stub, port = platform
    _, approval = await accepted(services, "sun", "1214", "wang")
    await decide(services, approval)
    assert await states() == ["closed"]
    await services.todos.reconcile(port)
    assert stub.asked == []


@pytest.mark.parametrize("end", ["withdrawn", "expired", "changed", "left"])
async def test_it_goes_whichever_way_the_approval_ends(
    services: Services,
    clock: ManualClock,
    platform: tuple[Stub, DingTalkTodoList],
    end: str,
) -> None:
    stub, port = platform
    swap, approval = await accepted(services, "sun", "1214", "wang")
    await services.todos.reconcile(port)
    async with db.transaction():
        if end == "withdrawn":
            await services.swaps.withdraw(swap, await actor("sun"))
        elif end == "expired":
            clock.advance(timedelta(hours=73))
            await services.approvals.expire_due()
        elif end == "changed":
            await db.execute("UPDATE approvals SET content_hash = 'x' WHERE id = $1", approval)
            await services.approvals.decide(approval, await actor("zhao"), approve=True)
        else:
            await DirectoryChanges(
                services.ledger.ladder, frozenset({"wecom"}), services.lists.leaving, clock
            ).left("wecom", "zhao")
    async with db.transaction():
        await services.todos.wake_for_due()
    await services.todos.reconcile(port)
    assert stub.tasks["task1"]["isDone"] is True
    assert (await states())[0] == "closed"
    assert len(stub.open_tasks()) == (1 if end == "changed" else 0)  # the new card's own


async def test_only_the_one_whose_turn_it_is_has_it(
    services: Services, platform: tuple[Stub, DingTalkTodoList]
) -> None:
    stub, port = platform
    await give_account("song")
    people = [(await actor(user)).person_id for user in ("zhao", "song")]
    swap, first = await accepted(services, "sun", "1214", "wang")
    sun = (await actor("sun")).person_id
    async with db.transaction():
        await services.approvals.withdraw(first)
        approval = await services.approvals.open(
            "swaps", swap, requester=sun, approvers=people, rule=Rule.IN_ORDER
        )
    await services.todos.reconcile(port)
    assert [task["who"] for task in stub.open_tasks()] == ["union-zhao"]
    await decide(services, approval, "zhao")
    await services.todos.reconcile(port)
    assert [task["who"] for task in stub.open_tasks()] == ["union-song"]
    await decide(services, approval, "song")
    await services.todos.reconcile(port)
    assert stub.open_tasks() == []


async def test_a_deputy_who_is_asked_later_has_it_too(
    services: Services, clock: ManualClock, platform: tuple[Stub, DingTalkTodoList]
) -> None:
    stub, port = platform
    await give_account("song")
    _, approval = await accepted(services, "sun", "1214", "wang")
    for _ in range(4):
        clock.advance(timedelta(hours=8))
        await services.escalation.run_due()
    await services.todos.reconcile(port)
    assert {task["who"] for task in stub.open_tasks()} == {"union-zhao", "union-song"}
    await decide(services, approval, "song")
    await services.todos.reconcile(port)
    assert stub.open_tasks() == []


async def test_an_answer_that_was_lost_makes_no_second_todo(
    services: Services, clock: ManualClock, platform: tuple[Stub, DingTalkTodoList]
) -> None:
    """As when we are killed after the platform has created it and before we wrote it down."""
    stub, port = platform
    await accepted(services, "sun", "1214", "wang")
    stub.faults.append("lost")
    await services.todos.reconcile(port)
    row = await one()
    assert (row["state"], row["platform_id"], len(stub.tasks)) == ("wanted", None, 1)
    clock.advance(LEASE)
    await services.todos.reconcile(port)
    row = await one()
    assert (row["state"], row["platform_id"], len(stub.tasks)) == ("open", "task1", 1)


async def test_killed_in_the_middle_it_is_found_when_the_lease_ends(
    services: Services, clock: ManualClock, platform: tuple[Stub, DingTalkTodoList]
) -> None:
    stub, port = platform
    _, approval = await accepted(services, "sun", "1214", "wang")
    stub.faults.append(asyncio.Event())
    async with asyncio.TaskGroup() as group:
        dying = group.create_task(services.todos.reconcile(port))
        await stub.arrived.wait()
        dying.cancel()
    stub.tasks["task1"] = {
        "sourceId": (await one())["source_id"],
        "isDone": False,
        "who": "union-zhao",
        "id": "task1",
    }
    await decide(services, approval)
    assert await services.todos.reconcile(port) == 0  # the dead one's lease still runs
    assert await states() == ["closing"]
    clock.advance(LEASE)
    await services.todos.reconcile(port)
    assert stub.open_tasks() == []
    assert await states() == ["closed"]


async def test_decided_while_it_is_being_created_it_is_closed(
    services: Services, clock: ManualClock, platform: tuple[Stub, DingTalkTodoList]
) -> None:
    stub, port = platform
    _, approval = await accepted(services, "sun", "1214", "wang")
    go_on = asyncio.Event()
    stub.faults.append(go_on)
    async with asyncio.TaskGroup() as group:
        group.create_task(services.todos.reconcile(port))
        await stub.arrived.wait()
        await asyncio.wait_for(decide(services, approval), 30)  # it waits for no platform
        assert await services.todos.reconcile(port) == 0
        go_on.set()
    assert stub.open_tasks() == []
    assert await states() == ["closed"]
    assert [method for method, _ in stub.asked] == ["POST", "PUT"]


async def test_a_running_bot_creates_and_closes_it_by_itself(
    database_url: str,
    services: Services,
    clock: ManualClock,
    platform: tuple[Stub, DingTalkTodoList],
) -> None:
    stub, port = platform
    rules = read_rules(settings(database_url))
    workshop = Workshop(database_url, services, rules, {}, clock, todo_list=port)
    nursery = Nursery()

    async def is_(state: str) -> bool:
        return await states() == [state]

    try:
        await workshop.start(nursery)
        _, approval = await accepted(services, "sun", "1214", "wang")
        await eventually(lambda: is_("open"))
        await decide(services, approval)
        await eventually(lambda: is_("closed"))
        await workshop.settle()
        assert stub.open_tasks() == []
    finally:
        await workshop.stop()
        await nursery.close(grace=60)
        await workshop.close()


async def test_two_workers_create_it_once(
    services: Services, platform: tuple[Stub, DingTalkTodoList]
) -> None:
    stub, port = platform
    await give_account("song")
    people = [(await actor(user)).person_id for user in ("zhao", "song")]
    swap, _ = await accepted(services, "sun", "1214", "wang")
    sun = (await actor("sun")).person_id
    for _ in range(5):
        async with db.transaction():
            await services.approvals.open("swaps", swap, requester=sun, approvers=people)
    await asyncio.gather(*(services.todos.reconcile(port) for _ in range(4)))
    assert await states() == ["open"] * 11
    assert len(stub.asked) == len(stub.tasks) == 11


async def test_decisions_and_the_list_never_wait_for_each_other_in_a_circle(
    services: Services, platform: tuple[Stub, DingTalkTodoList]
) -> None:
    _, port = platform
    zhao = await actor("zhao")
    for _ in range(5):
        _, approval = await accepted(services, "sun", "1214", "wang")
        results = await at_once(
            lambda a=approval: services.approvals.decide(a, zhao, approve=False),  # type: ignore[misc]
            services.todos.wake_for_due,
            services.todos.wake_for_due,
        )
        assert results == ["done"] * 3
        await services.todos.reconcile(port)
        assert set(await states()) == {"closed"}


@pytest.mark.parametrize("fault", [BUSY, FORBIDDEN])
async def test_it_is_given_up_in_the_end_and_the_approval_never_notices(
    services: Services,
    clock: ManualClock,
    platform: tuple[Stub, DingTalkTodoList],
    fault: tuple[int, dict[str, str]],
) -> None:
    stub, port = platform
    _, approval = await accepted(services, "sun", "1214", "wang")
    for number in range(TRIES):
        stub.faults.append(fault)
        assert await states() == ["wanted"], number
        await services.todos.reconcile(port)
        assert await services.todos.reconcile(port) == 0
        clock.advance(timedelta(minutes=11))
    row = await one()
    assert row["state"] == "given_up"
    assert fault[1]["message"] in row["reason"]
    await decide(services, approval)
    assert await db.fetch_value("SELECT state FROM approvals WHERE id = $1", approval)
    assert await services.todos.reconcile(port) == 0


async def test_a_refused_request_is_given_up_at_once(
    services: Services, platform: tuple[Stub, DingTalkTodoList]
) -> None:
    stub, port = platform
    await accepted(services, "sun", "1214", "wang")
    stub.faults.append(WRONG)
    await services.todos.reconcile(port)
    assert (await one())["state"] == "given_up"
    assert "subject is wrong" in (await one())["reason"]


async def test_a_rate_limit_counts_no_try(
    services: Services, clock: ManualClock, platform: tuple[Stub, DingTalkTodoList]
) -> None:
    stub, port = platform
    await accepted(services, "sun", "1214", "wang")
    for _ in range(TRIES + 2):
        stub.faults.append(THROTTLED)
        await services.todos.reconcile(port)
        clock.advance(timedelta(minutes=1))
    await services.todos.reconcile(port)
    assert await states() == ["open"]


async def test_one_that_breaks_keeps_no_other_from_its_turn(
    services: Services, platform: tuple[Stub, DingTalkTodoList]
) -> None:
    _, port = platform
    await give_account("song")
    people = [(await actor(user)).person_id for user in ("zhao", "song")]
    swap, _ = await accepted(services, "sun", "1214", "wang")
    sun = (await actor("sun")).person_id
    broken = await db.fetch_value("SELECT approval_id FROM todos")
    async with db.transaction():
        await services.approvals.open("swaps", swap, requester=sun, approvers=people)
    await db.execute("UPDATE approvals SET content = 'k1:xx' WHERE id = $1", broken)
    await services.todos.reconcile(port)
    assert await states() == ["wanted", "open", "open"]
    assert (await db.fetch_value("SELECT reason FROM todos ORDER BY id LIMIT 1")) == "SealError"


async def test_a_todo_that_somebody_deleted_is_given_up_when_it_is_to_be_closed(
    services: Services, platform: tuple[Stub, DingTalkTodoList]
) -> None:
    stub, port = platform
    _, approval = await accepted(services, "sun", "1214", "wang")
    await services.todos.reconcile(port)
    stub.tasks.clear()
    await decide(services, approval)
    await services.todos.reconcile(port)
    assert await states() == ["given_up"]


async def test_finding_nothing_is_no_failure(platform: tuple[Stub, DingTalkTodoList]) -> None:
    stub, port = platform
    assert await port.find("union-zhao", "wardbell-1-1") == ""
    stub.faults.append(BUSY)
    with pytest.raises(TodoFailed) as failed:
        await port.find("union-zhao", "wardbell-1-1")
    assert failed.value.again
    assert await port.find("union/../zhao", "a/b?c=d") == ""
    assert stub.asked[-1][1] == "/v1.0/todo/users/union/../zhao/tasks/sources/a/b?c=d"


async def test_the_simulated_platform_shows_it_and_shows_it_done(
    services: Services, clock: ManualClock
) -> None:
    """The same calls against another reading of the platform's pages than the stub's."""
    await give_account("zhao")
    await db.execute("UPDATE identities SET union_id = 'union-hedan' WHERE union_id IS NOT NULL")
    world = parse({"dingtalk": SAMPLE_DINGTALK})
    async with (
        simulator_running(Simulator(world, now=clock.now())) as base,
        ClientSession() as session,
    ):

        async def shown() -> list[tuple[str, bool]]:
            async with session.get(f"{base}/sim/phones/dingtalk:hedan/todos") as reply:
                return [(row["subject"], row["done"]) for row in await reply.json()]

        port = todo_list(session, clock, base)
        _, approval = await accepted(services, "sun", "1214", "wang")
        await services.todos.reconcile(port)
        assert await shown() == [("换班请审批", False)]
        # As if what became of it had never been written down.
        await db.execute("UPDATE todos SET state = 'wanted', platform_id = NULL")
        clock.advance(LEASE)
        assert await services.todos.reconcile(port) == 1
        assert await states() == ["open"]
        assert await shown() == [("换班请审批", False)]
        await decide(services, approval)
        await services.todos.reconcile(port)
        assert await shown() == [("换班请审批", True)]


async def test_a_used_up_month_is_waited_for_and_then_it_is_closed(
    services: Services, clock: ManualClock, platform: tuple[Stub, DingTalkTodoList]
) -> None:
    stub, port = platform
    _, approval = await accepted(services, "sun", "1214", "wang")
    await services.todos.reconcile(port)
    await decide(services, approval)
    stub.faults.append(USED_UP)
    await services.todos.reconcile(port)
    assert await states() == ["closing"]
    clock.advance(timedelta(days=32))
    await services.todos.reconcile(port)
    assert (await states(), stub.open_tasks()) == (["closed"], [])
