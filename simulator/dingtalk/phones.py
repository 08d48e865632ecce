"""DingTalk's persons and groups as the control API drives them."""

from __future__ import annotations

from typing import Any

from simulator.callbacks import Outcome
from simulator.dingtalk import incoming, taps
from simulator.dingtalk.errors import OldError
from simulator.dingtalk.memory import Session, StoredFile, new_id
from simulator.dingtalk.org import Group, Org, Person
from simulator.dingtalk.parcels import Push
from simulator.dingtalk.places import GROUP, PERSON, ROBOT
from simulator.dingtalk.robot_states import told_read
from simulator.dingtalk.service import DingTalk
from simulator.dingtalk.sessions import answer
from simulator.owners import Body, Owner
from simulator.phones import Item
from simulator.photos import Photo
from simulator.refusals import Refused
from simulator.render import flat


class DingTalkPhones:
    """Implements `owners.Platform`. In a group, `as` says which member acts."""

    def __init__(self, service: DingTalk) -> None:
        self._service = service

    def owners(self) -> list[Owner]:
        org = self._service.sim.world.ding
        if org is None:
            return []
        people = [_person(org, p) for p in org.members.values()]
        return people + [_group(org, g) for g in org.groups.values()]

    def owner(self, phone: str) -> Owner | None:
        org = self._service.sim.world.ding
        if org is None:
            return None
        if phone.startswith(GROUP):
            group = org.groups.get(phone.removeprefix(GROUP))
            return _group(org, group) if group else None
        person = org.members.get(phone.removeprefix(PERSON)) if phone.startswith(PERSON) else None
        return _person(org, person) if person else None

    async def say(self, owner: Owner, text: str, body: Body) -> Outcome:
        who, group = self.actor(owner, body), self._group_of(owner)
        words = incoming.text(text, group)
        return await self.hear(owner, who, text, "text", words, body)

    async def hear(
        self, owner: Owner, who: Person, shown: str, kind: str, words: dict[str, Any], body: Body
    ) -> Outcome:
        """Keep what was said in the phone and tell the bot; `fields` spoils it on purpose."""
        service, group = self._service, self._group_of(owner)
        self.read(owner, {"as": who.userid, "force": True})
        service.sim.phones.say(
            owner.id,
            ROBOT,
            shown,
            kind=kind,
            app_name=service.org.robot_name,
            sender=who.userid if group else "",
        )
        return await self._tell(owner, who, words, body)

    async def _tell(self, owner: Owner, who: Person, words: dict[str, Any], body: Body) -> Outcome:
        service, group = self._service, self._group_of(owner)
        if group and not group.robot:
            return Outcome("unheard", problem="the robot is not a member of this group")
        extra = body.get("fields") or {}
        if not isinstance(extra, dict):
            raise Refused(400, "fields must be an object")
        push, session = incoming.message(service, owner.id, who, group, words, extra)
        return await self.listen(push, session)

    async def send_photo(self, owner: Owner, photo: Photo, body: Body) -> Outcome:
        """A picture, with words a rich text of both; files go to the robot alone [S0699]."""
        service, who = self._service, self.actor(owner, body)
        if owner.kind == "group" and photo.kind == "file":
            raise Refused(400, "a robot gets no files in groups")
        code = new_id()
        service.memory.files[code] = StoredFile(photo.name, photo.data)
        self.read(owner, {"as": who.userid, "force": True})
        name, sender = service.org.robot_name, who.userid if owner.kind == "group" else ""
        service.sim.phones.show(
            owner.id, ROBOT, photo.kind, photo.body(code), app_name=name, sender=sender
        )
        return await self._tell(owner, who, incoming.photo(photo, code), body)

    async def listen(self, push: Push, session: Session) -> Outcome:
        """Deliver a message; what came through its session before the ack is the reply."""
        verdict = await self._service.pushes.deliver(push)
        if verdict.answer and verdict.answer.get("msgtype") not in (None, "empty"):
            try:
                answer(self._service, session, verdict.answer)
            except OldError as problem:
                verdict.outcome.problem = f"the answer was refused: {problem.message}"
        if session.items:
            verdict.outcome.reply = "\n".join(flat(item) for item in session.items)
        return verdict.outcome

    async def enter(self, owner: Owner, body: Body) -> Outcome:
        """Opening the chat with a robot tells nobody anything."""
        self.read(owner, body)
        return Outcome("unheard", problem="DingTalk has no event for opening a chat")

    async def event(self, owner: Owner, body: Body) -> Outcome:
        who = self.actor(owner, body)
        data = {"timeStamp": str(self._service.now_ms()), "userId": [who.userid]}
        kind = str(body.get("event") or "user_modify_org")
        return await self._service.event(kind, data | dict(body.get("data") or {}), who.userid)

    async def tap(self, owner: Owner, item: Item, body: Body) -> dict[str, Any]:
        return await taps.tap(self._service, self, owner, item, body)

    def read(self, owner: Owner, body: Body) -> None:
        who = self.actor(owner, body) if owner.kind == "person" or body.get("as") else None
        reader = who.userid if who and owner.kind == "group" else ""
        news = self._service.sim.phones.read(owner.id, reader)
        if who:
            told_read(self._service, who, news)

    def login(self, owner: Owner, body: Body) -> str:  # noqa: ARG002
        raise Refused(501, "sign-in codes of DingTalk are not simulated")

    def actor(self, owner: Owner, body: Body) -> Person:
        """Who acts on this phone: its owner, or the person named by `as`."""
        name = body.get("as") or (owner.key if owner.kind == "person" else None)
        who = self._service.org.person(name)
        if who is None:
            raise Refused(400, "as must be the userid of a member", "GET /sim/phones lists them")
        group = self._group_of(owner)
        if group and who.userid not in group.members and not body.get("force"):
            raise Refused(400, f"{who.userid} is not a member of this group")
        return who

    def _group_of(self, owner: Owner) -> Group | None:
        return self._service.org.groups.get(owner.key) if owner.kind == "group" else None


def _person(org: Org, who: Person) -> Owner:
    place = org.department_name(who)
    return Owner(PERSON + who.userid, who.userid, who.name, place, who.title, "dingtalk")


def _group(org: Org, group: Group) -> Owner:
    members = tuple((u, org.members[u].name) for u in group.members if u in org.members)
    return Owner(
        GROUP + group.id,
        group.id,
        group.title,
        platform="dingtalk",
        kind="group",
        members=members,
    )
