"""(a) Signed, encrypted texts: from the wire to committed and acknowledged."""

from __future__ import annotations

from dataclasses import dataclass

import orjson

from bot import database
from tests.benchmarks import rows
from tests.benchmarks.machine import (
    Machine,
    answers,
    bot_environment,
    child,
    median,
    output_of,
)
from tests.benchmarks.report import Line

ROUNDS = 3
SECONDS = 4.0
WORDS = ("帮助", "我的班")  # the second reads the shifts
BOT, BARE = 18801, 18802


@dataclass(frozen=True, slots=True)
class Load:
    rate: float
    p50: float
    p99: float
    refused: int


@dataclass(frozen=True, slots=True)
class Sizes:
    """Resident MB of the bot's process, and of the bare one after its load."""

    idle: float
    loaded: float
    bare: float


async def measure(machine: Machine) -> tuple[list[Line], Sizes]:
    url = await machine.empty()
    connection = await database.connect(url)
    await rows.people(connection, 2000)
    await connection.close()
    env = bot_environment(machine, url, BOT)
    bare = ("tests.benchmarks.bare_server", str(BARE), await machine.empty())
    with child(machine, "bot", "serve", env=env) as bot, child(machine, *bare) as other:
        await answers(f"http://127.0.0.1:{BOT}/healthz")
        await answers(f"http://127.0.0.1:{BARE}/")
        idle = bot.resident()
        ours, theirs = await _alternately()
        sizes = Sizes(idle, bot.resident(), other.resident())
    lines = [line for words in WORDS for line in _lines(words, ours[words], theirs)]
    return lines, sizes


async def _alternately() -> tuple[dict[str, list[Load]], list[Load]]:
    ours: dict[str, list[Load]] = {words: [] for words in WORDS}
    theirs = []
    await _load(BOT, WORDS[0], 1)  # warm caches and statements on both sides
    await _load(BARE, WORDS[0], 1)
    for _ in range(ROUNDS):
        theirs.append(await _load(BARE, WORDS[0], SECONDS))
        for words in WORDS:
            ours[words].append(await _load(BOT, words, SECONDS))
    return ours, theirs


async def _load(port: int, words: str, seconds: float) -> Load:
    out = await output_of("tests.benchmarks.load", str(port), str(seconds), words)
    return Load(**orjson.loads(out))


def _lines(words: str, ours: list[Load], theirs: list[Load]) -> list[Line]:
    rate = median([load.rate for load in ours])
    bare = median([load.rate for load in theirs])
    p99 = median([load.p99 for load in ours])
    ratio = rate / bare
    refused = sum(load.refused for load in ours)
    return [
        Line(
            f"(a) callbacks “{words}”, 64 connections",
            f"{rate:,.0f}/s = {ratio:.2f} × bare" + (f", {refused} refused" if refused else ""),
            f"{bare:,.0f}/s aiohttp + wechatpy + INSERT",
            "≥ 0.70 × bare",
            ratio >= 0.7 and not refused,
        ),
        Line(
            f"(a) the same, p50 / p99 of “{words}”",
            f"{median([load.p50 for load in ours]):.0f} / {p99:.0f} ms",
            f"{median([load.p50 for load in theirs]):.0f} / "
            f"{median([load.p99 for load in theirs]):.0f} ms",
            "p99 < 100 ms",
            p99 < 100,
        ),
    ]
