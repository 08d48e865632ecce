"""The clock moves in steps that its followers confirm."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from simulator import followers as followers_module
from simulator.clock import BadTime, Clock, parse_span, parse_target
from simulator.followers import Followers
from simulator.pulse import Pulse
from tests.simulator.bench import NOON, Bench


@pytest.mark.parametrize(
    ("text", "minutes"), [("90m", 90), ("2h", 120), ("1d", 1440), ("1h30m", 90), ("60s", 1)]
)
def test_spans(text: str, minutes: int) -> None:
    assert parse_span(text) == timedelta(minutes=minutes)


@pytest.mark.parametrize("text", ["", "2", "h", "2 h x", "-1h", "9999d"])
def test_wrong_spans(text: str) -> None:
    with pytest.raises(BadTime):
        parse_span(text)


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("20:00", datetime(2026, 12, 1, 12, tzinfo=UTC)),
        ("08:00", datetime(2026, 12, 2, 0, tzinfo=UTC)),
        ("2026-12-03T20:00", datetime(2026, 12, 3, 12, tzinfo=UTC)),
        ("2026-12-03T20:00Z", datetime(2026, 12, 3, 20, tzinfo=UTC)),
    ],
)
def test_targets(text: str, utc: datetime) -> None:
    assert parse_target(text, NOON) == utc


async def test_moving_lands_on_the_target_by_round_steps(b: Bench) -> None:
    done = await b.post("/sim/clock", {"to": "12:30"})
    assert done["steps"] == 3
    assert done["local"].startswith("2026-12-01T12:30")
    assert done["moving"] is False


@pytest.mark.parametrize(
    "body", [{}, {"advance": "soon"}, {"to": "25:00"}, {"to": "2001-01-01T00:00"}]
)
async def test_wrong_moves_are_refused(b: Bench, body: dict[str, str]) -> None:
    refused = await b.post("/sim/clock", body)
    assert refused["error"]
    assert refused["hint"]


async def test_a_follower_sees_every_step_before_the_next(b: Bench) -> None:
    seen: list[str] = []

    async def follow() -> None:
        rev = 0
        while True:
            state = await b.get(f"/sim/clock/follow?id=bot&rev={rev}")
            rev = state["rev"]
            seen.append(state["local"][11:16])

    follower = asyncio.ensure_future(follow())  # noqa: TID251
    while "bot" not in b.sim.followers.live():
        await asyncio.sleep(0)
    done = await b.post("/sim/clock", {"to": "12:25"})
    assert seen == ["12:10", "12:20", "12:25"]
    assert (done["steps"], done["waited_for"], done["late"]) == (3, ["bot"], [])
    follower.cancel()
    await asyncio.gather(follower, return_exceptions=True)


async def test_a_follower_that_does_not_answer_is_left_behind() -> None:
    clock = Clock(NOON)
    followers = Followers(clock, Pulse(), patience=0.02)
    await followers.poll("gone", 0, wait=0)
    move = await followers.move_to(clock.now() + timedelta(hours=1))
    assert move.steps >= 6
    assert move.late == {"gone"}


async def test_one_who_works_for_longer_than_it_counts_as_live_is_still_named_late(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(followers_module, "LIVE", 0.0)
    clock = Clock(NOON)
    followers = Followers(clock, Pulse(), patience=0.02)
    following = asyncio.ensure_future(followers.poll("bot", 0))  # noqa: TID251
    while "bot" not in followers.live():
        await asyncio.sleep(0)
    move = await followers.move_to(clock.now() + timedelta(minutes=1), timedelta(days=1))
    await following
    assert move.late == {"bot"}


async def test_two_moves_wait_for_each_other(b: Bench) -> None:
    before = b.sim.clock.offset
    await asyncio.gather(*(b.post("/sim/clock", {"advance": "1h"}) for _ in range(2)))
    assert 3600 - 300 < b.sim.clock.offset - before < 7200 + 5


async def test_a_waiting_request_survives_a_jump(b: Bench) -> None:
    waiting = asyncio.gather(b.get("/sim/phones/wanglei/messages?wait=30"))
    await b.post("/sim/clock", {"advance": "3d", "step": "1d"})
    await b.text(touser="wanglei")
    [rows] = await waiting
    assert [m["text"] for m in rows] == ["你好"]
