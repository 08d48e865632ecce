"""Files sent to the robot: encrypted, each with a key of its own, at an address for five minutes.

AES-256-CBC, the key's first 16 bytes as IV, padded to 32 [D101463].
"""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from simulator.clock import Clock

LIFE = timedelta(minutes=5)
PATH = "/wecom/robot/files/"
_BLOCK = 32


@dataclass(frozen=True, slots=True)
class _Parked:
    data: bytes
    until: datetime


class ParkedFiles:
    """`base` is where the bot reaches us; known when it connects."""

    def __init__(self, clock: Clock, base: str) -> None:
        self.base = base
        self._clock = clock
        self._files: dict[str, _Parked] = {}

    def park(self, data: bytes) -> dict[str, str]:
        """The address and the key, as a message carries them; the key without its padding."""
        key, name = secrets.token_bytes(32), secrets.token_urlsafe(18)
        count = _BLOCK - len(data) % _BLOCK
        cipher = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
        sealed = cipher.update(data + bytes((count,)) * count) + cipher.finalize()
        self._files[name] = _Parked(sealed, self._clock.now() + LIFE)
        text = base64.b64encode(key).decode().rstrip("=")
        return {"url": f"{self.base}{PATH}{name}", "aeskey": text}

    def find(self, name: str) -> bytes | None:
        found = self._files.get(name)
        return found.data if found and found.until > self._clock.now() else None
