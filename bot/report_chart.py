"""The monthly report of recruiting on one page (A4, landscape), to be shown to the director."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bot.drawing import Canvas
from services.recruiting_numbers import Counts, Metric, MonthReport, Share
from services.recruiting_table import ReportWords

DOTS = 200  # per inch
WIDTH, HEIGHT = 2339, 1654
MARGIN = 90
UNITS = 10  # that have a row of their own
MISSED = 4  # results that are named
INK, GREY, PALE, RULE = "#1c2b36", "#5b6b77", "#f3f6f8", "#d5dde2"
TEAL, TRACK, RED, GREEN = "#0f766e", "#dbe6e5", "#b42318", "#15803d"


def draw(report: MonthReport, words: ReportWords, fonts: Sequence[Path] = ()) -> bytes:
    """A PNG. `fonts` are files that are asked for rare characters. Raises Undrawable."""
    page = _Page(report, words, Canvas((WIDTH, HEIGHT), fonts))
    page.head()
    if report.empty:
        page.nothing()
    else:
        page.cards()
        page.units()
        page.missed()
        page.counts()
        page.reasons()
    page.foot()
    return page.canvas.png(DOTS)


class _Page:
    """Each part draws itself at its own place; baselines and boxes are in pixels."""

    def __init__(self, report: MonthReport, words: ReportWords, canvas: Canvas) -> None:
        self.report = report
        self.words = words
        self.canvas = canvas
        self.total = report.total

    def head(self) -> None:
        right, as_of = WIDTH - MARGIN, self.words.as_of(self.report)
        room = right - MARGIN - self.canvas.width(as_of, 30) - 40
        heading = self.words.heading(self.report.month)
        size = next((s for s in (58, 50, 42) if self._wide(heading, s) <= room), 36)
        heading = self.canvas.cut(heading, size, room, bold=True)
        self.canvas.text((MARGIN, 128), heading, size, bold=True, colour=INK)
        self.canvas.text((right, 126), as_of, 30, colour=GREY, align="right")
        self.canvas.box((MARGIN, 156, right, 162), TEAL)

    def _wide(self, text: str, size: int) -> float:
        return self.canvas.width(text, size, bold=True)

    def nothing(self) -> None:
        text = self.words.nothing(self.report.month)
        self.canvas.text((WIDTH / 2, HEIGHT / 2), text, 48, colour=GREY, align="middle")

    def cards(self) -> None:
        gap, height = 30, 214
        width = (WIDTH - 2 * MARGIN - 2 * gap) / 3
        for number, metric in enumerate(Metric):
            row, column = divmod(number, 3)
            left, top = MARGIN + column * (width + gap), 192 + row * (height + 24)
            self._card(metric, (left, top, left + width, top + height))

    def _card(self, metric: Metric, corners: tuple[float, float, float, float]) -> None:
        left, top, right, _ = corners
        share, inner = self.total.share(metric), left + 32
        self.canvas.box(corners, PALE, radius=16)
        self.canvas.text((inner, top + 52), self.words.metric(metric), 34, bold=True, colour=INK)
        room = right - 32 - inner - self._wide(self.words.metric(metric), 34) - 24
        note = self.words.note(metric, self.total)
        size = next((s for s in (28, 24) if self.canvas.width(note, s) <= room), 20)
        note = self.canvas.cut(note, size, room)
        self.canvas.text((right - 32, top + 52), note, size, colour=GREY, align="right")
        big, beside = self._figure(share)
        width = self.canvas.text((inner, top + 142), big, 78, bold=True, colour=TEAL)
        self.canvas.text((inner + width + 24, top + 142), beside, 38, colour=GREY)
        self._bar(share, inner, right - 32, top + 172)

    def _figure(self, share: Share) -> tuple[str, str]:
        if not share.whole:
            return "—", self.words.said["none"]
        counted = f"{share.part}/{share.whole}"
        if share.percent is None:
            return counted, self.words.said["few"]
        return f"{share.percent}%", counted

    def _bar(self, share: Share, left: float, right: float, top: float) -> None:
        """The share, and over it a thin line: the 95 % interval."""
        if share.percent is None or share.interval is None:
            return
        scale = (right - left) / 100
        self.canvas.box((left, top, right, top + 16), TRACK, radius=8)
        self.canvas.box((left, top, left + share.percent * scale, top + 16), TEAL, radius=8)
        low, high = (left + end * scale for end in share.interval)
        self.canvas.line((low, top + 8, high, top + 8), INK, 3)
        for end in (low, high):
            self.canvas.line((end, top, end, top + 16), INK, 3)

    def units(self) -> None:
        left, right, top = MARGIN, 1490, 716
        wide = (right - left - 250) / len(Metric)
        columns = [left + 250 + wide * (n + 1) - 12 for n in range(len(Metric))]
        head = self.words.words["columns"]["unit"]
        self.canvas.text((left, top), head, 28, bold=True, colour=INK)
        for x, metric in zip(columns, Metric, strict=True):
            label = self.words.metric(metric)
            self.canvas.text((x, top), label, 26, bold=True, colour=INK, align="right")
        self.canvas.line((left, top + 20, right, top + 20), INK, 3)
        rows = self._rows()
        step = min(68, 690 / len(rows))
        for number, (name, counts, bold) in enumerate(rows, start=1):
            y = top + 14 + (number - 0.25) * step
            self.canvas.line((left, y + step / 4, right, y + step / 4), RULE, 2)
            label = self.canvas.cut(name, 28, 240, bold=bold)
            self.canvas.text((left, y), label, 28, bold=bold, colour=INK)
            for x, metric in zip(columns, Metric, strict=True):
                self._cell((x, y), counts.share(metric), bold)

    def _rows(self) -> list[tuple[str, Counts, bool]]:
        units = self.report.units
        rows = [(self.words.unit(unit.name), unit.counts, False) for unit in units[:UNITS]]
        if rest := units[UNITS:]:
            label = self.words.said["rest"].format(count=len(rest))
            rows.append((label, sum((unit.counts for unit in rest), Counts()), False))
        if len(units) > 1:
            rows.append((self.words.said["total"], self.total, True))
        return rows

    def _cell(self, at: tuple[float, float], share: Share, bold: bool) -> None:
        """83% 20/24, ending at `at`; the counts alone where there are few."""
        x, y = at
        if share.percent is None:
            text = self.words.share(share)
            self.canvas.text((x, y), text, 24, colour=GREY, align="right")
            return
        counted = f" {share.part}/{share.whole}"
        x -= self.canvas.text((x, y), counted, 22, colour=GREY, align="right")
        percent = f"{share.percent}%"
        self.canvas.text((x, y), percent, 28, bold=bold, colour=INK, align="right")

    def missed(self) -> None:
        """Without names of candidates, whoever asked: a picture is passed on."""
        left, right, y = 1550, WIDTH - MARGIN, 716.0
        count = len(self.report.missed)
        heading = f"{self.words.said['missed']} {count}"
        colour = RED if count else INK
        self.canvas.text((left, y), heading, 30, bold=True, colour=colour)
        self.canvas.line((left, y + 20, right, y + 20), colour, 3)
        y += 62
        if not count:
            text = "".join(self.words.missed_or_none(self.report)) or self.words.said["none_due"]
            self.canvas.text((left, y), text, 28, colour=GREEN if text else GREY)
        nameless = [replace(one, who="") for one in self.report.missed]
        for line in self.words.missed_lines(nameless, MISSED):
            for part in self.canvas.lines(line, 24, right - left):
                self.canvas.text((left, y), part, 24, colour=INK)
                y += 34
            y += 8

    def counts(self) -> None:
        left, right, top = 1550, WIDTH - MARGIN, 1140
        heading = self.words.said["numbers"]
        self.canvas.text((left, top), heading, 30, bold=True, colour=INK)
        self.canvas.line((left, top + 20, right, top + 20), INK, 3)
        width = (right - left) / 2
        for number, (label, value) in enumerate(self.words.counted(self.total)):
            row, column = divmod(number, 2)
            x, y = left + column * width, top + 60 + row * 38
            self.canvas.text((x, y), label, 26, colour=GREY)
            end = (x + width - 40, y)
            self.canvas.text(end, str(value), 28, bold=True, colour=INK, align="right")

    def reasons(self) -> None:
        """Why candidates declined, each with how many of all who did."""
        left, right, y = 1550, WIDTH - MARGIN, 1404.0
        for line in self.words.reasons_line(self.total):
            for part in self.canvas.lines(line, 22, right - left)[:2]:
                self.canvas.text((left, y), part, 22, colour=INK)
                y += 32

    def foot(self) -> None:
        """How everything is counted; what the bars mean."""
        y, width = 1494, (WIDTH - 2 * MARGIN) / 2
        self.canvas.line((MARGIN, y - 34, WIDTH - MARGIN, y - 34), RULE, 2)
        for number, line in enumerate(self.words.definitions()):
            row, column = divmod(number, 2)
            text = self.canvas.cut(line, 23, width - 30)
            self.canvas.text((MARGIN + column * width, y + row * 34), text, 23, colour=GREY)
        legend = self.words.said["legend"] + self.words.small()
        self.canvas.text((MARGIN, y + 3 * 34 + 8), legend, 23, colour=GREY)
