"""The monthly report in words: cells, lines for a chat, rows for a spreadsheet, facts for JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from message_templates.environment import clock_time, day
from models.clock import SHANGHAI
from services.decline_reasons import DeclineReason
from services.recruiting_numbers import (
    SMALL,
    Counts,
    Fate,
    Metric,
    Missed,
    Month,
    MonthReport,
    Share,
    UnitCounts,
)
from services.sheets.cells import CellValue

REPORT_WORDS = "recruiting/report"  # their file
LINES_NAMED = 5  # units, and missed results, that a chat message names; the rest is counted
_IN_CHAT = (Metric.SHOWN, Metric.ON_TIME)  # what is said of each unit there


class ReportWords:
    """`words` are recruiting/report.toml; `hospital` is how the hospital calls itself."""

    def __init__(self, words: Mapping[str, Any], hospital: str) -> None:
        self.words = words
        self.said: Mapping[str, str] = words["said"]
        self.hospital = hospital

    def heading(self, month: Month) -> str:
        text = self.said["heading"]
        return text.format(hospital=self.hospital, year=month.year, month=month.month)

    def as_of(self, report: MonthReport) -> str:
        unfinished = report.as_of < report.month.after.begins
        text = self.said["running" if unfinished else "as_of"]
        return text.format(day=day(report.as_of), time=clock_time(report.as_of))

    def nothing(self, month: Month) -> str:
        return self.said["nothing"].format(year=month.year, month=month.month)

    def small(self) -> str:
        return self.said["small"].format(small=SMALL)

    def metric(self, metric: Metric) -> str:
        return str(self.words["metrics"][metric])

    def definitions(self) -> list[str]:
        """One line a metric: how it is counted."""
        known = self.words["definitions"]
        return [self._line(metric, known[metric]) for metric in Metric]

    def share(self, share: Share) -> str:
        """85%(17/20); 3/4 where a percentage would say too much; 无 where there is nothing."""
        if not share.whole:
            return self.said["none"]
        counted = f"{share.part}/{share.whole}"
        return counted if share.percent is None else f"{share.percent}%({counted})"

    def note(self, metric: Metric, counts: Counts) -> str:
        """未到1，未记录2: what the share does not say; zeros are left out."""
        known: Mapping[str, str] = self.words["notes"][metric]
        values = {key: getattr(counts, key) for key in known}
        shown = {key: value for key, value in values.items() if value}
        return "，".join(
            known[key].format(n=self.duration(value) if key == "answer_median" else value)
            for key, value in shown.items()
        )

    def duration(self, minutes: int) -> str:
        """45分钟, 3.5小时."""
        if minutes < 60:
            return self.said["minutes"].format(minutes=minutes)
        return self.said["hours"].format(hours=f"{minutes / 60:.1f}".removesuffix(".0"))

    def beside(self, counts: Counts) -> list[str]:
        """到场率：未到1，未记录2 for every share that leaves something out."""
        notes = {metric: self.note(metric, counts) for metric in Metric}
        return [self._line(metric, note) for metric, note in notes.items() if note]

    def unit(self, name: str) -> str:
        return name or self.said["no_unit"]

    def missed(self, one: Missed) -> str:
        """应聘12 李**(急诊科)，应在11月25日(周三)17:30前，逾期，还没有发."""
        fate = self.words["fates"][one.fate]
        if one.fate is Fate.LATE and one.told_at is not None:
            fate = fate.format(day=moment(one.told_at))
        if one.provisional:
            fate += self.said["provisional"]
        return self.said["named" if one.who else "one_missed"].format(
            id=one.application_id,
            who=one.who,
            unit=self.unit(one.unit),
            due=moment(one.due),
            fate=fate,
        )

    def missed_lines(self, missed: Sequence[Missed], limit: int | None = None) -> list[str]:
        """A line each, at most `limit`, and how many more there are."""
        shown = missed if limit is None else missed[:limit]
        lines = [self.missed(one) for one in shown]
        if more := len(missed) - len(shown):
            lines.append(self.said["more"].format(count=more))
        return lines

    def missed_or_none(self, report: MonthReport, limit: int | None = None) -> list[str]:
        """The missed results under their heading, or one line that there are none."""
        if report.missed:
            return [f"{self.said['missed']}：", *self.missed_lines(report.missed, limit)]
        return [self.said["all_in_time"]] if report.total.results_due else []

    def counted(self, counts: Counts) -> list[tuple[str, int]]:
        """发出邀约 12 …: what happened, as plain numbers."""
        return [(label, getattr(counts, key)) for key, label in self.words["counts"].items()]

    def reasons(self, counts: Counts) -> list[tuple[str, Share]]:
        """Why candidates declined, each of all who did; zeros are left out."""
        shown = [(str(self.words["reasons"][each]), counts.reason(each)) for each in DeclineReason]
        shown.append((str(self.words["reasons"]["unstated"]), counts.reason(None)))
        return [(label, share) for label, share in shown if share.part]

    def reasons_line(self, counts: Counts) -> list[str]:
        """谢绝原因：已入职别处3/7，未说明4/7; [] when nobody declined."""
        found = [f"{label}{self.share(share)}" for label, share in self.reasons(counts)]
        line = self.said["line"]
        return [line.format(metric=self.said["reasons"], share="，".join(found))] if found else []

    def reason_table(self, report: MonthReport) -> list[list[str]]:
        """Head, and one row a unit with a column a reason; [] when nobody declined."""
        if not report.total.declined:
            return []
        labels = [str(self.words["reasons"][each]) for each in (*DeclineReason, "unstated")]
        rows = [
            (self.unit(unit.name), unit.counts) for unit in report.units if unit.counts.declined
        ]
        if len(rows) > 1:
            rows.append((self.said["total"], report.total))
        return [
            [self.said["reasons"], *labels],
            *([name, *map(self.share, _all_reasons(counts))] for name, counts in rows),
        ]

    def table(self, report: MonthReport) -> list[list[str]]:
        """Head, one row a unit, and the total when there is more than one unit."""
        head = [self.words["columns"]["unit"], *map(self.metric, Metric)]
        rows = [self._row(self.unit(unit.name), unit.counts) for unit in report.units]
        if len(rows) > 1:
            rows.append(self._row(self.said["total"], report.total))
        return [head, *rows]

    def lines(self, report: MonthReport) -> list[str]:
        """For a chat: the whole month, then the units in brief, then what was missed."""
        if report.empty:
            return [self.heading(report.month), self.nothing(report.month)]
        return [
            self.heading(report.month),
            self.as_of(report),
            *(self._whole(metric, report.total) for metric in Metric),
            *self._units(report),
            *self.reasons_line(report.total),
            *self.missed_or_none(report, LINES_NAMED),
            self.said["short"],
            self.small(),
        ]

    def export(self, report: MonthReport) -> Iterator[list[CellValue]]:
        """One row a number, so that a spreadsheet can pivot it; definitions come last."""
        columns = self.words["columns"]
        yield list(columns.values())
        for unit in (*report.units, UnitCounts(self.said["total"], report.total)):
            yield from self._numbers(report.month, self.unit(unit.name), unit.counts)
        for one in report.missed:
            named = [str(report.month), self.unit(one.unit), self.said["missed"]]
            yield [*named, "", "", "", "", "", self.missed(one)]
        for line in (self.as_of(report), self.small(), *self.definitions()):
            yield [str(report.month), "", self.said["definitions"], "", "", "", "", "", line]

    def facts(self, report: MonthReport) -> dict[str, Any]:
        """For JSON: everything counted, with numerator and denominator of each share."""
        return {
            "month": str(report.month),
            "as_of": _iso(report.as_of),
            "total": self._facts(report.total),
            "units": [{"unit": unit.name, **self._facts(unit.counts)} for unit in report.units],
            "missed": [self._missed_facts(one) for one in report.missed],
            "definitions": dict(self.words["definitions"]),
            "small": SMALL,
        }

    def _row(self, name: str, counts: Counts) -> list[str]:
        return [name, *(self.share(counts.share(metric)) for metric in Metric)]

    def _line(self, metric: Metric, text: str) -> str:
        return self.said["line"].format(metric=self.metric(metric), share=text)

    def _whole(self, metric: Metric, counts: Counts) -> str:
        line = self._line(metric, self.share(counts.share(metric)))
        note = self.note(metric, counts)
        return f"{line}，{note}" if note else line

    def _units(self, report: MonthReport) -> Iterator[str]:
        if len(report.units) < 2:
            return
        for unit in report.units[:LINES_NAMED]:
            shares = "，".join(
                f"{self.metric(metric)}{self.share(unit.counts.share(metric))}"
                for metric in _IN_CHAT
            )
            yield self.said["unit_line"].format(unit=self.unit(unit.name), shares=shares)
        if len(report.units) > LINES_NAMED:
            yield self.said["rest"].format(count=len(report.units) - LINES_NAMED)

    def _numbers(self, month: Month, unit: str, counts: Counts) -> Iterator[list[CellValue]]:
        for metric in Metric:
            share = counts.share(metric)
            low, high = share.interval or ("", "")
            percent: CellValue = "" if share.percent is None else share.percent
            numbers: list[CellValue] = [share.part, share.whole, percent, low, high]
            yield [str(month), unit, self.metric(metric), *numbers, self.note(metric, counts)]
        for label, share in self.reasons(counts):
            low, high = share.interval or ("", "")
            percent = "" if share.percent is None else share.percent
            name = self.said["line"].format(metric=self.said["reasons"], share=label)
            yield [str(month), unit, name, share.part, share.whole, percent, low, high, ""]
        for label, number in self.counted(counts):
            yield [str(month), unit, label, number, "", "", "", "", ""]

    def _facts(self, counts: Counts) -> dict[str, Any]:
        shares = {}
        for metric in Metric:
            shares[metric.value] = _share_facts(counts.share(metric))
        reasons = {each.value: _share_facts(counts.reason(each)) for each in DeclineReason}
        reasons["unstated"] = _share_facts(counts.reason(None))
        plain = asdict(counts)
        del plain["answer_minutes"]
        more = {"unrecorded": counts.unrecorded, "answer_median_minutes": counts.answer_median}
        return {"shares": shares, "decline_reasons": reasons, "counts": plain | more}

    def _missed_facts(self, one: Missed) -> dict[str, Any]:
        return {
            "application_id": one.application_id,
            "unit": one.unit,
            "due": _iso(one.due),
            "provisional": one.provisional,
            "fate": one.fate.value,
            "told_at": _iso(one.told_at) if one.told_at else None,
            **({"who": one.who} if one.who else {}),
        }


def _all_reasons(counts: Counts) -> list[Share]:
    return [*(counts.reason(each) for each in DeclineReason), counts.reason(None)]


def _share_facts(share: Share) -> dict[str, Any]:
    return {
        "numerator": share.part,
        "denominator": share.whole,
        "percent": share.percent,
        "interval": share.interval,
    }


def moment(instant: datetime) -> str:
    """11月25日(周三)17:30."""
    return f"{day(instant)}{clock_time(instant)}"


def _iso(instant: datetime) -> str:
    return instant.astimezone(SHANGHAI).isoformat(timespec="minutes")
