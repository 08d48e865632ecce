"""Reports for the office: as a table, and on request as PNG, CSV or JSON."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.cells import cell_len

from bot import report_chart
from bot.cli import files
from bot.cli.data import NothingApplied, person, services, unit_of
from bot.drawing import Undrawable
from config.settings import Settings
from message_templates.catalogue import Catalogue
from models.clock import SystemClock
from services import recruiting_report
from services.recruiting_access import require_recruiting
from services.recruiting_numbers import Month, MonthReport, NoSuchMonth
from services.recruiting_table import REPORT_WORDS, ReportWords
from services.sheets.export import write_csv

reports = typer.Typer(no_args_is_help=True, help="Monthly reports.")


def add_to(app: typer.Typer) -> None:
    app.add_typer(reports, name="report")


@reports.callback()
def _group() -> None:
    """Keeps `recruiting` a command of its own while it is the only one."""


@reports.command("recruiting")
def recruiting(
    month: Annotated[str, typer.Option(help="2026-11; without, last month")] = "",
    unit: Annotated[str, typer.Option(help="只看一个科室：科室名")] = "",
    png: Annotated[Path | None, typer.Option(help="one page to show, without names")] = None,
    csv: Annotated[Path | None, typer.Option(help="one row a number, for Excel")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON and nothing else")] = False,
    by: Annotated[str, typer.Option(help="以谁的名义：工号；人事人员可见候选人的姓")] = "",
    font: Annotated[
        Path | None, typer.Option(help="a font for rare characters in the PNG", exists=True)
    ] = None,
) -> None:
    """Show a month's show rate, results in time, ratings …, each with its numbers."""
    asyncio.run(_recruiting(month, unit, by, _Files(png, csv, font), as_json))


class _Files:
    """Where to write what was asked for."""

    def __init__(self, png: Path | None, csv: Path | None, font: Path | None) -> None:
        self.png = png
        self.csv = csv
        self.fonts = [font] if font else []

    def write(self, report: MonthReport, words: ReportWords) -> Iterator[Path]:
        """Raises NothingApplied: a character no font has, or a file that cannot be written."""
        for file, made in ((self.csv, self._csv), (self.png, self._png)):
            if file is None:
                continue
            try:
                files.write(file, made(report, words))
            except (OSError, Undrawable) as error:
                raise NothingApplied(f"没有写出 {file}：{error}") from error
            yield file

    def _csv(self, report: MonthReport, words: ReportWords) -> bytes:
        return write_csv(words.export(report))

    def _png(self, report: MonthReport, words: ReportWords) -> bytes:
        return report_chart.draw(report, words, self.fonts)


async def _recruiting(month: str, unit: str, by: str, files: _Files, as_json: bool) -> None:
    async with services() as (settings, _):
        now = SystemClock().now()
        unit_id = await unit_of(unit) if unit else None
        names = bool(by)
        if names:
            await require_recruiting(await person(by))
        asked = _month(month) if month else Month.of(now).before
        report = await recruiting_report.count(asked, now, unit_id=unit_id, names=names)
        words = _words(settings)
    if as_json:
        typer.echo(json.dumps(words.facts(report), ensure_ascii=False, indent=2))
    else:
        typer.echo("\n".join(_shown(report, words)))
    for file in files.write(report, words):
        typer.echo(f"已写入 {file}", err=as_json)


def _words(settings: Settings) -> ReportWords:
    own = [settings.templates_dir] if settings.templates_dir else []
    return ReportWords(Catalogue(*own).words(REPORT_WORDS), settings.hospital)


def _month(text: str) -> Month:
    try:
        return Month.read(text)
    except NoSuchMonth:
        raise NothingApplied(f"--month 要写成 2026-11 这样的月份，不是“{text}”。") from None


def _shown(report: MonthReport, words: ReportWords) -> Iterator[str]:
    yield words.heading(report.month)
    if report.empty:
        yield words.nothing(report.month)
        return
    yield words.as_of(report)
    yield ""
    yield from aligned(words.table(report))
    yield ""
    yield "，".join(f"{label}{number}" for label, number in words.counted(report.total))
    yield from words.beside(report.total)
    if reasons := words.reason_table(report):
        yield ""
        yield from aligned(reasons)
    yield ""
    yield from words.missed_or_none(report)
    yield ""
    yield from words.definitions()
    yield words.small()


def aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """The first column to the left, the others to the right; a Chinese character is two wide."""
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        first, *others = zip(row, widths, strict=True)
        cells = [first[0] + " " * (first[1] - cell_len(first[0]))]
        cells += [" " * (width - cell_len(text)) + text for text, width in others]
        yield "  ".join(cells).rstrip()
