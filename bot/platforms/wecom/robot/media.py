"""Fetches what was sent to the smart robot: ciphertext at an address, its key in the message.

AES-256-CBC, the key's first 16 bytes as IV, padded to 32; an address lives 5 minutes (D101463).
"""

from __future__ import annotations

import base64
import binascii

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from bot.events import MediaSent
from bot.platforms.downloads import Downloads
from services.refusals import Refusal

_BLOCK = 32
_KEY_BYTES = 32


class RobotMedia:
    """Implements bot.media.MediaSource."""

    def __init__(self, downloads: Downloads) -> None:
        self._downloads = downloads

    async def fetch(self, event: MediaSent, most: int) -> bytes:
        if not event.url:
            raise Refusal("photo_gone")
        body = await self._downloads.get(event.url, most + _BLOCK)
        return opened(body, event.aes_key) if event.aes_key else body


def opened(body: bytes, aes_key: str) -> bytes:
    """Raises Refusal("photo_cut_off") when it cannot be deciphered."""
    key = _key(aes_key)
    if len(key) != _KEY_BYTES or not body or len(body) % 16:
        raise Refusal("photo_cut_off")
    cipher = Cipher(algorithms.AES(key), modes.CBC(key[:16])).decryptor()
    padded = cipher.update(body) + cipher.finalize()
    count = padded[-1]
    if not 1 <= count <= _BLOCK or padded[-count:] != bytes((count,)) * count:
        raise Refusal("photo_cut_off")
    return padded[:-count]


def _key(text: str) -> bytes:
    """The platform leaves the padding of base64 away, sometimes."""
    bare = text.strip().rstrip("=")
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except binascii.Error:
        return b""
