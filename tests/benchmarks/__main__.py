"""`make bench`: every measurement, one table, and the page in docs."""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import uvloop
from rich.console import Console

from tests.benchmarks import (
    call_outs,
    callbacks,
    crash,
    deliveries,
    drafting,
    licences,
    planning,
    punctuality,
    report,
)
from tests.benchmarks.machine import ROOT, Machine, machine
from tests.benchmarks.report import Line

console = Console()
PAGE = ROOT / "docs/benchmarks.md"


async def _callbacks(on: Machine) -> list[Line]:
    lines, sizes = await callbacks.measure(on)
    return [
        *lines,
        Line(
            "(e) resident memory serving, idle / after (a)",
            f"{sizes.idle:.0f} / {sizes.loaded:.0f} MB",
            f"{sizes.bare:.0f} MB bare handler after (a)",
        ),
    ]


async def _deliveries(on: Machine) -> list[Line]:
    lines, size = await deliveries.measure(on)
    return [*lines, Line("(e) resident memory of the worker after (b)", f"{size:.0f} MB")]


async def _punctuality(on: Machine) -> list[Line]:
    lines, size = await punctuality.measure(on)
    return [*lines, Line("(e) resident memory of the worker after (d)", f"{size:.0f} MB")]


PARTS: dict[str, Callable[[Machine], Awaitable[list[Line]]]] = {
    "a": _callbacks,
    "b": _deliveries,
    "c": planning.measure,
    "d": _punctuality,
    "f": crash.measure,
    "g": call_outs.measure,
    "r": drafting.measure,
    "h": licences.measure,
}


async def main(wanted: list[str]) -> None:
    started = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="wb-"))
    lines: list[Line] = []
    try:
        async with machine(folder) as on:
            for name, measure in PARTS.items():
                if not wanted or name in wanted:
                    console.print(f"measuring ({name}) …")
                    lines += await measure(on)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    report.show(lines, console)
    if not wanted:
        report.write(lines, time.monotonic() - started, PAGE)
        console.print(f"written to {PAGE.relative_to(ROOT)}")


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1:]))
