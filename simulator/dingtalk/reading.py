"""Reads the `dingtalk` part of a hospital; every refusal names the entry that is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import orjson

from simulator.crypto import CryptoError
from simulator.dingtalk.org import (
    Department,
    EventHook,
    Group,
    Hooks,
    Org,
    Person,
    Schedule,
    Template,
    Webhook,
)

Raw = Mapping[str, Any]
T = TypeVar("T")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


class BadOrg(ValueError):
    """The entry named in the text cannot be used."""


def parse(raw: object) -> Org:
    """Build the organisation from the JSON form that README.md describes."""
    if not isinstance(raw, Mapping):
        raise BadOrg("dingtalk must be a JSON object")
    org = _entry("dingtalk", raw, _org)
    for rows, key in (("members", "userid"), ("groups", "id"), ("templates", "id")):
        _unique(raw, rows, key)
    _check(org)
    return org


def person_from(raw: Raw) -> Person:
    """Read one member, for a change of the directory at run time."""
    return _entry("member", raw, _person)


def schedule_from(raw: Raw) -> Schedule:
    """Read one day of a roster, for a change at run time."""
    return _entry("schedule", raw, _schedule)


def hook_from(raw: Raw, org: Org) -> EventHook:
    """Read the address of event pushes and prove its key."""
    hook = EventHook(_url(raw["url"]), str(raw["token"]), str(raw["aes_key"]))
    try:
        org.envelope(hook)
    except CryptoError as problem:
        raise BadOrg(str(problem)) from None
    return hook


def _entry(name: str, raw: object, read: Callable[[Raw], T]) -> T:
    if not isinstance(raw, Mapping):
        raise BadOrg(f"{name} must be a JSON object")
    try:
        return read(raw)
    except BadOrg as problem:
        inner = str(problem)
        raise BadOrg(f"{name}.{inner}" if inner[:1].islower() else f"{name}: {inner}") from None
    except KeyError as missing:
        raise BadOrg(f"{name}: missing field {missing}") from None
    except (TypeError, ValueError, AttributeError) as problem:
        raise BadOrg(f"{name}: {problem}") from None


def _each(raw: Raw, name: str, read: Callable[[Raw], T]) -> list[T]:
    rows = raw.get(name) or []
    if not isinstance(rows, list):
        raise BadOrg(f"{name} must be a list")
    return [_entry(f"{name}[{n}]", row, read) for n, row in enumerate(rows)]


def _org(raw: Raw) -> Org:
    org = Org(
        corpid=str(raw["corpid"]),
        client_id=str(raw["client_id"]),
        client_secret=str(raw["client_secret"]),
        agent_id=_number(raw, "agent_id"),
        robot_code=str(raw.get("robot_code") or raw["client_id"]),
        robot_name=str(raw.get("robot_name") or "护铃"),
        departments={d.id: d for d in _each(raw, "departments", _department)},
        members={p.userid: p for p in _each(raw, "members", _person)},
        templates={t.id: t for t in _each(raw, "templates", _template)},
        groups={g.id: g for g in _each(raw, "groups", _group)},
        events=[str(e) for e in raw["events"]] if raw.get("events") is not None else None,
        month={k: int(v) for k, v in (raw.get("month") or {}).items()},
        schedules=_each(raw, "schedules", _schedule),
        card_value_bytes=_number(raw, "card_value_bytes", 1024),
    )
    org.departments.setdefault(1, Department(1, "医院"))
    hooks = raw.get("callbacks") or {}
    events = hooks.get("events")
    org.hooks = Hooks(
        _entry("callbacks.events", events, lambda e: hook_from(e, org)) if events else None,
        _entry("callbacks.robot", hooks["robot"], lambda r: _url(r["url"]))
        if hooks.get("robot")
        else "",
    )
    return org


def _department(raw: Raw) -> Department:
    number = _number(raw, "id")
    return Department(number, str(raw["name"]), int(raw.get("parent", 0 if number == 1 else 1)))


def _person(raw: Raw) -> Person:
    userid = str(raw["userid"])
    if not 1 <= len(userid) <= 64:
        raise BadOrg("userid must have 1 to 64 characters")
    return Person(
        userid=userid,
        unionid=str(raw.get("unionid") or f"union-{userid}"),
        name=str(raw["name"]),
        departments=[int(d) for d in raw.get("departments") or [1]],
        title=str(raw.get("title", "")),
        mobile=str(raw.get("mobile", "")),
        job_number=str(raw.get("job_number", "")),
        leader=bool(raw.get("leader", False)),
        active=bool(raw.get("active", True)),
        visible=bool(raw.get("visible", True)),
    )


def _template(raw: Raw) -> Template:
    template = Template(str(raw["id"]), bool(raw.get("published", True)))
    if raw.get("file"):
        template.wardbell = _draws_buttons(Path(str(raw["file"])))
    return template


def _draws_buttons(path: Path) -> bool:
    """Open a template as the platform exports it [C3-0001] and look for our variables."""
    try:
        export = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError) as problem:
        raise BadOrg(f"file {path.name}: {problem}") from None
    if not isinstance(export, dict) or "editorData" not in export:
        raise BadOrg(f"file {path.name}: not an exported template, editorData is missing")
    return "buttons" in path.read_text(encoding="utf-8")


def _group(raw: Raw) -> Group:
    return Group(
        id=str(raw["id"]),
        title=str(raw["title"]),
        members=[str(u) for u in raw.get("members", [])],
        robot=bool(raw.get("robot", True)),
        webhooks=_each(raw, "webhooks", _webhook),
    )


def _webhook(raw: Raw) -> Webhook:
    words = [str(w) for w in raw.get("keywords", [])]
    return Webhook(str(raw["token"]), str(raw.get("secret", "")), words)


def _schedule(raw: Raw) -> Schedule:
    row = Schedule(
        str(raw["userid"]),
        str(raw["date"]),
        str(raw.get("on", "")),
        str(raw.get("off", "")),
        bool(raw.get("rest", False)),
    )
    if not _DAY.fullmatch(row.date):
        raise BadOrg(f"date {row.date!r} must look like 2026-12-08")
    if not row.rest and not (_TIME.fullmatch(row.on) and _TIME.fullmatch(row.off)):
        raise BadOrg("on and off must look like 08:00 unless rest is true")
    return row


def _number(raw: Raw, name: str, default: int | None = None) -> int:
    value = raw[name] if default is None else raw.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool):
        raise BadOrg(f"{name} must be a whole number")
    return value


def _url(value: object) -> str:
    if not isinstance(value, str) or not value.startswith(("http://", "https://")):
        raise BadOrg("url must begin with http:// or https://")
    return value


def _unique(raw: Raw, rows: str, key: str) -> None:
    seen: set[str] = set()
    for number, row in enumerate(raw.get(rows) or []):
        if str(row[key]) in seen:
            raise BadOrg(f"dingtalk.{rows}[{number}]: {key} {row[key]!r} stands there twice")
        seen.add(str(row[key]))


def _check(org: Org) -> None:
    for person in org.members.values():
        unknown = set(person.departments) - set(org.departments)
        if unknown:
            name = f"dingtalk.members {person.userid!r}"
            raise BadOrg(f"{name}: unknown department {sorted(unknown)[0]}")
    for group in org.groups.values():
        strangers = [u for u in group.members if u not in org.members]
        if strangers:
            raise BadOrg(f"dingtalk.groups {group.id!r}: unknown member {strangers[0]!r}")
    for row in org.schedules:
        if row.userid not in org.members:
            raise BadOrg(f"dingtalk.schedules: unknown member {row.userid!r} on {row.date}")
