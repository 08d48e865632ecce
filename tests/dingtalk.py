"""A DingTalk platform for tests: what it would send, in its own shape, sealed without our code."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import struct
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

CORP = "ding5a1e2b3c4d5f6071"
OTHER_CORP = "ding00000000000000ff"
CLIENT = "dingsampleapp"
SECRET = "canary-client-secret-77"
CARD_SECRET = "canary-card-secret-78"
TOKEN = "sampletoken"
OTHER_TOKEN = "othertoken"
AES_KEY = "c2FtcGxlIGtleSBvZiB0aGUgc2ltdWxhdG9yIG9ubHk"
OTHER_AES_KEY = "Nzk5ZjFiODIxMzkyNGMyNWIyMmFiZWZkNjIzNjIxYTg"
NOW = datetime(2026, 12, 7, 6, 0, tzinfo=UTC)
ROBOT_TOPIC = "/v1.0/im/bot/messages/get"
CARD_TOPIC = "/v1.0/card/instances/callback"

Query = dict[str, str]
Frame = dict[str, Any]


def ms(at: datetime = NOW) -> int:
    return int(at.timestamp() * 1000)


def message(words: str = "我的班", **changes: Any) -> dict[str, Any]:
    """A robot message as the reference shows it; a change to None leaves the field out."""
    body = {
        "conversationId": "cidsample==",
        "conversationType": "1",
        "chatbotCorpId": CORP,
        "chatbotUserId": "$:LWCP_v1:$robot",
        "msgId": "msgSample01",
        "msgtype": "text",
        "text": {"content": words},
        "senderNick": "李小样",
        "senderStaffId": "li",
        "senderId": "$:LWCP_v1:$li",
        "senderCorpId": CORP,
        "isAdmin": False,
        "sessionWebhook": "https://oapi.dingtalk.com/robot/sendBySession?session=canary-session",
        "sessionWebhookExpiredTime": ms() + 5_402_586,
        "createAt": ms(),
        "robotCode": CLIENT,
    }
    return {key: value for key, value in (body | changes).items() if value is not None}


def tap(action: str = "shifts.acknowledge", **changes: Any) -> dict[str, Any]:
    content = {"cardPrivateData": {"actionIds": [action], "params": {"action": action}}}
    body = {
        "type": "actionCallback",
        "outTrackId": "task-1~li",
        "corpId": CORP,
        "userId": "li",
        "spaceType": "IM",
        "spaceId": "s",
        "extension": "{}",
        "content": json.dumps(content),
    }
    return {key: value for key, value in (body | changes).items() if value is not None}


def frame(kind: str, topic: str, data: Any, *, message_id: str = "m1", **headers: str) -> Frame:
    return {
        "specVersion": "1.0",
        "type": kind,
        "headers": {
            "topic": topic,
            "messageId": message_id,
            "contentType": "application/json",
            "time": str(ms()),
            "appId": "app",
            "connectionId": "connection",
            **headers,
        },
        "data": data if isinstance(data, str) else json.dumps(data, ensure_ascii=False),
    }


def robot_frame(
    words: str = "我的班", *, message_id: str = "m1", **changes: Any
) -> dict[str, Any]:
    return frame("CALLBACK", ROBOT_TOPIC, message(words, **changes), message_id=message_id)


def tap_frame(*, message_id: str = "m1", **changes: Any) -> dict[str, Any]:
    return frame("CALLBACK", CARD_TOPIC, tap(**changes), message_id=message_id)


def event_frame(
    kind: str, data: Any, *, event_id: str = "ev1", corp: str = CORP, message_id: str = "m1"
) -> dict[str, Any]:
    return frame(
        "EVENT",
        "*",
        data,
        message_id=message_id,
        eventType=kind,
        eventId=event_id,
        eventCorpId=corp,
        eventBornTime=str(ms()),
    )


def _sha1(parts: list[str]) -> str:
    return hashlib.sha1("".join(sorted(parts)).encode(), usedforsecurity=False).hexdigest()


def _aes(aes_key: str) -> Cipher[modes.CBC]:
    key = base64.b64decode(aes_key + "=")
    return Cipher(algorithms.AES(key), modes.CBC(key[:16]))


def sealed(
    plaintext: bytes, *, owner: str = CLIENT, aes_key: str = AES_KEY, padding: bytes | None = None
) -> str:
    framed = b"0123456789abcdef" + struct.pack(">I", len(plaintext)) + plaintext + owner.encode()
    count = 32 - len(framed) % 32
    framed += bytes([count]) * count if padding is None else padding
    worker = _aes(aes_key).encryptor()
    return base64.b64encode(worker.update(framed) + worker.finalize()).decode()


def unsealed(answer: bytes, *, token: str = TOKEN, aes_key: str = AES_KEY) -> tuple[str, str]:
    """The word and the owner inside our answer, its signature checked."""
    body = json.loads(answer)
    parts = [token, body["timeStamp"], body["nonce"], body["encrypt"]]
    assert body["msg_signature"] == _sha1(parts)
    worker = _aes(aes_key).decryptor()
    plain = worker.update(base64.b64decode(body["encrypt"])) + worker.finalize()
    plain = plain[: -plain[-1]]
    end = 20 + int(struct.unpack(">I", plain[16:20])[0])
    return plain[20:end].decode(), plain[end:].decode()


def signed(encrypted: str, *, token: str = TOKEN, at: datetime = NOW) -> tuple[Query, bytes]:
    """The query and body of an event push."""
    timestamp, nonce = str(ms(at)), "WL4PK6yA"
    query = {
        "signature": _sha1([token, timestamp, nonce, encrypted]),
        "timestamp": timestamp,
        "nonce": nonce,
    }
    return query, json.dumps({"encrypt": encrypted}).encode()


def pushed(event: dict[str, Any], *, at: datetime = NOW, **how: Any) -> tuple[Query, bytes]:
    token = how.pop("token", TOKEN)
    return signed(sealed(json.dumps(event).encode(), **how), token=token, at=at)


def http_event(kind: str = "user_leave_org", **fields: Any) -> dict[str, Any]:
    head = {"EventType": kind, "EventTime": ms(), "CorpId": CORP, "eventId": "ev1"}
    return head | {"UserId": ["wang"]} | fields


def hmac64(secret: str, words: str) -> str:
    return base64.b64encode(hmac.new(secret.encode(), words.encode(), "sha256").digest()).decode()


def robot_headers(at: datetime = NOW, secret: str = SECRET) -> dict[str, str]:
    return {"timestamp": str(ms(at)), "sign": hmac64(secret, f"{ms(at)}\n{secret}")}


def tap_headers(at: datetime = NOW, secret: str = CARD_SECRET) -> dict[str, str]:
    return {
        "x-ddpaas-signature-timestamp": str(ms(at)),
        "x-ddpaas-signature": hmac64(secret, str(ms(at))),
    }
