"""Custom robots of groups: robot/send, its signature, rate and idempotency [S0717, G0082]."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

from simulator.dingtalk import errors, webhook_messages
from simulator.dingtalk.asks import Api, Ask, Reply
from simulator.dingtalk.custom_robot import Custom
from simulator.dingtalk.errors import OldError
from simulator.dingtalk.org import Group, Org, Webhook
from simulator.dingtalk.places import GROUP
from simulator.render import flat_body

APP, NAME = "webhook", "自定义机器人"
WINDOW_MS = 3_600_000
MOST_CALLED = 50
BIGGEST = 20_000
UNKNOWN, TOO_FAST, UNSAFE, TOO_BIG = 400101, 410100, 310000, 460101


def _send(ask: Ask) -> Reply:
    group, hook = _robot(ask)
    ask.call.who = group.title[:200]
    _signature(ask, hook)
    if not ask.raw:
        raise OldError(40035, "缺少参数 json")
    if len(ask.raw) > BIGGEST:
        raise OldError(TOO_BIG, "消息体超过20000字节")
    kind, content = webhook_messages.read(ask.body)
    words = flat_body(kind, content)
    ask.call.summary = f"{ask.body['msgtype']}: {words.partition(chr(10))[0][:60]}"
    if hook.keywords and not any(word in words for word in hook.keywords):
        raise OldError(UNSAFE, "keywords not in content")
    _deliver(ask, group, hook, kind, content)
    return {}


def _deliver(ask: Ask, group: Group, hook: Webhook, kind: str, content: dict[str, Any]) -> None:
    memory = ask.memory.custom.setdefault(hook.token, Custom())
    uuid = str(ask.body.get("msgUuid") or "")
    if uuid and uuid in memory.uuids:
        ask.call.duplicate = True
        ask.sim.counters["duplicates_suppressed"] += 1
        return
    if not memory.admit(ask.sim.clock.now().timestamp()):
        raise OldError(TOO_FAST, "发送速度太快而限流")
    if not ask.memory.quota.push("robot/send"):
        raise errors.quota_gone(new=False)
    if uuid:
        memory.uuids.add(uuid)
    if "content" in content:
        content = content | {"content": _called(ask, group, str(content["content"]))}
    ask.sim.phones.receive(GROUP + group.id, kind, APP, content, app_name=NAME)
    ask.sim.counters["sends"] += 1


def _robot(ask: Ask) -> tuple[Group, Webhook]:
    token = ask.query.get("access_token", "")
    for group, hook in _all(ask.org):
        if hmac.compare_digest(hook.token.encode(), token.encode()):
            return group, hook
    raise OldError(UNKNOWN, "access_token不存在")


def _all(org: Org) -> list[tuple[Group, Webhook]]:
    return [(group, hook) for group in org.groups.values() for hook in group.webhooks]


def _signature(ask: Ask, hook: Webhook) -> None:
    """The timestamp is in milliseconds and lies within one hour of our clock."""
    if not hook.secret:
        return
    timestamp = ask.query.get("timestamp", "")
    if not timestamp.isdecimal() or abs(ask.service.now_ms() - int(timestamp)) > WINDOW_MS:
        raise OldError(UNSAFE, "invalid timestamp")
    wanted = hmac.new(hook.secret.encode(), f"{timestamp}\n{hook.secret}".encode(), hashlib.sha256)
    given = ask.query.get("sign", "")
    if not hmac.compare_digest(base64.b64encode(wanted.digest()), given.encode()):
        raise OldError(UNSAFE, "sign not match")


def _called(ask: Ask, group: Group, words: str) -> str:
    """Who is called must also stand in the text; beyond 50 nobody is."""
    at = ask.body.get("at") or {}
    people = [ask.org.members[u] for u in group.members]
    names = {p.userid: p.name for p in people}
    numbers = {p.mobile: p.name for p in people if p.mobile}
    wanted = [(u, names) for u in at.get("atUserIds") or ()]
    wanted += [(m, numbers) for m in at.get("atMobiles") or ()]
    for handle, table in wanted[:MOST_CALLED]:
        words = words.replace(f"@{handle}", f"@{table.get(handle, handle)}")
    return f"{words}\n@所有人" if at.get("isAtAll") in (True, "true") else words


APIS = (Api("POST", "robot/send", _send, token=False, counted=False),)
