"""The configured DingTalk organisation: people, groups, templates, callback addresses."""

from __future__ import annotations

from dataclasses import dataclass, field

from simulator.crypto import Envelope


@dataclass(slots=True)
class Department:
    id: int
    name: str
    parent: int = 0


@dataclass(slots=True)
class Person:
    """`active` false: has left or never joined; `visible` false: outside the app's range."""

    userid: str
    unionid: str
    name: str
    departments: list[int]
    title: str = ""
    mobile: str = ""
    job_number: str = ""
    leader: bool = False
    active: bool = True
    visible: bool = True

    @property
    def reachable(self) -> bool:
        return self.active and self.visible


@dataclass(slots=True)
class Template:
    """`wardbell` says whether it draws buttons and choices, see card_view."""

    id: str
    published: bool = True
    wardbell: bool = True


@dataclass(slots=True)
class Webhook:
    """A custom robot of a group; `secret` empty means no signature is asked for."""

    token: str
    secret: str = ""
    keywords: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Group:
    id: str
    title: str
    members: list[str]
    robot: bool = True
    webhooks: list[Webhook] = field(default_factory=list)


@dataclass(slots=True)
class EventHook:
    url: str
    token: str
    aes_key: str


@dataclass(slots=True)
class Hooks:
    """HTTP addresses; a channel without one is pushed through Stream."""

    events: EventHook | None = None
    robot: str = ""


@dataclass(slots=True)
class Schedule:
    """One person's roster of one local day; `off` may lie on the next day."""

    userid: str
    date: str
    on: str = ""
    off: str = ""
    rest: bool = False


@dataclass(slots=True)
class Org:
    corpid: str
    client_id: str
    client_secret: str
    agent_id: int
    robot_code: str
    robot_name: str
    departments: dict[int, Department]
    members: dict[str, Person]
    templates: dict[str, Template] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    hooks: Hooks = field(default_factory=Hooks)
    events: list[str] | None = None
    month: dict[str, int] = field(default_factory=dict)
    schedules: list[Schedule] = field(default_factory=list)
    card_value_bytes: int = 1024

    def person(self, userid: object) -> Person | None:
        return self.members.get(userid) if isinstance(userid, str) else None

    def by_union(self, unionid: str) -> Person | None:
        return next((p for p in self.members.values() if p.unionid == unionid), None)

    def department_name(self, who: Person) -> str:
        return "、".join(
            self.departments[d].name for d in who.departments if d in self.departments
        )

    def ticked(self, event: str) -> bool:
        """Whether the console subscribes to this type of event."""
        return event not in COSTLY if self.events is None else event in self.events

    def envelope(self, hook: EventHook) -> Envelope:
        """The owner key of an app configured in the console is its Client ID [E0004]."""
        return Envelope(hook.token, hook.aes_key, self.client_id)


# They count as pushes, and nobody who does not ask for them gets them [E0111, E0112].
COSTLY = frozenset({"robot_msg_read", "robot_msg_recall"})
