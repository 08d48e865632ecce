"""Tokens shared through the database: one fetch for all, and no asking again after a refusal."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot.channels import Failure, SendFailed
from bot.platforms.tokens import Fetched, TokenSource, rest_after
from bot.platforms.wecom.errors import worn_out
from bot.platforms.wecom.token_store import DatabaseTokenStore
from models.clock import ManualClock
from models.platform_tokens import PlatformToken
from tests.wecom import NOW

pytestmark = pytest.mark.usefixtures("database")


class Platform:
    """Hands out numbered tokens, or fails."""

    def __init__(self) -> None:
        self.asked = 0
        self.error: SendFailed | None = None

    async def fetch(self) -> Fetched:
        self.asked += 1
        await asyncio.sleep(0)
        if self.error is not None:
            raise self.error
        return Fetched(f"canary-{self.asked}", timedelta(seconds=7200))


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def platform() -> Platform:
    return Platform()


def store(clock: ManualClock, mark: str = "sealed:") -> DatabaseTokenStore:
    def open_(sealed: str) -> str:
        if not sealed.startswith(mark):
            raise ValueError("another key")
        return sealed.removeprefix(mark)[::-1]

    return DatabaseTokenStore(clock, seal=lambda value: mark + value[::-1], open_=open_)


async def test_twenty_replicas_fetch_one_token(clock: ManualClock, platform: Platform) -> None:
    replicas = [
        TokenSource("hr", store(clock), platform.fetch, clock, worn_out) for _ in range(20)
    ]
    tokens = await asyncio.gather(*(replica.current() for replica in replicas))
    assert {token.value for token in tokens} == {"canary-1"}
    tokens = await asyncio.gather(
        *(replica.after(token) for replica, token in zip(replicas, tokens, strict=True))
    )
    assert {(token.value, token.generation) for token in tokens} == {("canary-2", 2)}
    assert platform.asked == 2


async def test_apps_have_tokens_of_their_own(clock: ManualClock, platform: Platform) -> None:
    shared = store(clock)
    one = await shared.refresh("hr", 0, platform.fetch)
    two = await shared.refresh("kf", 0, platform.fetch)
    assert one.value != two.value
    assert await shared.get("hr") == one
    assert await shared.get("none") is None


async def test_a_token_is_sealed_at_rest_and_hidden_in_repr(
    clock: ManualClock, platform: Platform
) -> None:
    token = await store(clock).refresh("hr", 0, platform.fetch)
    row = await PlatformToken.get(app="hr")
    assert "canary" not in row.token + repr(token)


async def test_a_token_of_a_lost_key_is_fetched_anew(
    clock: ManualClock, platform: Platform
) -> None:
    await store(clock).refresh("hr", 0, platform.fetch)
    rotated = TokenSource("hr", store(clock, "other:"), platform.fetch, clock, worn_out)
    assert (await rotated.current()).value == "canary-2"


async def test_a_refusal_rests_longer_each_time_for_all_replicas(
    clock: ManualClock, platform: Platform
) -> None:
    platform.error = SendFailed(Failure.CONFIGURATION, code=40001)
    for asked, rest in enumerate((60, 120, 240, 480, 600, 600), start=1):
        for _ in range(3):
            with pytest.raises(SendFailed) as caught:
                await store(clock).refresh("hr", 0, platform.fetch)
            assert (caught.value.failure, caught.value.code) == (Failure.CONFIGURATION, 40001)
        assert platform.asked == asked
        clock.advance(timedelta(seconds=rest))
    platform.error = None
    assert (await store(clock).refresh("hr", 0, platform.fetch)).generation == 1
    row = await PlatformToken.get(app="hr")
    assert (row.refusals, row.refused_until) == (0, None)


async def test_a_passing_fault_is_not_remembered(clock: ManualClock, platform: Platform) -> None:
    platform.error = SendFailed(Failure.RETRY)
    with pytest.raises(SendFailed):
        await store(clock).refresh("hr", 0, platform.fetch)
    platform.error = None
    assert (await store(clock).refresh("hr", 0, platform.fetch)).value == "canary-2"


async def test_a_fetch_that_is_cancelled_frees_the_row(
    clock: ManualClock, platform: Platform
) -> None:
    async def hang() -> Fetched:
        started.set()
        await asyncio.Event().wait()
        raise AssertionError

    started = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        task = group.create_task(store(clock).refresh("hr", 0, hang))
        await started.wait()
        task.cancel()
    assert (await store(clock).refresh("hr", 0, platform.fetch)).value == "canary-1"


async def test_without_a_table_it_is_a_retry(clock: ManualClock, platform: Platform) -> None:
    connection = PlatformToken._meta.db
    await connection.execute_script("DROP TABLE platform_tokens")
    for call in (store(clock).get("hr"), store(clock).refresh("hr", 0, platform.fetch)):
        with pytest.raises(SendFailed) as caught:
            await call
        assert caught.value.failure is Failure.RETRY
    assert platform.asked == 0


def test_rests_never_pass_ten_minutes() -> None:
    assert [rest_after(n).total_seconds() for n in (1, 2, 4, 5, 99)] == [60, 120, 480, 600, 600]
