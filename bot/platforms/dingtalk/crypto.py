"""Who sent an HTTP callback: the events' envelope and the two signed headers.

Events (E0004): the same envelope as WeCom's, in JSON, for the owner's key, which is the client id
for an app of the console and the corp id for addresses registered by API. Robot messages (S0718)
and taps (C1-0007) sign a timestamp only, so a captured pair of headers could carry another body:
the address must be HTTPS and hard to guess, and a message is ended by its own id in the inbox.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import orjson
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from multidict import MultiMapping

from bot.platforms.dingtalk.reading import parse
from bot.platforms.envelope import BLOCK, signature, unwrap, wrap
from bot.platforms.refusal import Refused

EVENT_WINDOW = timedelta(seconds=300)
ROBOT_WINDOW = timedelta(hours=1)
TAP_WINDOW = timedelta(seconds=300)

_SIGNATURE = re.compile(r"[0-9a-f]{40}")
_MILLISECONDS = re.compile(r"[0-9]{13}")
_NONCE = re.compile(r"[\x21-\x7e]{1,128}")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{4,}={0,2}")
_HMAC = re.compile(r"[A-Za-z0-9+/]{43}=")
_TOKEN = re.compile(r"[A-Za-z0-9]{3,32}")
_AES_KEY = re.compile(r"[A-Za-z0-9]{43}")


class _Aes:
    """AES-256-CBC whose IV is the head of the key, padded to 32."""

    def __init__(self, aes_key: str) -> None:
        key = base64.b64decode(aes_key + "=")
        self._cipher = Cipher(algorithms.AES(key), modes.CBC(key[:16]))

    def encrypt(self, plaintext: bytes) -> bytes:
        count = BLOCK - len(plaintext) % BLOCK
        worker = self._cipher.encryptor()
        return worker.update(plaintext + bytes((count,)) * count) + worker.finalize()

    def decrypt(self, ciphertext: bytes) -> bytes:
        worker = self._cipher.decryptor()
        return worker.update(ciphertext) + worker.finalize()


@dataclass(frozen=True, slots=True)
class Opened:
    """A proven event and the owner it was sealed for, for whom the answer is sealed too."""

    plaintext: bytes
    owner: bytes = field(repr=False)


class EventCrypto:
    """The envelopes of events. `owners` are the keys of which one must be inside.

    Raises ValueError for a malformed token or key, or without owners.
    """

    def __init__(self, token: str, aes_key: str, owners: Sequence[str]) -> None:
        if not _TOKEN.fullmatch(token):
            raise ValueError("the callback token is 3 to 32 letters and digits")
        if not _AES_KEY.fullmatch(aes_key):
            raise ValueError("the aes_key is 43 letters and digits")
        self._owners = [owner.encode() for owner in owners if owner]
        if not self._owners:
            raise ValueError("the callback needs the client id as its owner")
        self._token = token
        self._aes = _Aes(aes_key)

    def open(self, query: MultiMapping[str], body: bytes, now: datetime) -> Opened:
        """Raises Refused."""
        encrypted = parse(body).get("encrypt")
        if not isinstance(encrypted, str) or not _BASE64.fullmatch(encrypted):
            raise Refused(400, "envelope")
        given = _one(query, _SIGNATURE, "signature", "msg_signature")
        timestamp = _one(query, _MILLISECONDS, "timestamp")
        nonce = _one(query, _NONCE, "nonce")
        _check_age(timestamp, now, EVENT_WINDOW)
        wanted = signature(self._token, timestamp, nonce, encrypted)
        if not hmac.compare_digest(given.encode(), wanted.encode()):
            raise Refused(403, "signature")
        return Opened(*unwrap(encrypted, self._owners, self._aes))

    def success(self, opened: Opened, now: datetime) -> bytes:
        """The sealed word that ends a push; its time is spelt `timeStamp`."""
        encrypted = wrap("success", opened.owner, self._aes)
        timestamp, nonce = str(_milliseconds(now)), secrets.token_hex(8)
        return orjson.dumps(
            {
                "msg_signature": signature(self._token, timestamp, nonce, encrypted),
                "timeStamp": timestamp,
                "nonce": nonce,
                "encrypt": encrypted,
            }
        )


def check_robot(headers: MultiMapping[str], secret: str, now: datetime) -> None:
    """Raises Refused unless `sign` is ours and less than an hour old."""
    timestamp = _one(headers, _MILLISECONDS, "timestamp")
    given = _one(headers, _HMAC, "sign")
    _check_age(timestamp, now, ROBOT_WINDOW)
    _check_sign(given, sign(secret, f"{timestamp}\n{secret}"))


def check_tap(headers: MultiMapping[str], secret: str, now: datetime) -> tuple[str, datetime]:
    """The signed timestamp as it came and as an instant. Raises Refused."""
    timestamp = _one(headers, _MILLISECONDS, "x-ddpaas-signature-timestamp")
    given = _one(headers, _HMAC, "x-ddpaas-signature")
    _check_age(timestamp, now, TAP_WINDOW)
    _check_sign(given, sign(secret, timestamp))
    return timestamp, datetime.fromtimestamp(int(timestamp) / 1000, UTC)


def sign(secret: str, words: str) -> str:
    """base64(HmacSHA256), keyed by the secret."""
    return base64.b64encode(hmac.digest(secret.encode(), words.encode(), hashlib.sha256)).decode()


def _check_sign(given: str, wanted: str) -> None:
    if not hmac.compare_digest(given.encode(), wanted.encode()):
        raise Refused(403, "signature")


def _check_age(timestamp: str, now: datetime, window: timedelta) -> None:
    if abs(_milliseconds(now) - int(timestamp)) > window.total_seconds() * 1000:
        raise Refused(403, "stale")


def _milliseconds(instant: datetime) -> int:
    return int(instant.timestamp() * 1000)


def _one(values: MultiMapping[str], pattern: re.Pattern[str], *names: str) -> str:
    """The one value under any of these names. Raises Refused."""
    found = [value for name in names for value in values.getall(name, [])]
    if len(found) != 1 or not pattern.fullmatch(found[0]):
        raise Refused(400, "query")
    return found[0]
