"""How the pages write times, codes and problems."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from message_templates import environment as shared
from models.clock import SHANGHAI

# The place in front of a problem's text, as sheets/problems.toml writes it.
_PLACE = re.compile(r"(第\d+行(?:“.*?”列\([A-Z]+\d+\))?|[A-Z]{1,3}\d+)[:：](.+)", re.DOTALL)


def moment(value: datetime) -> str:
    """11月21日 20:07, local."""
    local = value.astimezone(SHANGHAI)
    return f"{local.month}月{local.day}日 {local:%H:%M}"


def month(value: date) -> str:
    """2026年11月."""
    return f"{value.year}年{value.month}月"


def full_day(value: date | datetime) -> str:
    """2026年11月25日, local: for days that may be years away."""
    day = shared.local_day(value)
    return f"{day.year}年{day.month}月{day.day}日"


def short_day(value: date) -> str:
    """11/21."""
    return f"{value.month}/{value.day}"


def placed(problem: str) -> tuple[str, str]:
    """A problem's place and its text; no place where the whole file is meant."""
    found = _PLACE.fullmatch(problem)
    return (found[1], found[2]) if found else ("", problem)


def named(problem: str) -> tuple[str, str]:
    """`张三：连上夜班…` → the person and the rule."""
    name, colon, text = problem.partition("：")
    return (name, text) if colon and len(name) <= 12 else ("", problem)


def worded(key: str, table: Mapping[str, str]) -> str:
    """The word for a key; what ends in `is` and a state may share one word, whatever the state."""
    if key in table:
        return table[key]
    stem, verb, _ = str(key).partition(" is ")
    return table.get(f"{stem} is", key) if verb else key


def subject(key: str, table: Mapping[str, str]) -> str:
    """`persons:12` of the audit log as 人员 12; what has no word stays as it was written."""
    name, colon, number = key.partition(":")
    word = table.get(name)
    return key if word is None else f"{word} {number}" if colon else word


def templates(folder: Any, tables: Mapping[str, Mapping[str, str]]) -> Environment:
    """The environment of the pages: escaping always on, undefined names are errors."""
    env = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters.update(
        moment=moment,
        month=month,
        full_day=full_day,
        short_day=short_day,
        placed=placed,
        named=named,
        day=shared.day,
        weekday=shared.weekday,
        clock_time=shared.clock_time,
        word=lambda key, table: worded(key, tables[table]),
        subject=lambda key: subject(key, tables["subjects"]),
    )
    return env
