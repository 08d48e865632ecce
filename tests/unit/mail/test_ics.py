"""Appointments as another implementation reads them, and the rules of the lines."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.platforms.mail.ics import Appointment, cancelled, folded, published
from models.clock import SHANGHAI

NOW = datetime(2026, 12, 1, 1, 2, 3, tzinfo=UTC)
INTERVIEW = Appointment(
    id="interview-7",
    domain="hospital.example",
    organizer="hr@hospital.example",
    starts_at=datetime(2026, 12, 3, 2, 0, tzinfo=UTC),
    lasts=timedelta(minutes=30),
    summary="面试：护士，重症医学科",
    location="江城示范医院行政楼三楼, 301; 左手边",
    description="请带：身份证、执业证书\n带 \\ 原件" + "，证件齐全" * 30,
)


def read(text: str) -> tuple[icalendar.Calendar, icalendar.Event]:
    calendar = icalendar.Calendar.from_ical(text)
    assert isinstance(calendar, icalendar.Calendar)
    (event,) = [e for e in calendar.walk("VEVENT") if isinstance(e, icalendar.Event)]
    return calendar, event


def test_the_appointment_reads_back_as_it_was_meant() -> None:
    made = published(INTERVIEW, NOW)
    calendar, event = read(made.text)
    assert (calendar["METHOD"], made.method) == ("PUBLISH", "PUBLISH")
    assert (event["SEQUENCE"], event["STATUS"]) == (0, "CONFIRMED")
    start = event.decoded("DTSTART")
    assert start == datetime(2026, 12, 3, 10, 0, tzinfo=SHANGHAI)
    assert event["DTSTART"].params["TZID"] == "Asia/Shanghai"
    assert event.decoded("DTEND") - start == timedelta(minutes=30)
    assert event.decoded("DTSTAMP") == NOW
    assert str(event["SUMMARY"]) == INTERVIEW.summary
    assert str(event["LOCATION"]) == INTERVIEW.location
    assert str(event["DESCRIPTION"]) == INTERVIEW.description
    (zone,) = calendar.walk("VTIMEZONE")
    assert zone["TZID"] == "Asia/Shanghai"
    assert calendar.errors == event.errors == []


def test_a_change_keeps_the_uid_and_a_cancellation_too() -> None:
    _, first = read(published(INTERVIEW, NOW).text)
    later = replace(INTERVIEW, starts_at=INTERVIEW.starts_at + timedelta(days=1), sequence=1)
    _, moved = read(published(later, NOW).text)
    gone, event = read(cancelled(replace(later, sequence=2), NOW).text)
    assert first["UID"] == moved["UID"] == event["UID"]
    assert [e["SEQUENCE"] for e in (first, moved, event)] == [0, 1, 2]
    assert (gone["METHOD"], event["STATUS"]) == ("CANCEL", "CANCELLED")
    assert "interview-7" not in published(INTERVIEW, NOW).text
    assert read(published(replace(INTERVIEW, id="8"), NOW).text)[1]["UID"] != first["UID"]


@given(st.text(max_size=300))
def test_no_text_can_add_a_line_and_no_line_is_too_long(words: str) -> None:
    hostile = replace(INTERVIEW, summary=words, description=f"{words}\r\nEND:VEVENT\r\nX:1")
    text = published(hostile, NOW).text
    lines = text.split("\r\n")
    assert all(len(line.encode()) <= 75 for line in lines)
    names = [
        line.partition(":")[0].partition(";")[0] for line in lines if line[:1] not in (" ", "")
    ]
    assert names.count("END") == 4
    assert "X" not in names
    assert text.replace("\r\n", "").isprintable() or "\x00" not in text
    read(text)


def test_a_line_is_folded_between_characters() -> None:
    line = "SUMMARY:" + "护" * 100
    parts = folded(line).split("\r\n")
    assert "".join([parts[0], *(p[1:] for p in parts[1:])]) == line
    assert [len(p.encode()) <= 75 for p in parts] == [True] * len(parts)
    assert folded("A" * 75) == "A" * 75
    assert folded("A" * 76) == "A" * 75 + "\r\n A"


@pytest.mark.parametrize(
    "wrong",
    [
        {"starts_at": datetime(2026, 12, 3, 10, 0)},  # noqa: DTZ001
        {"lasts": timedelta()},
        {"sequence": -1},
        {"organizer": "hr@hospital.example\r\nX:1"},
        {"domain": "a b"},
    ],
)
def test_what_makes_no_appointment_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"appointment|organizer"):
        replace(INTERVIEW, **wrong)  # type: ignore[arg-type]
