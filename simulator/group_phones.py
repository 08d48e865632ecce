"""The group chats of WeCom, which hear of the outside through their webhooks only."""

from __future__ import annotations

from typing import Any

from simulator.callbacks import Outcome
from simulator.groups import APP, NAME
from simulator.owners import Body, Owner
from simulator.phones import Item
from simulator.refusals import CannotTap, Refused
from simulator.state import Simulator
from simulator.webhooks import WebhookGroup


class GroupPhones:
    """Implements `owners.Platform`. No robot listens in these groups."""

    def __init__(self, sim: Simulator) -> None:
        self._sim = sim

    def owners(self) -> list[Owner]:
        return [self._owner(g) for g in self._sim.world.groups]

    def owner(self, phone: str) -> Owner | None:
        found = next((g for g in self._sim.world.groups if g.id == phone), None)
        return self._owner(found) if found else None

    async def say(self, owner: Owner, text: str, body: Body) -> Outcome:
        sender = self._sender(owner, body)
        self._sim.phones.say(owner.id, APP, text, app_name=NAME, sender=sender)
        return Outcome("unheard", problem="a message-push robot hears nothing")

    async def enter(self, owner: Owner, body: Body) -> Outcome:
        self.read(owner, body)
        return Outcome("unheard", problem="opening a group tells nobody anything")

    async def event(self, owner: Owner, body: Body) -> Outcome:  # noqa: ARG002
        raise Refused(400, "a group has no events")

    async def tap(self, owner: Owner, item: Item, body: Body) -> dict[str, Any]:  # noqa: ARG002
        raise CannotTap(400, "this message has no buttons")

    def read(self, owner: Owner, body: Body) -> None:  # noqa: ARG002
        self._sim.phones.read(owner.id)

    def login(self, owner: Owner, body: Body) -> str:  # noqa: ARG002
        raise Refused(400, "a group does not sign in")

    def _sender(self, owner: Owner, body: Body) -> str:
        sender = body.get("as")
        if sender not in [userid for userid, _ in owner.members]:
            raise Refused(400, "as must be the userid of a member", "GET /sim/phones lists them")
        return str(sender)

    def _owner(self, group: WebhookGroup) -> Owner:
        people = [self._sim.world.member(userid) for userid in group.members]
        members = tuple((p.userid, p.name) for p in people if p)
        return Owner(group.id, group.key, group.title, kind="group", members=members)
