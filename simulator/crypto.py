"""Signature and encryption of WeCom callbacks, written from the published description."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

BLOCK = 32


class CryptoError(Exception):
    """A callback or reply that cannot be trusted; `code` is that of the official sample."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code} {reason}")
        self.code = code


def sign(token: str, timestamp: str, nonce: str, encrypted: str) -> str:
    joined = "".join(sorted([token, timestamp, nonce, encrypted]))
    return hashlib.sha1(joined.encode(), usedforsecurity=False).hexdigest()


def pad(data: bytes) -> bytes:
    """PKCS#7 to multiples of 32: an aligned message gets a whole block more."""
    n = BLOCK - len(data) % BLOCK
    return data + bytes([n]) * n


def unpad(data: bytes) -> bytes:
    n = data[-1] if data else 0
    if not 1 <= n <= BLOCK or data[-n:] != bytes([n]) * n:
        raise CryptoError(-40008, "bad padding")
    return data[:-n]


class Envelope:
    """Seals and opens the messages of one application."""

    def __init__(self, token: str, aes_key: str, receiver: str) -> None:
        try:
            key = base64.b64decode(aes_key + "=", validate=True)
        except binascii.Error:
            key = b""
        if len(aes_key) != 43 or len(key) != 32:
            raise CryptoError(-40004, "EncodingAESKey must be 43 letters and digits")
        self._token = token
        self._receiver = receiver.encode()
        self._cipher = Cipher(algorithms.AES(key), modes.CBC(key[:16]))

    def seal(self, message: str, salt: bytes | None = None) -> str:
        body = message.encode()
        head = (salt or secrets.token_hex(8).encode()) + len(body).to_bytes(4, "big")
        enc = self._cipher.encryptor()
        sealed = enc.update(pad(head + body + self._receiver)) + enc.finalize()
        return base64.b64encode(sealed).decode()

    def open(self, encrypted: str) -> str:
        plain = self._decrypt(encrypted)
        if len(plain) < 20:
            raise CryptoError(-40008, "too short")
        end = 20 + int.from_bytes(plain[16:20], "big")
        if plain[end:] != self._receiver:
            raise CryptoError(-40005, "receiveid differs")
        return plain[20:end].decode()

    def sign(self, timestamp: str, nonce: str, encrypted: str) -> str:
        return sign(self._token, timestamp, nonce, encrypted)

    def check(self, signature: str, timestamp: str, nonce: str, encrypted: str) -> None:
        if not hmac.compare_digest(
            signature.encode(), self.sign(timestamp, nonce, encrypted).encode()
        ):
            raise CryptoError(-40001, "signature differs")

    def _decrypt(self, encrypted: str) -> bytes:
        try:
            sealed = base64.b64decode(encrypted, validate=True)
        except (binascii.Error, ValueError):
            raise CryptoError(-40010, "not base64") from None
        if not sealed or len(sealed) % 16:
            raise CryptoError(-40007, "not whole blocks")
        dec = self._cipher.decryptor()
        return unpad(dec.update(sealed) + dec.finalize())
