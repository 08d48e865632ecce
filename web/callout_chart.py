"""How the number of those who come rose, as the points of a line in a 600 × 120 picture."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.console.callouts import Board

WIDTH, HEIGHT = 600, 120
FINEST = 200  # steps drawn; more cannot be seen


@dataclass(frozen=True, slots=True)
class Chart:
    """`line` are the points of what was, `now` how far the clock is; `needed` a height."""

    line: str
    area: str
    needed: float
    now: float
    begins: datetime
    ends: datetime


def rise(board: Board, now: datetime) -> Chart | None:
    """From the launch to the wanted time; None before the first yes."""
    begins, ends = board.row["launched_at"], board.row["report_at"]
    if not board.rise:
        return None
    ends = max(ends, board.rise[-1])
    whole = max((ends - begins).total_seconds(), 1.0)
    top = max(board.row["needed"], len(board.rise)) * 1.1
    until = min(board.row["closed_at"] or now, ends)
    step = len(board.rise) // FINEST + 1
    points = [(0.0, float(HEIGHT))]
    height = float(HEIGHT)
    for number, at in enumerate(board.rise, start=1):
        if number % step and number != len(board.rise):
            continue
        x = _across((at - begins).total_seconds(), whole)
        points.append((x, height))
        height = HEIGHT * (1 - number / top)
        points.append((x, height))
    here = _across((until - begins).total_seconds(), whole)
    points.append((max(here, points[-1][0]), height))
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    area = f"{line} {points[-1][0]:.1f},{HEIGHT} 0,{HEIGHT}"
    return Chart(line, area, HEIGHT * (1 - board.row["needed"] / top), here, begins, ends)


def _across(seconds: float, whole: float) -> float:
    return min(max(seconds / whole, 0.0), 1.0) * WIDTH
