"""Runs the solver beside the bot: its own process, killed when nobody wants its answer."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from dataclasses import asdict
from pathlib import Path
from typing import Any

from services.rostering.drafting import SolverDied, SolverMissing, Watch
from services.rostering.model import Limits, Model, Outcome, Progress, to_json

ROOT = Path(__file__).parents[2]
LOOK_EVERY = 1.0  # seconds between looks whether anybody still wants it
GRACE = 120.0  # seconds beyond the limits: starting, building, explaining
LONGEST_LINE = 2**20
# All that the solver is told of our surroundings: the bot's own hold its keys and passwords.
TOLD = ("PATH", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH", "PYTHONPATH", "PYTHONHASHSEED")


class ProcessSolver:
    """`module` is what is run; tests put another there, and lose patience sooner."""

    def __init__(self, module: str = "bot.rostering.worker", grace: float = GRACE) -> None:
        self.module = module
        self.grace = grace

    async def solve(self, model: Model, limits: Limits, watch: Watch) -> Outcome:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            self.module,
            cwd=ROOT,
            env=surroundings(),
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            limit=LONGEST_LINE,
        )
        try:
            async with asyncio.timeout(limits.seconds * 3 + self.grace):
                await _ask(process, model, limits)
                return await _answer(process, watch, model.variables)
        except TimeoutError:
            raise SolverDied("timeout") from None
        finally:
            await _end(process)


def surroundings() -> dict[str, str]:
    """The environment of the solver: nothing that opens a database or a seal."""
    ours = os.environ  # noqa: TID251 -- handed on, not read
    return {name: ours[name] for name in TOLD if name in ours}


async def _ask(process: Process, model: Model, limits: Limits) -> None:
    assert process.stdin is not None
    body = await asyncio.to_thread(json.dumps, {"model": to_json(model), "limits": asdict(limits)})
    try:
        process.stdin.write(body.encode() + b"\n")
        await process.stdin.drain()
    except (BrokenPipeError, ConnectionResetError):
        return  # it died at once; reading its answer says so


async def _answer(process: Process, watch: Watch, variables: int) -> Outcome:
    """Hears the lines out; `watch` is called for each progress, and while nothing is said."""
    while True:
        line = await _line(process, watch)
        if not line:
            raise SolverDied(await _how(process))
        said = _read(line, variables)
        if said is None:
            raise SolverMissing
        if isinstance(said, Outcome):
            return said
        await watch(said)


def _read(line: bytes, variables: int) -> Outcome | Progress | None:
    """What a line says; None: OR-Tools is missing. Raises SolverDied for what is no answer."""
    try:
        said: dict[str, Any] = json.loads(line)
        if "missing" in said:
            return None
        if "over" in said:
            raise SolverDied("memory")
        if "outcome" not in said:
            return Progress(**said["progress"])
        outcome = _outcome(said["outcome"])
        known = range(variables)
        if not all(index in known for index in outcome.true or ()):
            raise ValueError("a variable that is not in the model")
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise SolverDied("unreadable") from error
    return outcome


async def _line(process: Process, watch: Watch) -> bytes:
    assert process.stdout is not None
    while True:
        try:
            async with asyncio.timeout(LOOK_EVERY):
                return await process.stdout.readline()  # what it has read is kept when cancelled
        except TimeoutError:
            await watch(None)
        except ValueError:  # a line longer than any answer
            raise SolverDied("unreadable") from None


async def _how(process: Process) -> str:
    """Why it ended: the signal or the code, never its words, which may hold a traceback."""
    code = await process.wait()
    return signal.Signals(-code).name if code < 0 else f"code {code}"


async def _end(process: Process) -> None:
    if process.returncode is None:
        process.kill()
        await process.wait()


def _outcome(said: dict[str, Any]) -> Outcome:
    true = said.pop("true")
    short = tuple((index, missing) for index, missing in said.pop("short"))
    groups = tuple(said.pop("groups"))
    chosen = None if true is None else tuple(true)
    return Outcome(chosen, short=short, groups=groups, **said)
