"""The solver's own process: a model on stdin, lines of JSON on stdout.

`python -m bot.rostering.worker` reads one line {"model", "limits"}; it writes {"progress": …} for
each better solution and at the end {"outcome": …}, {"missing": true} without OR-Tools, or
{"over": "memory"}. Who asks keeps stdin open: when it closes, they are gone, and so is this
process.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from services.rostering.model import Limits, Progress, from_json

HEAD_ROOM = 2  # address space is more than memory: threads' stacks, mapped libraries
CPU_SPARE = 600  # seconds for each thread beyond the three searches: building, explaining


Work = Callable[[dict[str, Any], Limits], None]


def main(work: Work | None = None) -> None:
    """`work` is what is done with the model; tests do something else with it."""
    asked = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_who_asks, daemon=True).start()
    limits = Limits(**asked["limits"])
    confine(limits)
    try:
        (work or _solve)(asked["model"], limits)
    except MemoryError:
        asked.clear()  # room for the last words
        say({"over": "memory"})


def confine(limits: Limits) -> None:
    """Only so much memory and processor time, and no dump that would hold people's names."""
    room = limits.memory * HEAD_ROOM * 2**20
    spent = round((limits.seconds * 3 + CPU_SPARE) * limits.workers)
    for what, most in (
        (resource.RLIMIT_AS, room),
        (resource.RLIMIT_CPU, spent),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))


def _solve(model: dict[str, Any], limits: Limits) -> None:
    try:
        from bot.rostering.solver import solve
    except ModuleNotFoundError:
        say({"missing": True})
        return
    say({"outcome": asdict(solve(from_json(model), limits, progress))})


def _end_with_who_asks() -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    os._exit(1)


def progress(found: Progress) -> None:
    say({"progress": asdict(found)})


def say(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
