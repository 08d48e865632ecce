"""Who a message reaches: userids, departments and tags against the app's visible range."""

from __future__ import annotations

from dataclasses import dataclass, field

from simulator.asks import Ask
from simulator.errors import WeComError
from simulator.hospital import Member

MOST_USERS = 1000
MOST_GROUPS = 100


@dataclass(slots=True)
class Receivers:
    members: dict[str, Member] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    unlicensed: list[str] = field(default_factory=list)
    parties: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)

    def take(self, member: Member) -> None:
        if member.licensed:
            self.members[member.userid] = member
        elif member.userid.lower() not in self.unlicensed:
            self.unlicensed.append(member.userid.lower())


def resolve(ask: Ask) -> Receivers:
    """Sort the addressed into reached and invalid; refuse when nobody is left."""
    users, parties, tags = (_listed(ask, name) for name in ("touser", "toparty", "totag"))
    if not (users or parties or tags):
        raise WeComError(82001)
    for count, most, code in (
        (len(users), MOST_USERS, 40032),
        (len(parties), MOST_GROUPS, 82002),
        (len(tags), MOST_GROUPS, 82003),
    ):
        if count > most:
            raise WeComError(code)
    found = Receivers()
    if "@all" in users:
        for member in ask.sim.visible(ask.app):
            found.take(member)
    else:
        _users(ask, users, found)
        _parties(ask, parties, found)
        _tags(ask, tags, found)
    if not found.members:
        raise WeComError(701099 if found.unlicensed and not found.unknown else 81013)
    return found


def _listed(ask: Ask, name: str) -> list[str]:
    value = ask.body.get(name) or ""
    if not isinstance(value, str):
        raise WeComError(40058, f"invalid parameter: {name}")
    return [part.strip() for part in value.split("|") if part.strip()]


def _users(ask: Ask, users: list[str], found: Receivers) -> None:
    world = ask.sim.world
    for userid in users:
        member = world.member(userid)
        spoiled = ask.sim.faults.take(("invalid_user",), "message/send", userid)
        if member is None or spoiled or not world.sees(ask.app, member):
            found.unknown.append(userid.lower())
        else:
            found.take(member)


def _parties(ask: Ask, parties: list[str], found: Receivers) -> None:
    world = ask.sim.world
    for party in parties:
        inside = world.subtree(int(party)) if party.isdecimal() else set()
        if not inside:
            found.parties.append(party)
        for member in ask.sim.visible(ask.app):
            if inside & set(member.departments):
                found.take(member)


def _tags(ask: Ask, tags: list[str], found: Receivers) -> None:
    for tag in tags:
        if not tag.isdecimal() or int(tag) not in ask.sim.world.tags:
            found.tags.append(tag)
            continue
        for member in ask.sim.visible(ask.app):
            if int(tag) in member.tags:
                found.take(member)
