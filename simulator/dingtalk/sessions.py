"""Answers through the sessionWebhook of an incoming message [S0718]."""

from __future__ import annotations

from typing import Any

from simulator.dingtalk import webhook_messages
from simulator.dingtalk.asks import Api, Ask, Reply
from simulator.dingtalk.errors import OldError
from simulator.dingtalk.memory import Session
from simulator.dingtalk.places import ROBOT
from simulator.dingtalk.service import DingTalk
from simulator.phones import Item


def _send(ask: Ask) -> Reply:
    session = ask.memory.sessions.get(ask.query.get("session", ""))
    if session is None or session.expires_ms <= ask.service.now_ms():
        raise OldError(300001)
    item = answer(ask.service, session, ask.body)
    ask.call.who, ask.call.summary = session.phone, f"{ask.body['msgtype']}: {item.kind}"
    return {}


def answer(service: DingTalk, session: Session, body: dict[str, Any]) -> Item:
    """Put a message in webhook format into the conversation."""
    kind, content = webhook_messages.read(body)
    item = service.sim.phones.receive(
        session.phone, kind, ROBOT, content, app_name=service.org.robot_name
    )
    session.items.append(item)
    service.sim.counters["sends"] += 1
    return item


APIS = (Api("POST", "robot/sendBySession", _send, token=False, counted=False),)
