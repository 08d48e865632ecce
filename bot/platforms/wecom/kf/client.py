"""The calls of customer service, on an app's own token (D94665, D94670, D94677, D95122, D95159).

The app must be ticked under 微信客服 → 可调用接口的应用. Every method raises SendFailed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from urllib.parse import quote

from bot.platforms.fitting import unfit
from bot.platforms.wecom import limits
from bot.platforms.wecom.cards import Body
from bot.platforms.wecom.client import WeComClient
from bot.platforms.wecom.kf.decode import decode_entry
from bot.platforms.wecom.kf.events import KfEvent
from bot.platforms.wecom.transport import Json

_SCENE = re.compile(r"[0-9a-zA-Z_-]{1,32}")


class SessionState(IntEnum):
    """Only in the first two the bot may send; an ended one begins anew with the next words."""

    UNTOUCHED = 0
    BOT = 1
    WAITING = 2
    HUMAN = 3
    ENDED = 4


@dataclass(frozen=True, slots=True)
class Page:
    """What one pull brought. `more` may be true although `events` is empty."""

    events: tuple[KfEvent, ...]
    cursor: str
    more: bool


@dataclass(frozen=True, slots=True)
class Customer:
    """What the platform tells of somebody active within 48 hours: no phone and no legal name."""

    user: str
    nickname: str
    unionid: str = ""
    scene: str = ""
    scene_param: str = field(default="", repr=False)


def entry_link(url: str, param: str) -> str:
    """A link of `add_contact_way` that brings `param` back in KfEntered.

    Raises SendFailed(REQUEST). Nothing else of the link may be changed, or entering by it is never
    told (D94665).
    """
    if "enc_scene=" not in url:
        raise unfit("only a link made with a scene can carry a parameter")
    if not 0 < len(param.encode()) <= limits.KF_PARAM_BYTES:
        raise unfit(f"a link's parameter takes 1 to {limits.KF_PARAM_BYTES} bytes")
    return f"{url}&scene_param={quote(param, safe='')}"


class KfClient:
    """Customer service through one app; `wecom` keeps its token as for all other calls."""

    def __init__(self, wecom: WeComClient) -> None:
        self._wecom = wecom

    async def add_contact_way(self, open_kfid: str, scene: str) -> str:
        """The entry link of an account, for `entry_link`. `scene`: 1–32 of 0-9 a-z A-Z _ -."""
        if not _SCENE.fullmatch(scene):
            raise unfit("a scene takes 1 to 32 of 0-9 a-z A-Z _ -")
        answer = await self._call("kf/add_contact_way", {"open_kfid": open_kfid, "scene": scene})
        return str(answer.get("url", ""))

    async def sync(self, open_kfid: str, *, cursor: str = "", token: str = "") -> Page:
        """The next entries, at most three days old; without `token` under a strict limit."""
        body: Body = {"open_kfid": open_kfid, "limit": limits.KF_PAGE}
        body |= {name: value for name, value in (("cursor", cursor), ("token", token)) if value}
        answer = await self._call("kf/sync_msg", body)
        rows = answer.get("msg_list")
        entries = rows if isinstance(rows, list) else []
        return Page(
            tuple(decode_entry(entry, open_kfid=open_kfid) for entry in entries),
            str(answer.get("next_cursor") or cursor),
            answer.get("has_more") == 1,
        )

    async def send(self, open_kfid: str, user: str, content: Body, *, msgid: str) -> str:
        """Send `content` of `kf_body`. `msgid` serves once per account: a repeat answers 95033."""
        body = {"touser": user, "open_kfid": open_kfid, "msgid": msgid, **content}
        return str((await self._call("kf/send_msg", body, delivers=True)).get("msgid", ""))

    async def send_on_event(self, code: str, content: Body, *, msgid: str) -> str:
        """Answer an event with its code, once and outside the five messages (D95122)."""
        body = {"code": code, "msgid": msgid, **content}
        return str(
            (await self._call("kf/send_msg_on_event", body, delivers=True)).get("msgid", "")
        )

    async def state(self, open_kfid: str, user: str) -> tuple[int, str]:
        """The session's state (a SessionState, or one we do not know) and its servicer."""
        whom = {"open_kfid": open_kfid, "external_userid": user}
        answer = await self._call("kf/service_state/get", whom)
        state = answer.get("service_state")
        known = state if isinstance(state, int) else SessionState.ENDED
        return known, str(answer.get("servicer_userid", ""))

    async def move(
        self, open_kfid: str, user: str, state: SessionState, servicer: str = ""
    ) -> str:
        """Hand the session over or end it; returns the code for one last answer, if any."""
        body: Body = {
            "open_kfid": open_kfid,
            "external_userid": user,
            "service_state": int(state),
        }
        if servicer:
            body["servicer_userid"] = servicer
        return str((await self._call("kf/service_state/trans", body)).get("msg_code", ""))

    async def customers(self, users: Sequence[str]) -> list[Customer]:
        """Those of at most 100 who were active within 48 hours."""
        if not 1 <= len(users) <= limits.KF_CUSTOMERS:
            raise unfit(f"one call takes 1 to {limits.KF_CUSTOMERS} customers")
        body = {"external_userid_list": list(users), "need_enter_session_context": 1}
        rows = (await self._call("kf/customer/batchget", body)).get("customer_list")
        listed = rows if isinstance(rows, list) else []
        return [_customer(row) for row in listed if isinstance(row, dict)]

    async def _call(self, api: str, body: Mapping[str, object], *, delivers: bool = False) -> Json:
        return await self._wecom.call(api, body, delivers=delivers)


def _customer(row: Json) -> Customer:
    context = row.get("enter_session_context")
    entered = context if isinstance(context, dict) else {}
    return Customer(
        str(row.get("external_userid", "")),
        str(row.get("nickname", "")),
        str(row.get("unionid", "")),
        str(entered.get("scene", "")),
        str(entered.get("scene_param", "")),
    )
