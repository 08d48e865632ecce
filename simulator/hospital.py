"""The configured world: one corp with departments, members and applications."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from simulator.crypto import CryptoError, Envelope
from simulator.dingtalk import reading
from simulator.dingtalk.org import Org
from simulator.kf.settings import Kf, kf_from
from simulator.mail.settings import Mail, mail_from
from simulator.outsiders import Outsider, outsiders_from
from simulator.robot.settings import Robot, robot_from
from simulator.sms.settings import Sms, sms_from
from simulator.webhooks import WebhookGroup, read_groups

_USERID = re.compile(r"[A-Za-z0-9_.@-]{1,64}")


class BadHospital(ValueError):
    """The configuration cannot be used; the text says which entry and why."""


@dataclass(slots=True)
class Department:
    id: int
    name: str
    parent: int = 0
    leaders: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Member:
    """A person with a phone. `status` 1 active, 2 disabled, 4 not activated, 5 left."""

    userid: str
    name: str
    departments: list[int]
    position: str = ""
    mobile: str = ""
    leader: bool = False
    licensed: bool = True
    status: int = 1
    tags: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Callback:
    url: str
    token: str
    aes_key: str


@dataclass(slots=True)
class App:
    """An application. `kind` "contacts" is the directory sync assistant's secret."""

    agentid: int
    name: str
    secret: str
    callback: Callback | None = None
    departments: list[int] | None = None
    members: list[str] | None = None
    kind: str = "app"
    daily_cap: int | None = None


@dataclass(slots=True)
class Link:
    title: str
    url: str


@dataclass(slots=True)
class Hospital:
    corpid: str
    name: str
    departments: dict[int, Department]
    members: dict[str, Member]
    apps: dict[int, App]
    links: list[Link] = field(default_factory=list)
    show: list[str] = field(default_factory=list)
    tags: dict[int, str] = field(default_factory=dict)
    ding: Org | None = None
    groups: list[WebhookGroup] = field(default_factory=list)
    robot: Robot | None = None
    kf: Kf | None = None
    mail: Mail | None = None
    sms: Sms | None = None
    people: list[Outsider] = field(default_factory=list)

    def member(self, userid: str) -> Member | None:
        """Userids are unique whatever their case."""
        found = self.members.get(userid)
        if found:
            return found
        low = userid.lower()
        return next((m for m in self.members.values() if m.userid.lower() == low), None)

    def subtree(self, root: int) -> set[int]:
        inside = {root} if root in self.departments else set()
        grown = True
        while grown:
            more = {d.id for d in self.departments.values() if d.parent in inside} - inside
            inside |= more
            grown = bool(more)
        return inside

    def sees(self, app: App, member: Member) -> bool:
        """Whether the member lies in the app's visible range and still belongs to the corp."""
        if member.status == 5:
            return False
        if app.departments is None and app.members is None:
            return True
        if member.userid in (app.members or ()):
            return True
        return any(self.subtree(d) & set(member.departments) for d in app.departments or ())

    def envelope(self, app: App) -> Envelope:
        assert app.callback
        return Envelope(app.callback.token, app.callback.aes_key, self.corpid)

    def department_name(self, member: Member) -> str:
        return "、".join(
            self.departments[d].name for d in member.departments if d in self.departments
        )


def app_named(world: Hospital, agentid: int | str) -> App | None:
    """The configured app of a conversation; those of other platforms have none."""
    return world.apps.get(agentid) if isinstance(agentid, int) else None


def load(path: Path) -> Hospital:
    try:
        return parse(json.loads(path.read_text(encoding="utf-8")))
    except json.JSONDecodeError as problem:
        raise BadHospital(f"{path}: not JSON: {problem}") from None


def parse(raw: object) -> Hospital:
    """Build a hospital from the JSON form that README.md describes."""
    if not isinstance(raw, Mapping):
        raise BadHospital("the hospital must be a JSON object")
    try:
        world = _parse(raw)
    except KeyError as missing:
        raise BadHospital(f"missing field {missing}") from None
    except (TypeError, ValueError, AttributeError) as problem:
        raise BadHospital(str(problem)) from None
    _check(world)
    return world


