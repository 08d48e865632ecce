"""Sealed answer links for cards whose buttons can only open addresses.

A link says who answers what to which card, so it is made for one person and must not be readable,
alterable or long-lived. It gives no more right than the tap it stands for: whose card it is, and
whether it is still open, is decided when it is used.
"""

from __future__ import annotations

import binascii
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from models import sealed
from models.clock import Clock

PLACE = "answer_link"
LIFE = timedelta(hours=72)  # no card is answered later
_TOKEN = re.compile(r"[0-9A-Za-z_\-]{1,40}\.[0-9A-Za-z_\-]{40,600}")


@dataclass(frozen=True, slots=True)
class LinkedAnswer:
    """What an opened link stands for: `user` is a platform's user id."""

    platform: str
    task_id: str
    verb: str
    user: str
    expires_at: datetime


class AnswerLinks:
    """`base_url` is the bot's own address as phones reach it. Seals with the installed keys."""

    def __init__(self, base_url: str, clock: Clock, *, platform: str = "dingtalk") -> None:
        self._base_url = base_url.rstrip("/")
        self._clock = clock
        self._platform = platform

    def url(self, task_id: str, verb: str, user: str) -> str:
        """The address of one button for one person."""
        until = int((self._clock.now() + LIFE).timestamp())
        said = json.dumps([self._platform, task_id, verb, user, until], separators=(",", ":"))
        return f"{self._base_url}/a/{_shortened(sealed.ring().seal(PLACE, said))}"

    def open(self, token: str) -> LinkedAnswer | None:
        """What a token stands for; None when it is altered, foreign or too old."""
        if not _TOKEN.fullmatch(token):
            return None
        try:
            platform, task_id, verb, user, until = json.loads(
                sealed.open_sealed(PLACE, _lengthened(token))
            )
            answer = LinkedAnswer(
                platform, task_id, verb, user, datetime.fromtimestamp(until, UTC)
            )
        except (sealed.SealError, ValueError, TypeError, OverflowError, binascii.Error):
            return None
        return answer if self._clock.now() < answer.expires_at else None


def _shortened(value: str) -> str:
    """A sealed value as one part of a path."""
    key_id, _, body = value.partition(":")
    return f"{key_id}.{body.rstrip('=')}"


def _lengthened(token: str) -> str:
    key_id, _, body = token.partition(".")
    return f"{key_id}:{body}{'=' * (-len(body) % 4)}"
