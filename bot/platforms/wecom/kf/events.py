"""What was pulled from customer service, before anybody knows whose it is: neutral values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.channels import Failure


@dataclass(frozen=True, slots=True, kw_only=True)
class KfEvent:
    """One entry. `msgid` is the same however often it is pulled; `user` is the external_userid.

    `at` is the platform's instant, in UTC, to the second. `user` is empty where nobody acted.
    """

    msgid: str
    open_kfid: str
    user: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class KfSaid(KfEvent):
    """The candidate's words; with `menu_id` a tapped entry, whose words `text` then holds.

    Old menus stay tappable for ever: what a tap may still do is decided by the state of things.
    """

    text: str
    menu_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class KfMediaSent(KfEvent):
    """A picture, voice, video or file; `media_id` can be fetched for three days."""

    kind: str
    media_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KfEntered(KfEvent):
    """The chat was opened by a link.

    `scene_param` is whatever the link carried: anybody can write it, so only a sealed value proves
    anything. `welcome_code` answers once, within 20 s.
    """

    scene: str
    scene_param: str
    welcome_code: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class KfSendFailed(KfEvent):
    """A message with our id `fail_msgid` did not arrive, although its call was accepted."""

    fail_msgid: str
    fail_type: int
    failure: Failure
    cure: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KfRecalled(KfEvent):
    """The candidate took words back."""

    recalled_msgid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KfSessionChanged(KfEvent):
    """A colleague did something in the WeCom client.

    `change`: 1 taken from the pool, 2 handed over, 3 ended, 4 taken up again. `msg_code` answers
    once (1: 48 h, text; 3: 20 s, text or menu).
    """

    change: int
    servicer: str
    msg_code: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class KfOther(KfEvent):
    """A kind we do not act on. What a colleague wrote is `servicer.text` and the like."""

    kind: str
    data: Mapping[str, object] = field(default_factory=dict)