def _parse(raw: Mapping[str, Any]) -> Hospital:
    departments = [_department(d) for d in raw.get("departments") or [{"id": 1, "name": "医院"}]]
    ding = reading.parse(raw["dingtalk"]) if raw.get("dingtalk") else None
    robot = robot_from(raw["robot"]) if raw.get("robot") else None
    wecom = {"apps": []} | dict(raw) if robot else raw
    wecom = wecom if ding is None else {"corpid": "", "members": [], "apps": []} | dict(raw)
    members = [_member(m) for m in wecom["members"]]
    apps = [_app(a) for a in wecom["apps"]]
    return Hospital(
        corpid=str(wecom["corpid"]),
        name=str(raw.get("name", "")),
        departments={d.id: d for d in departments},
        members={m.userid: m for m in members},
        apps={a.agentid: a for a in apps},
        links=[Link(str(n["title"]), str(n["url"])) for n in raw.get("links", [])],
        show=[str(u) for u in raw.get("show", [])],
        tags={int(t["id"]): str(t["name"]) for t in raw.get("tags", [])},
        ding=ding,
        groups=read_groups(raw.get("groups", [])),
        robot=robot,
        kf=kf_from(raw["kf"]) if raw.get("kf") else None,
        mail=mail_from(raw["mail"]) if raw.get("mail") else None,
        sms=sms_from(raw["sms"]) if raw.get("sms") else None,
        people=outsiders_from(raw.get("people", [])),
    )


def _department(raw: Mapping[str, Any]) -> Department:
    return Department(
        int(raw["id"]),
        str(raw["name"]),
        int(raw.get("parent", 1 if int(raw["id"]) != 1 else 0)),
        [str(u) for u in raw.get("leaders", [])],
    )


def member_from(raw: Mapping[str, Any]) -> Member:
    """Read one member, for a change of the directory at run time."""
    try:
        return _member(raw)
    except KeyError as missing:
        raise BadHospital(f"missing field {missing}") from None


def _member(raw: Mapping[str, Any]) -> Member:
    userid = str(raw["userid"])
    if not _USERID.fullmatch(userid):
        raise BadHospital(f"userid {userid!r}: 1 to 64 letters, digits, - _ . @")
    places = raw.get("departments", raw.get("department", 1))
    return Member(
        userid=userid,
        name=str(raw["name"]),
        departments=[int(d) for d in (places if isinstance(places, list) else [places])],
        position=str(raw.get("position", "")),
        mobile=str(raw.get("mobile", "")),
        leader=bool(raw.get("leader", False)),
        licensed=bool(raw.get("licensed", True)),
        status=int(raw.get("status", 1)),
        tags=[int(t) for t in raw.get("tags", [])],
    )


def _app(raw: Mapping[str, Any]) -> App:
    visible = raw.get("visible") or {}
    return App(
        agentid=int(raw["agentid"]),
        name=str(raw.get("name", "护铃")),
        secret=str(raw["secret"]),
        callback=callback_from(raw["callback"]) if raw.get("callback") else None,
        departments=[int(d) for d in visible["departments"]] if "departments" in visible else None,
        members=[str(u) for u in visible["members"]] if "members" in visible else None,
        kind=str(raw.get("kind", "app")),
        daily_cap=int(raw["daily_cap"]) if raw.get("daily_cap") is not None else None,
    )


def callback_from(raw: Mapping[str, Any]) -> Callback:
    callback = Callback(str(raw["url"]), str(raw["token"]), str(raw["aes_key"]))
    if not callback.url.startswith(("http://", "https://")):
        raise BadHospital("callback.url must begin with http:// or https://")
    return callback


def _check(world: Hospital) -> None:
    if not world.apps and world.ding is None and world.robot is None:
        raise BadHospital("at least one app is needed, a robot or a dingtalk organisation")
    for member in world.members.values():
        unknown = set(member.departments) - set(world.departments)
        if unknown:
            raise BadHospital(f"member {member.userid}: unknown department {sorted(unknown)[0]}")
    for app in world.apps.values():
        check_key(world, app)


def check_key(world: Hospital, app: App) -> None:
    try:
        if app.callback:
            world.envelope(app)
    except CryptoError as problem:
        raise BadHospital(f"app {app.agentid}: {problem}") from None
