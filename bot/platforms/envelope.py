"""The encrypted envelope that WeCom and DingTalk share (D90968; E0004).

SHA-1 over four sorted strings; AES-256-CBC over 16 random bytes, the length, the message and the
receiver's id, padded to 32. Both are the platforms' choice.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import struct
from collections.abc import Sequence
from typing import Protocol

from bot.platforms.refusal import Refused

BLOCK = 32
_HEAD = 20  # 16 random bytes and the length of the message


class Cipher(Protocol):
    """AES-256-CBC whose IV is the head of the key; raw bytes in and out."""

    def encrypt(self, plaintext: bytes) -> bytes:
        """Pads to a multiple of 32 first."""
        ...

    def decrypt(self, ciphertext: bytes) -> bytes:
        """Leaves the padding on."""
        ...


def signature(token: str, timestamp: str, nonce: str, encrypted: str) -> str:
    """Lower-case hex SHA-1 over the four sorted parts."""
    joined = "".join(sorted((token, timestamp, nonce, encrypted)))
    return hashlib.sha1(joined.encode(), usedforsecurity=False).hexdigest()


def wrap(message: str, receiver: bytes, cipher: Cipher) -> str:
    """A message for `receiver` as base64."""
    data = message.encode()
    plaintext = secrets.token_bytes(16) + struct.pack(">I", len(data)) + data + receiver
    return base64.b64encode(cipher.encrypt(plaintext)).decode()


def unwrap(encrypted: str, receivers: Sequence[bytes], cipher: Cipher) -> tuple[bytes, bytes]:
    """The message and which of `receivers` it is for. Raises Refused."""
    try:
        ciphertext = binascii.a2b_base64(encrypted, strict_mode=True)
    except binascii.Error:
        raise Refused(400, "base64") from None
    if not ciphertext or len(ciphertext) % BLOCK:
        raise Refused(400, "blocks")
    plaintext = _unpad(cipher.decrypt(ciphertext))
    if len(plaintext) < _HEAD:
        raise Refused(400, "short")
    end = _HEAD + int(struct.unpack_from(">I", plaintext, 16)[0])
    if end > len(plaintext):
        raise Refused(400, "length")
    meant = [each for each in receivers if hmac.compare_digest(plaintext[end:], each)]
    if not meant:
        raise Refused(403, "receive_id")
    return plaintext[_HEAD:end], meant[0]


def _unpad(padded: bytes) -> bytes:
    count = padded[-1]
    if not 1 <= count <= BLOCK or padded[-count:] != bytes((count,)) * count:
        raise Refused(400, "padding")
    return padded[:-count]
