"""The WeChat of candidates among the other phones: `wechat:EXTERNAL_USERID`."""

from __future__ import annotations

from typing import Any

from simulator.callbacks import Outcome
from simulator.kf.hands import KfHands
from simulator.kf.messages import BUTTONS
from simulator.kf.settings import KfAccount, KfCustomer
from simulator.owners import Body, Owner, outcome_view
from simulator.phones import Item
from simulator.refusals import CannotTap, Refused
from simulator.state import Simulator

PREFIX = "wechat:"


class WeChatPhones:
    """Implements `owners.Platform`; each account is one conversation, its id the agentid."""

    def __init__(self, sim: Simulator, hands: KfHands) -> None:
        self._sim = sim
        self._hands = hands

    def owners(self) -> list[Owner]:
        kf = self._sim.world.kf
        return [_owner(c) for c in kf.customers.values()] if kf else []

    def owner(self, phone: str) -> Owner | None:
        kf = self._sim.world.kf
        if kf is None or not phone.startswith(PREFIX):
            return None
        found = kf.customers.get(phone.removeprefix(PREFIX))
        return _owner(found) if found else None

    async def say(self, owner: Owner, text: str, body: Body) -> Outcome:
        return await self._hands.say(owner.key, self._account(body), text)

    async def enter(self, owner: Owner, body: Body) -> Outcome:
        url = body.get("url")
        if not isinstance(url, str) or not url:
            raise Refused(400, "url is needed", "the entry link, with &scene_param= if any")
        return await self._hands.enter(owner.key, url)

    async def event(self, owner: Owner, body: Body) -> Outcome:  # noqa: ARG002
        raise Refused(400, "a customer has no such events", "enter, say, tap or recall")

    async def tap(self, owner: Owner, item: Item, body: Body) -> dict[str, Any]:
        """Tap a menu entry; menus stay as they are and can be tapped for ever."""
        entry = _entry(item, body.get("button", 0))
        if entry["type"] != "click":
            url = str(entry.get("url", ""))
            return outcome_view(Outcome("link")) | {"key": "", "url": url}
        account = self._account({"agentid": item.agentid})
        outcome = await self._hands.say(owner.key, account, entry["content"], entry["id"])
        return outcome_view(outcome) | {"key": entry["id"], "url": ""}

    def read(self, owner: Owner, body: Body) -> None:  # noqa: ARG002
        self._sim.phones.read(owner.id)

    def login(self, owner: Owner, body: Body) -> str:  # noqa: ARG002
        raise Refused(400, "a customer does not sign in to an app")

    def _account(self, body: Body) -> KfAccount:
        kf, wanted = self._sim.world.kf, body.get("agentid")
        accounts = list(kf.accounts.values()) if kf else []
        found = [a for a in accounts if wanted in (None, a.open_kfid)]
        if not found:
            raise Refused(404, f"no such account: {wanted!r}", "agentid is an open_kfid")
        return found[0]


def _owner(customer: KfCustomer) -> Owner:
    external = customer.external_userid
    return Owner(PREFIX + external, external, customer.nickname, platform="wechat")


def _entry(item: Item, button: object) -> dict[str, Any]:
    """By id, by its words or by its number among those that can be tapped."""
    rows = [e for e in item.body.get("list", ()) if e["type"] in BUTTONS]
    if item.kind != "msgmenu" or item.state == "recalled":
        raise CannotTap(400, "this message has no menu")
    for row in rows:
        if button in (row.get("id"), row["content"]):
            return dict(row)
    if isinstance(button, int | str) and str(button).isdecimal() and int(button) < len(rows):
        return dict(rows[int(button)])
    words = "、".join(e["content"] for e in rows)
    raise CannotTap(404, f"no entry {button!r}", "entries: " + words)
