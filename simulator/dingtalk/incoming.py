"""What the bot hears when somebody writes to the robot [G0078, S0699]."""

from __future__ import annotations

from typing import Any

from simulator.dingtalk.memory import SESSION_MS, Session, new_id
from simulator.dingtalk.org import Group, Person
from simulator.dingtalk.parcels import Push
from simulator.dingtalk.service import DingTalk
from simulator.photos import Photo

TOPIC = "/v1.0/im/bot/messages/get"
EXHAUSTED = {"errorCode": "20001", "errorMessage": "本月 Webhook 和 Stream 推送量已用完"}


def lwcp(word: str) -> str:
    """An encrypted id as the platform shows it: of no use to any API."""
    return f"$:LWCP_v1:${word.encode().hex()[:32]}"


def conversation_of(org_corpid: str, person: Person) -> str:
    return f"cid{org_corpid[-6:]}{person.userid.encode().hex()}=="


def message(
    service: DingTalk,
    phone: str,
    who: Person,
    group: Group | None,
    body: dict[str, Any],
    extra: dict[str, Any],
) -> tuple[Push, Session]:
    """Build the push; `body` is msgtype with its part, `extra` replaces any field at will."""
    org, now = service.org, service.now_ms()
    session = Session(phone, now + SESSION_MS)
    token = new_id()
    service.memory.sessions[token] = session
    data = {
        "conversationId": group.id if group else conversation_of(org.corpid, who),
        "conversationType": "2" if group else "1",
        "chatbotCorpId": org.corpid,
        "chatbotUserId": lwcp(org.robot_code),
        "msgId": new_id("msg"),
        "senderNick": who.name,
        "senderStaffId": who.userid if who.active else "",
        "senderId": lwcp(who.userid),
        "senderCorpId": org.corpid,
        "isAdmin": False,
        "sessionWebhook": f"{service.base}/robot/sendBySession?session={token}",
        "sessionWebhookExpiredTime": session.expires_ms,
        "createAt": now,
        "robotCode": org.robot_code,
        "senderPlatform": "Android",
        **(_in_group(org.robot_code, group) if group else {}),
        **body,
    }
    if not service.memory.quota.push("robot_message"):
        data = {k: v for k, v in data.items() if k not in ("text", "content")} | EXHAUSTED
    words = str(body.get("text", {}).get("content", "")).strip() or str(body["msgtype"])
    push = Push(
        "robot", "robot_message", "CALLBACK", TOPIC, who.userid, data | extra, summary=words
    )
    return push, session


def text(words: str, group: Group | None) -> dict[str, Any]:
    """The own @name is taken out, and the blank after it stays."""
    return {"msgtype": "text", "text": {"content": f" {words}" if group else words}}


def photo(sent: Photo, code: str) -> dict[str, Any]:
    """A file's words do not go with it: the client sends none."""
    if sent.kind == "file":
        return {"msgtype": "file", "content": {"downloadCode": code, "fileName": sent.name}}
    if not sent.caption:
        return {"msgtype": "picture", "content": {"downloadCode": code}}
    parts = [{"text": sent.caption}, {"downloadCode": code, "type": "picture"}]
    return {"msgtype": "richText", "content": {"richText": parts}}


def _in_group(robot_code: str, group: Group) -> dict[str, Any]:
    return {
        "conversationTitle": group.title,
        "isInAtList": True,
        "atUsers": [{"dingtalkId": lwcp(robot_code)}],
    }
