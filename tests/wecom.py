"""A WeCom platform for tests: envelopes sealed by wechatpy, not by the code under test."""

from __future__ import annotations

import base64
import hashlib
import struct
from datetime import UTC, datetime
from xml.etree import ElementTree

from wechatpy.crypto.base import WeChatCipher
from wechatpy.enterprise.crypto import WeChatCrypto

TOKEN = "QDG6eK"
AES_KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
CORP = "wx5823bf96d3bd56c7"
OTHER_TOKEN = "hJqcu3uJ9Tn2gXPmxx2w9kkCkCE2EPYo"
OTHER_AES_KEY = "6qkdMrq68nTKduznJYO1A37W2oEgpkMUvkttRToqhUt"
NOW = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
NONCE = "1372623149"

Query = dict[str, str]


def text_xml(
    words: str = "我的班", *, user: str = "li", message_id: str = "4561255354251345929"
) -> str:
    return (
        f"<xml><ToUserName><![CDATA[{CORP}]]></ToUserName>"
        f"<FromUserName><![CDATA[{user}]]></FromUserName><CreateTime>1409659813</CreateTime>"
        f"<MsgType><![CDATA[text]]></MsgType><Content><![CDATA[{words}]]></Content>"
        f"<MsgId>{message_id}</MsgId><AgentID>218</AgentID></xml>"
    )


def event_xml(event: str, fields: str = "", *, user: str = "li") -> str:
    sender = f"<FromUserName><![CDATA[{user}]]></FromUserName>" if user else ""
    return (
        f"<xml><ToUserName><![CDATA[{CORP}]]></ToUserName>{sender}"
        "<CreateTime>1409659813</CreateTime><MsgType><![CDATA[event]]></MsgType>"
        f"<Event><![CDATA[{event}]]></Event>{fields}<AgentID>218</AgentID></xml>"
    )


def sign(token: str, timestamp: str, nonce: str, encrypted: str) -> str:
    joined = "".join(sorted([token, timestamp, nonce, encrypted]))
    return hashlib.sha1(joined.encode(), usedforsecurity=False).hexdigest()


def posted(
    xml: str,
    *,
    at: datetime = NOW,
    token: str = TOKEN,
    aes_key: str = AES_KEY,
    corp: str = CORP,
) -> tuple[Query, bytes]:
    """The query and body of a delivery, in the platform's own shape."""
    timestamp = str(int(at.timestamp()))
    sealed = WeChatCrypto(token, aes_key, corp).encrypt_message(xml, NONCE, timestamp)
    encrypted = str(sealed).split("<Encrypt><![CDATA[")[1].split("]]>")[0]
    return signed(encrypted, token=token, at=at)


def posted_raw(
    plaintext: bytes, *, corp: str = CORP, padding: bytes | None = None
) -> tuple[Query, bytes]:
    """Like `posted`, for bytes that no honest platform would send; `padding` overrides PKCS#7."""
    framed = b"0123456789abcdef" + struct.pack(">I", len(plaintext)) + plaintext + corp.encode()
    count = 32 - len(framed) % 32
    framed += bytes([count]) * count if padding is None else padding
    cipher = WeChatCipher(base64.b64decode(AES_KEY + "="))
    return signed(base64.b64encode(cipher.encrypt(framed)).decode())


def signed(encrypted: str, *, token: str = TOKEN, at: datetime = NOW) -> tuple[Query, bytes]:
    timestamp = str(int(at.timestamp()))
    body = (
        f"<xml><ToUserName><![CDATA[{CORP}]]></ToUserName><AgentID><![CDATA[218]]></AgentID>"
        f"<Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
    )
    query = {
        "msg_signature": sign(token, timestamp, NONCE, encrypted),
        "timestamp": timestamp,
        "nonce": NONCE,
    }
    return query, body.encode()


def unsealed(reply: str, *, token: str = TOKEN, aes_key: str = AES_KEY) -> str:
    """The inner XML of our passive reply, opened and checked by wechatpy."""
    root = ElementTree.fromstring(reply)  # noqa: S314 -- our own reply
    return str(
        WeChatCrypto(token, aes_key, CORP).decrypt_message(
            reply,
            root.findtext("MsgSignature"),
            root.findtext("TimeStamp"),
            root.findtext("Nonce"),
        )
    )
