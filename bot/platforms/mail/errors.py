"""What SMTP replies ask of us (RFC 5321 §4.2, enhanced codes of RFC 3463).

The stage decides as much as the number: 550 after RCPT is about the person, after MAIL about us.
`cure` names an entry of message_templates/zh_CN/mail/errors.toml.
"""

from __future__ import annotations

import re
from datetime import timedelta
from enum import StrEnum

from bot.channels import Failure, SendFailed
from bot.platforms.mail.words import words

GREYLIST_WAIT = timedelta(minutes=5)  # usual greylisting lets in after 1 to 5 minutes
_ENHANCED = re.compile(r"\s*([245])\.(\d{1,3})\.(\d{1,3})\b")
_RELAY = re.compile(r"relay|中继|转发", re.IGNORECASE)
_SIGN_IN = frozenset({530, 534, 535, 538})
_REASON_CHARS = 120
_ADDRESS = re.compile(r"[^\s<>@]{1,64}@[^\s<>@]{1,255}")


class Stage(StrEnum):
    """How far a call had come."""

    CONNECT = "connect"
    AUTH = "auth"
    SENDER = "sender"
    RECIPIENT = "recipient"
    DATA = "data"


def refused(stage: Stage, code: int, message: str) -> SendFailed:
    """The exception for a reply of the server. Its words go on without addresses in them."""
    failure, name = _verdict(stage, code, message)
    wait = GREYLIST_WAIT if failure is Failure.RETRY and code in (450, 451) else None
    reason = _ADDRESS.sub("***", f"{stage} {code}: {message}")[:_REASON_CHARS]
    return SendFailed(failure, code=code, reason=reason, cure=cure(name), wait=wait)


def unsure(reason: str) -> SendFailed:
    """The message went out whole or in part, and no answer came."""
    return SendFailed(Failure.UNKNOWN, reason=reason, cure=cure("unsure"))


def unreached(reason: str) -> SendFailed:
    """Nothing that could arrive was sent."""
    return SendFailed(Failure.RETRY, reason=reason, cure=cure("network"))


def no_tls(reason: str) -> SendFailed:
    return SendFailed(Failure.CONFIGURATION, reason=reason, cure=cure("tls"))


def malformed() -> SendFailed:
    return SendFailed(Failure.RECIPIENT, reason="not a mail address", cure=cure("malformed"))


def cure(name: str) -> str:
    return words("errors")[name]


def _verdict(stage: Stage, code: int, message: str) -> tuple[Failure, str]:
    if 400 <= code < 500:
        return Failure.RETRY, "busy"
    if code < 500:
        return Failure.RETRY, "unknown"
    if code in _SIGN_IN or stage is Stage.AUTH:
        return Failure.CONFIGURATION, "auth"
    enhanced = _ENHANCED.match(message)
    subject = (enhanced[2], enhanced[3]) if enhanced else ("", "")
    if stage is Stage.RECIPIENT:
        relay = _RELAY.search(message) is not None
        return (Failure.CONFIGURATION, "relay") if relay else (Failure.RECIPIENT, "address")
    if stage is Stage.DATA:
        # Some servers look for the mailbox only after the last dot.
        told = subject[0] == "2" or (
            subject[0] == "1" and subject[1] in {"1", "2", "3", "6", "10"}
        )
        return (Failure.RECIPIENT, "address") if told else (Failure.REQUEST, "content")
    if stage is Stage.SENDER:
        return Failure.CONFIGURATION, "sender"
    return Failure.CONFIGURATION, "unknown"
