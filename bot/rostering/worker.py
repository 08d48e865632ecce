"""The solver's own process: a model on stdin, lines of JSON on stdout.

`python -m bot.rostering.worker` reads one line {"model", "limits"}; it writes {"progress": …} for
each better solution and at the end {"outcome": …}, or {"missing": true} without OR-Tools. Who asks
keeps stdin open: when it closes, they are gone, and so is this process.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import threading
from dataclasses import asdict
from typing import Any

from services.rostering.model import Limits, Progress, from_json

HEAD_ROOM = 2  # address space is more than memory: threads' stacks, mapped libraries


def main() -> None:
    asked = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_who_asks, daemon=True).start()
    limits = Limits(**asked["limits"])
    bytes_ = limits.memory * HEAD_ROOM * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (bytes_, bytes_))
    try:
        from bot.rostering.solver import solve
    except ImportError:
        say({"missing": True})
        return
    outcome = solve(from_json(asked["model"]), limits, progress)
    say({"outcome": asdict(outcome)})


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
