"""The table, on the screen and in docs/benchmarks.md."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

HEADINGS = ("", "measured", "baseline (same run)", "aim", "verdict")


@dataclass(frozen=True, slots=True)
class Line:
    """One figure. `met` is None where there is no aim."""

    name: str
    measured: str
    baseline: str = ""
    aim: str = ""
    met: bool | None = None

    @property
    def verdict(self) -> str:
        return "" if self.met is None else ("met" if self.met else "missed")

    @property
    def cells(self) -> tuple[str, ...]:
        return self.name, self.measured, self.baseline, self.aim, self.verdict


def show(lines: Sequence[Line], console: Console) -> None:
    table = Table(*HEADINGS, title="Wardbell: speed and memory")
    colours = {True: "green", False: "red", None: ""}
    for line in lines:
        table.add_row(*line.cells, style=colours[line.met])
    console.print(table)


def machine() -> str:
    return f"{os.cpu_count()} cores ({platform.machine()}), Python {platform.python_version()}"


def write(lines: Sequence[Line], seconds: float, path: Path) -> None:
    """The table between the page's own words, which stay as they are."""
    table = ["| " + " | ".join(cells) + " |" for cells in (HEADINGS, *(x.cells for x in lines))]
    table.insert(1, "|" + " --- |" * len(HEADINGS))
    note = (
        f"Measured by `make bench` in {seconds:.0f} s on {machine()}; the load generator, the "
        "platform stub, PostgreSQL and the bot share these cores."
    )
    begin, end = "<!-- table -->", "<!-- /table -->"
    text = path.read_text("utf-8")
    head, _, rest = text.partition(begin)
    _, _, tail = rest.partition(end)
    path.write_text(f"{head}{begin}\n{note}\n\n" + "\n".join(table) + f"\n{end}{tail}", "utf-8")
