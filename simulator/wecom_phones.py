"""The phones of WeCom's members, as the control API drives them."""

from __future__ import annotations

from typing import Any

from simulator.callbacks import Outcome
from simulator.hands import Hands
from simulator.hospital import App, Member
from simulator.owners import Body, Owner, outcome_view
from simulator.phones import Item
from simulator.photos import Photo
from simulator.refusals import Refused
from simulator.robot.hands import RobotHands
from simulator.robot.settings import ROBOT
from simulator.state import Simulator


class WeComPhones:
    """Implements `owners.Platform`; a member's phone has the userid as its id."""

    def __init__(self, sim: Simulator, hands: Hands, robot: RobotHands) -> None:
        self._sim = sim
        self._hands = hands
        self._robot = robot

    def owners(self) -> list[Owner]:
        return [self._owner(m) for m in self._sim.world.members.values()]

    def owner(self, phone: str) -> Owner | None:
        found = self._sim.world.member(phone)
        return self._owner(found) if found else None

    async def say(self, owner: Owner, text: str, body: Body) -> Outcome:
        who = self._member(owner)
        if self._wants_robot(body, who):
            return await self._robot.say(who, text)
        return await self._hands.say(who, self._app(body, who), text)

    async def send_photo(self, owner: Owner, photo: Photo, body: Body) -> Outcome:
        who = self._member(owner)
        if self._wants_robot(body, who):
            return await self._robot.send(who, photo)
        return await self._hands.send(
            who, self._app(body, who), photo, force=bool(body.get("force"))
        )

    async def enter(self, owner: Owner, body: Body) -> Outcome:
        who = self._member(owner)
        if self._wants_robot(body, who):
            return await self._robot.enter(who)
        return await self.event(owner, {"event": "enter_agent", "agentid": body.get("agentid")})

    async def event(self, owner: Owner, body: Body) -> Outcome:
        kind, key = str(body.get("event") or "subscribe"), str(body.get("key") or "")
        app = self._app(body, self._member(owner))
        return await self._hands.event(owner.key, app, kind, EventKey=key)

    async def tap(self, owner: Owner, item: Item, body: Body) -> dict[str, Any]:  # noqa: ARG002
        button = body.get("button", 0)
        if not isinstance(button, str | int):
            raise Refused(400, "button must be a key, the words on it or its number")
        hands = self._robot if item.agentid == ROBOT else self._hands
        outcome, press = await hands.tap(
            item, button, body.get("selected"), force=bool(body.get("force"))
        )
        return outcome_view(outcome) | {"key": press.key, "url": press.url}

    def read(self, owner: Owner, body: Body) -> None:  # noqa: ARG002
        self._sim.phones.read(owner.id)

    def login(self, owner: Owner, body: Body) -> str:
        app = self._app(body, self._member(owner))
        return self._sim.tokens.login_code(owner.key, app.agentid)

    def _owner(self, who: Member) -> Owner:
        place = self._sim.world.department_name(who)
        return Owner(who.userid, who.userid, who.name, place, who.position)

    def _member(self, owner: Owner) -> Member:
        return self._sim.world.members[owner.key]

    def _wants_robot(self, body: Body, who: Member) -> bool:
        """Asked for by name; or the only one that hears, when no app has a callback URL."""
        world, wanted = self._sim.world, body.get("agentid")
        if wanted is None:
            heard = any(a.kind == "app" and a.callback for a in world.apps.values())
            return world.robot is not None and not heard
        if wanted != ROBOT:
            return False
        if world.robot is None or not world.robot.seen_by(who.userid):
            raise Refused(404, "no robot in sight", 'the hospital needs "robot"')
        return True

    def _app(self, body: Body, who: Member) -> App:
        return app_of(self._sim, body.get("agentid"), who)


def app_of(sim: Simulator, wanted: object, who: Member | None = None) -> App:
    """The app asked for, or the first one that this member can see."""
    apps = [a for a in sim.world.apps.values() if a.kind == "app" or a.agentid == wanted]
    if wanted is not None:
        apps = [a for a in apps if a.agentid == wanted]
    if who is not None:
        apps = [a for a in apps if sim.world.sees(a, who)]
    if not apps:
        raise Refused(404, "no such app in sight", "GET /sim/hospital lists the apps")
    return apps[0]
