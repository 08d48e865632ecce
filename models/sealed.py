"""Personal data at rest: AES-256-GCM values that name their key, and keyed hashes to find them.

A sealed value reads `KEYID:base64url(nonce || ciphertext || tag)`. The place it belongs to
(`table.column`) is authenticated with it, so a value copied into another column does not open.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from tortoise import fields

NONCE = 12  # bytes, the size GCM is specified for


class SealError(Exception):
    """A sealed value cannot be opened: unknown key id, altered bytes or the wrong column."""


@dataclass(frozen=True)
class KeyRing:
    """The keys we can open with, oldest first, and the one we seal with. Keys are 32 bytes."""

    keys: Mapping[str, bytes]
    current: str

    def __post_init__(self) -> None:
        if self.current not in self.keys:
            raise ValueError(f"the current key id {self.current!r} is not in the key ring")
        for key_id, key in self.keys.items():
            if len(key) != 32:
                raise ValueError(f"key {key_id!r} must be 32 bytes, not {len(key)}")

    @cached_property
    def _ciphers(self) -> dict[str, AESGCM]:
        return {key_id: AESGCM(key) for key_id, key in self.keys.items()}

    @cached_property
    def _index_key(self) -> bytes:
        # From the oldest key, so that hashes survive rotation of the sealing key.
        oldest = next(iter(self.keys.values()))
        return hmac.digest(oldest, b"wardbell blind index", "sha256")

    def seal(self, place: str, text: str) -> str:
        nonce = secrets.token_bytes(NONCE)
        sealed = self._ciphers[self.current].encrypt(nonce, text.encode(), place.encode())
        return f"{self.current}:{base64.urlsafe_b64encode(nonce + sealed).decode()}"

    def open(self, place: str, value: str) -> str:
        key_id, _, body = value.partition(":")
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise SealError(f"{place}: no key with id {key_id!r} in the key ring")
        try:
            raw = base64.urlsafe_b64decode(body)
            return cipher.decrypt(raw[:NONCE], raw[NONCE:], place.encode()).decode()
        except (InvalidTag, ValueError) as error:
            raise SealError(f"{place}: the sealed value was altered or moved") from error

    def index(self, place: str, text: str) -> str:
        """A keyed hash to search by: equal texts in one place give equal hashes."""
        message = f"{place}\0{text}".encode()
        return hmac.new(self._index_key, message, hashlib.sha256).hexdigest()


class _Ring:
    """Model fields are built at import, before any key exists; the root hands the keys in here."""

    ring: KeyRing | None = None
    reload: Callable[[], KeyRing] | None = None


def install(ring: KeyRing, reload: Callable[[], KeyRing] | None = None) -> None:
    """Use these keys. `reload` reads them anew when a value names a key we do not know yet."""
    _Ring.ring = ring
    _Ring.reload = reload


def open_sealed(place: str, value: str) -> str:
    """Open a value, also when its key was added after this process started."""
    if value.partition(":")[0] not in ring().keys and _Ring.reload is not None:
        _Ring.ring = _Ring.reload()
    return ring().open(place, value)


def ring() -> KeyRing:
    if _Ring.ring is None:
        raise SealError("no key ring installed: the composition root must call sealed.install()")
    return _Ring.ring


def seal_json(place: str, value: Any) -> str:
    return ring().seal(place, json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def open_json(place: str, value: str) -> Any:
    return json.loads(open_sealed(place, value))


class SealedText(fields.TextField):
    """A text column that holds only ciphertext. It cannot be filtered on; keep an index column."""

    def __init__(self, place: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.place = place

    def to_db_value(self, value: Any, instance: Any) -> Any:  # noqa: ARG002
        return None if value is None else ring().seal(self.place, str(value))

    def to_python_value(self, value: Any) -> Any:
        if value is None or ":" not in value:
            return value
        return open_sealed(self.place, value)
