"""One appointment as an iCalendar object (RFC 5545) that a mail can carry.

METHOD is PUBLISH and not REQUEST: a REQUEST makes mail programs show 接受 and 拒绝, which answer
the organiser by mail (RFC 5546 §3.2.3), and nobody reads mail here. A candidate who pressed one
would believe to have answered. With PUBLISH the appointment can only be kept; the answer goes
over the link in the mail. A change has the same UID and a higher SEQUENCE; a cancellation is a
CANCEL of that UID.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from models.clock import SHANGHAI

OCTETS = 75  # of one line, without its break (RFC 5545 §3.1)
_BREAKS = re.compile(r"\r\n?|[\n\x0b\x0c\x85\u2028\u2029]")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff]")
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,255}")
# China kept no summer time since 1991, so that one standard offset describes all that may come.
_ZONE = (
    "BEGIN:VTIMEZONE",
    "TZID:Asia/Shanghai",
    "BEGIN:STANDARD",
    "DTSTART:19700101T000000",
    "TZOFFSETFROM:+0800",
    "TZOFFSETTO:+0800",
    "TZNAME:CST",
    "END:STANDARD",
    "END:VTIMEZONE",
)


class Method(StrEnum):
    PUBLISH = "PUBLISH"
    CANCEL = "CANCEL"


@dataclass(frozen=True, slots=True)
class Calendar:
    """A finished object; `method` must stand in the mail's Content-Type too (RFC 6047 §2.4)."""

    text: str
    method: Method


@dataclass(frozen=True, slots=True)
class Appointment:
    """`id` is ours, opaque and stable; `domain` the mail domain. Times are aware.

    `sequence` counts changes from 0. `organizer` is the hospital's mail address, which RFC 5546
    asks for; nothing names the person who is invited.
    """

    id: str
    domain: str
    organizer: str
    starts_at: datetime
    lasts: timedelta
    summary: str
    location: str = ""
    description: str = ""
    sequence: int = 0

    def __post_init__(self) -> None:
        if self.starts_at.tzinfo is None:
            raise ValueError("an appointment needs an aware start")
        if self.lasts <= timedelta() or self.sequence < 0:
            raise ValueError("an appointment lasts some time and its changes count from 0")
        if not _ADDRESS.fullmatch(self.organizer) or not _ADDRESS.fullmatch(f"x@{self.domain}"):
            raise ValueError("organizer and domain must be a plain mail address and its domain")

    @property
    def uid(self) -> str:
        """A hash: an id of ours leaves the house in no other form."""
        digest = hashlib.sha256(f"appointment\0{self.id}".encode()).hexdigest()[:32]
        return f"{digest}@{self.domain}"


def published(appointment: Appointment, now: datetime) -> Calendar:
    """The appointment as it stands; also for changes, with a higher `sequence`."""
    return _calendar(appointment, Method.PUBLISH, "CONFIRMED", now)


def cancelled(appointment: Appointment, now: datetime) -> Calendar:
    """It does not take place; `sequence` must be higher than the last one sent."""
    return _calendar(appointment, Method.CANCEL, "CANCELLED", now)


def _calendar(what: Appointment, method: Method, status: str, now: datetime) -> Calendar:
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Wardbell//Wardbell//ZH",
        "CALSCALE:GREGORIAN",
        f"METHOD:{method}",
        *_ZONE,
        "BEGIN:VEVENT",
        f"UID:{what.uid}",
        f"DTSTAMP:{now.astimezone(UTC):%Y%m%dT%H%M%SZ}",
        f"SEQUENCE:{what.sequence}",
        f"DTSTART;TZID=Asia/Shanghai:{_local(what.starts_at)}",
        f"DTEND;TZID=Asia/Shanghai:{_local(what.starts_at + what.lasts)}",
        f"SUMMARY:{_text(what.summary)}",
        *([f"LOCATION:{_text(what.location)}"] if what.location else []),
        *([f"DESCRIPTION:{_text(what.description)}"] if what.description else []),
        f"ORGANIZER:mailto:{what.organizer}",
        f"STATUS:{status}",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return Calendar("".join(f"{folded(line)}\r\n" for line in lines), method)


def folded(line: str) -> str:
    """A long line as several of at most 75 octets; never within a character."""
    parts, room, part = [], OCTETS, ""
    for character in line:
        size = len(character.encode())
        if size > room:
            parts.append(part)
            part, room = "", OCTETS - 1  # the blank in front counts
        part += character
        room -= size
    return "\r\n ".join([*parts, part])


def _local(moment: datetime) -> str:
    return f"{moment.astimezone(SHANGHAI):%Y%m%dT%H%M%S}"


def _text(value: str) -> str:
    """A TEXT value (RFC 5545 §3.3.11): no line of its own, no control character."""
    value = _CONTROL.sub("", _BREAKS.sub("\n", value))
    for mark in ("\\", ";", ","):
        value = value.replace(mark, f"\\{mark}")
    return value.replace("\n", "\\n")
