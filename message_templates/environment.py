"""The Jinja environment for all words: sandboxed, strict, and deaf to markup in data."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Any

from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from models.clock import SHANGHAI

WEEKDAYS = "一二三四五六日"
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
_EVERYBODY = re.compile("@(?=all|everyone|所有人|全体)", re.IGNORECASE)


def weekday(value: date | datetime) -> str:
    """周三."""
    return f"周{WEEKDAYS[local_day(value).weekday()]}"


def local_day(value: date | datetime) -> date:
    return value.astimezone(SHANGHAI).date() if isinstance(value, datetime) else value


def day(value: date | datetime) -> str:
    """8月5日(周三): the weekday comes out of the same value, so the two cannot disagree."""
    local = local_day(value)
    return f"{local.month}月{local.day}日({weekday(local)})"


def full_day(value: date | datetime) -> str:
    """2027年1月20日(周三): for days that may be in another year."""
    return f"{local_day(value).year}年{day(value)}"


def iso_day(value: str) -> str:
    """8月5日(周三) out of 2026-08-05, as dates travel in a message's context."""
    return day(date.fromisoformat(value))


def clock_time(value: datetime) -> str:
    """20:07, local."""
    return f"{value.astimezone(SHANGHAI):%H:%M}"


def duration(value: timedelta) -> str:
    """2小时30分钟."""
    minutes = int(value.total_seconds() // 60)
    hours, rest = divmod(minutes, 60)
    return f"{f'{hours}小时' if hours else ''}{f'{rest}分钟' if rest or not hours else ''}"


def harmless(value: Any) -> Any:
    """Data is text: it opens no link, mentions nobody and turns no writing direction."""
    if not isinstance(value, str):
        return value
    clean = _EVERYBODY.sub("@ ", _CONTROL.sub("", value))
    clean = clean.replace("<", "＜").replace("](", "] (")
    # What follows may begin with a bracket: another value, or the template's own.
    return f"{clean[:-1]}］" if clean.endswith("]") else clean


def build() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined,
        finalize=harmless,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        day=day,
        full_day=full_day,
        iso_day=iso_day,
        weekday=weekday,
        clock_time=clock_time,
        duration=duration,
    )
    return environment
