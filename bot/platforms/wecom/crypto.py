"""Callback envelopes: prove who sent them before reading them, open them, seal what we answer.

Facts: D90930, D90238, D90968 of the WeCom developer pages. SHA-1 and AES-CBC are the platform's
choice. A replay inside the time window passes here and is ended by the inbox's unique event id.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from multidict import MultiMapping

from bot.platforms.envelope import signature, unwrap, wrap
from bot.platforms.refusal import Refused
from bot.platforms.wecom.upstream import MessageCipher

DEFAULT_WINDOW = timedelta(seconds=300)
WIDEST_WINDOW = timedelta(seconds=600)

_SIGNATURE = re.compile(r"[0-9a-f]{40}")
_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_NONCE = re.compile(r"[\x21-\x7e]{1,128}")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{4,}={0,2}")
_TOKEN = re.compile(r"[A-Za-z0-9]{1,32}")
_AES_KEY = re.compile(r"[A-Za-z0-9]{43}")

# Possessive quantifiers would be shorter, but Python 3.11.2 (Debian 12) gets them wrong.
_FIELDS = re.compile(
    rb"(?:\s*<[A-Za-z]{1,32}>(?:<!\[CDATA\[[^\]]{0,256}\]\]>|[^<]{0,256})</[A-Za-z]{1,32}>){0,8}\s*"
)
_ENCRYPTED = re.compile(rb"[A-Za-z0-9+/]{4,}={0,2}")
_AROUND = 4096  # bytes of other fields before or after the encrypted one, at most


def _encrypted(body: bytes) -> str:
    """The one encrypted field of `<xml>…</xml>`, found in linear time. Raises Refused."""
    text = body.strip()
    head, opened, rest = text.removeprefix(b"<xml>").partition(b"<Encrypt>")
    value, closed, tail = rest.removesuffix(b"</xml>").partition(b"</Encrypt>")
    whole = text.startswith(b"<xml>") and text.endswith(b"</xml>") and opened and closed
    plain = value.removeprefix(b"<![CDATA[").removesuffix(b"]]>")
    around = all(
        len(part) <= _AROUND and b"<Encrypt>" not in part and _FIELDS.fullmatch(part)
        for part in (head, tail)
    )
    if not whole or not around or not _ENCRYPTED.fullmatch(plain):
        raise Refused(400, "envelope")
    return plain.decode("ascii")


@dataclass(frozen=True, slots=True)
class CallbackKeys:
    """One Token and EncodingAESKey from the admin console. Raises ValueError if malformed."""

    token: str = field(repr=False)
    aes_key: str = field(repr=False)
    cipher: MessageCipher = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not _TOKEN.fullmatch(self.token):
            raise ValueError("the callback token is 1 to 32 letters and digits")
        if not _AES_KEY.fullmatch(self.aes_key):
            raise ValueError("the EncodingAESKey is 43 letters and digits")
        object.__setattr__(self, "cipher", MessageCipher(self.aes_key))


@dataclass(frozen=True, slots=True)
class Opened:
    """A proven message and the keys that proved it, with which the answer must be sealed."""

    plaintext: bytes
    keys: CallbackKeys


class CallbackCrypto:
    """The envelopes of one app. Several `keys` are valid at once while they are being rotated.

    `receive_id` is the corp id (empty for a smart robot). Raises ValueError without keys or with
    a window above ten minutes.
    """

    def __init__(
        self,
        receive_id: str,
        keys: Sequence[CallbackKeys],
        *,
        window: timedelta = DEFAULT_WINDOW,
    ) -> None:
        if not keys:
            raise ValueError("a callback needs keys")
        if not timedelta() < window <= WIDEST_WINDOW:
            raise ValueError("the callback window is at most 600 seconds")
        self.receive_id = receive_id
        self._receive_id = receive_id.encode()
        self._keys = tuple(keys)
        self._window = window.total_seconds()

    def open_echo(self, query: MultiMapping[str], now: datetime) -> bytes:
        """The bare text that answers URL verification. Raises Refused."""
        # A plus that was not percent-encoded arrives as a space, which base64 never holds.
        echo = _one(query, "echostr").replace(" ", "+")
        if not _BASE64.fullmatch(echo):
            raise Refused(400, "query")
        return self._open(query, echo, now).plaintext

    def open_body(self, query: MultiMapping[str], body: bytes, now: datetime) -> Opened:
        """The message inside a posted envelope; no XML parser sees the body. Raises Refused."""
        return self._open(query, _encrypted(body), now)

    def seal(self, message: str, keys: CallbackKeys, now: datetime) -> str:
        """The encrypted XML of a passive reply (D90930), under the keys that opened the event."""
        encrypted = wrap(message, self._receive_id, keys.cipher)
        timestamp, nonce = str(int(now.timestamp())), secrets.token_hex(8)
        signed = signature(keys.token, timestamp, nonce, encrypted)
        return (
            f"<xml><Encrypt><![CDATA[{encrypted}]]></Encrypt>"
            f"<MsgSignature><![CDATA[{signed}]]></MsgSignature>"
            f"<TimeStamp>{timestamp}</TimeStamp><Nonce><![CDATA[{nonce}]]></Nonce></xml>"
        )

    def _open(self, query: MultiMapping[str], encrypted: str, now: datetime) -> Opened:
        given = _one(query, "msg_signature", _SIGNATURE)
        timestamp = _one(query, "timestamp", _TIMESTAMP)
        nonce = _one(query, "nonce", _NONCE)
        if abs(now.timestamp() - int(timestamp)) > self._window:
            raise Refused(403, "stale")
        proven = [
            keys
            for keys in self._keys
            if hmac.compare_digest(
                given.encode(), signature(keys.token, timestamp, nonce, encrypted).encode()
            )
        ]
        if not proven:
            raise Refused(403, "signature")
        return self._decrypt(encrypted, proven)

    def _decrypt(self, encrypted: str, proven: Sequence[CallbackKeys]) -> Opened:
        # A rotation may keep the token and change only the AES key: then several keys are proven.
        for keys in proven[:-1]:
            try:
                return Opened(self._unwrap(encrypted, keys), keys)
            except Refused:
                continue
        return Opened(self._unwrap(encrypted, proven[-1]), proven[-1])

    def _unwrap(self, encrypted: str, keys: CallbackKeys) -> bytes:
        message, _ = unwrap(encrypted, [self._receive_id], keys.cipher)
        return message


def _one(query: MultiMapping[str], name: str, pattern: re.Pattern[str] | None = None) -> str:
    values = query.getall(name, [])
    if len(values) != 1 or (pattern is not None and not pattern.fullmatch(values[0])):
        raise Refused(400, "query")
    return values[0]
