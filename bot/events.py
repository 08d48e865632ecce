"""What came in, before anybody knows what it means: neutral, immutable values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from models.cards import Card, Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing a platform told us.

    `event_id` is the same for every delivery of the same happening, however often the platform
    repeats it. `user` is the platform's own user id; empty when nobody in particular acted.
    `at` is the platform's instant, in UTC.
    """

    platform: str
    app: str
    event_id: str
    user: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TextSaid(Event):
    """Words to the bot; said in a group chat when `group`, the chat's own id, is not empty."""

    text: str
    group: str = ""
    group_title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardTapped(Event):
    """`task_id` names the card, `verb` the button; `selected` maps a select's key to option ids.

    `response_code` lets the card be redrawn once for the tapper (empty where a platform has none).
    """

    verb: str
    task_id: str
    response_code: str = ""
    selected: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuTapped(Event):
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaSent(Event):
    """A picture, voice, video or file; `media_id` can be fetched for three days on WeCom.

    The smart robot gives a `url` for five minutes and the `aes_key` of what lies there instead.
    `caption` are words said along with it, `filename` what the sender's device calls it.
    """

    kind: str
    media_id: str
    caption: str = ""
    filename: str = ""
    url: str = field(default="", repr=False)
    aes_key: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaFetched(MediaSent):
    """A picture or PDF of a colleague's that is here. Never stored: the pipeline makes it.

    `media_type` is what the bytes are (services.file_kinds), whatever its name says.
    """

    data: bytes = field(repr=False)
    media_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AppEntered(Event):
    """The member opened the bot's chat (`first` when they came into its visible range)."""

    first: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberChanged(Event):
    """The directory changed. `change` is `created`, `updated`, `deleted` or `out_of_range`."""

    change: str
    member: str
    new_member: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRead(Event):
    """The platform tells that `user` has read these messages, by the platform's message ids."""

    message_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KfRang(Event):
    """Customer service has something new for this account; `token` pulls it, for ten minutes.

    Nothing is said of who did what: `user` is empty, and one ring may stand for many messages.
    """

    open_kfid: str
    token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkEntered(Event):
    """A candidate opened the chat of customer service, perhaps by a link of ours.

    `scene_param` is whatever the link carried and proves nothing unless it is signed by us.
    """

    scene: str
    scene_param: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatMoved(Event):
    """A colleague did something with a candidate's chat in their own client; `user` is the
    candidate.

    `change`: 1 taken from the pool, 2 handed over, 3 ended, 4 taken up again. `servicer` is who
    has it now, or who ended it.
    """

    change: int
    servicer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Other(Event):
    """A kind we do not act on. Kept with its fields, never an error."""

    kind: str
    data: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CardUpdate:
    """Redraw, for the tapper and at once, the card that was tapped."""

    card: Card


Reply = Text | CardUpdate
