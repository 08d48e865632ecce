"""The webhook format: what sessionWebhook and custom robots accept [S0702]."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from simulator.dingtalk import bodies
from simulator.dingtalk.bodies import Shown
from simulator.dingtalk.errors import OldError

Body = dict[str, Any]
WRONG_TYPE = 400105
WRONG_FIELD = 400402


def read(body: Body) -> Shown:
    """Kind and body for the phones; 400105: unknown msgtype, 400402: a field is missing."""
    kind = str(body.get("msgtype"))
    rule = _RULES.get(kind)
    if rule is None:
        raise OldError(WRONG_TYPE, "不支持的消息类型")
    part = body.get(kind)
    if not isinstance(part, dict):
        raise OldError(WRONG_FIELD, f"缺少参数 {kind}")
    return rule(part)


def field(part: Body, *names: str) -> str:
    """The first of the spellings that is there; the others are historic."""
    for name in names:
        value = part.get(name)
        if isinstance(value, str) and value.strip():
            return value
    raise OldError(WRONG_FIELD, f"缺少参数 {names[0]}")


def _text(part: Body) -> Shown:
    return bodies.text(field(part, "content"))


def _markdown(part: Body) -> Shown:
    return bodies.markdown(field(part, "title"), field(part, "text"))


def _link(part: Body) -> Shown:
    return bodies.link(field(part, "title"), field(part, "text"), field(part, "messageUrl"))


def _action_card(part: Body) -> Shown:
    title, words = field(part, "title"), field(part, "text")
    if part.get("singleTitle"):
        rows = [(field(part, "singleTitle"), field(part, "singleURL", "singleUrl"))]
    else:
        buttons = part.get("btns")
        if not isinstance(buttons, list) or not buttons:
            raise OldError(WRONG_FIELD, "缺少参数 btns")
        rows = [(field(b, "title"), field(b, "actionURL", "actionUrl")) for b in buttons]
    return bodies.action_card(title, words, rows)


def _feed_card(part: Body) -> Shown:
    links = part.get("links")
    if not isinstance(links, list) or not links:
        raise OldError(WRONG_FIELD, "缺少参数 links")
    rows = [(field(n, "title"), field(n, "messageURL", "messageUrl")) for n in links]
    return bodies.action_card(rows[0][0], "", rows)


_RULES: dict[str, Callable[[Body], Shown]] = {
    "text": _text,
    "markdown": _markdown,
    "link": _link,
    "actionCard": _action_card,
    "feedCard": _feed_card,
}
