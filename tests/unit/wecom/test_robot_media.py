"""Files of the smart robot: deciphered as they were sealed, uploaded piece by piece."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st

from bot.channels import Failure, File, SendFailed
from bot.platforms.wecom.robot import frames
from bot.platforms.wecom.robot.frames import Body
from bot.platforms.wecom.robot.media import opened
from bot.platforms.wecom.robot.uploads import PIECE_BYTES, upload
from services.refusals import Refusal

KEY = bytes(range(32))


def sealed(data: bytes, key: bytes = KEY) -> bytes:
    count = 32 - len(data) % 32
    cipher = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    return cipher.update(data + bytes((count,)) * count) + cipher.finalize()


@given(st.binary(max_size=200), st.booleans())
def test_what_was_sealed_is_opened(data: bytes, padded: bool) -> None:
    key = base64.b64encode(KEY).decode()
    assert opened(sealed(data), key if padded else key.rstrip("=")) == data


@pytest.mark.parametrize(
    ("body", "key"),
    [
        (b"", base64.b64encode(KEY).decode()),
        (sealed(b"x" * 40)[:-1], base64.b64encode(KEY).decode()),
        (sealed(b"x" * 40)[:-32], base64.b64encode(KEY).decode()),  # cut at a block
        (sealed(b"x"), base64.b64encode(bytes(32)).decode()),
        (sealed(b"x"), base64.b64encode(bytes(16)).decode()),
        (sealed(b"x"), "not base64!"),
    ],
)
def test_what_cannot_be_opened_is_refused(body: bytes, key: str) -> None:
    with pytest.raises(Refusal, match="photo_cut_off"):
        opened(body, key)


@dataclass
class Line:
    """Takes an upload in; `failing` breaks one of its steps."""

    failing: Mapping[str, SendFailed] = field(default_factory=dict)
    pieces: dict[int, bytes] = field(default_factory=dict)
    about: Body = field(default_factory=dict)

    async def ask(
        self, cmd: str, body: Body, req_id: str = "", patience: float = 0.0
    ) -> Mapping[str, Any]:
        assert patience >= 15
        if cmd in self.failing:
            raise self.failing[cmd]
        if cmd == frames.UPLOAD:
            self.about = body
            return {"upload_id": "u"}
        if cmd == frames.UPLOAD_PIECE:
            number, text = body["chunk_index"], body["base64_data"]
            assert isinstance(number, int)
            assert isinstance(text, str)
            self.pieces[number] = base64.b64decode(text)
            return {}
        return {"media_id": "m"}


def file(size: int) -> File:
    data = (bytes(range(251)) * (size // 251 + 1))[:size]
    return File(data, "image/png", "证.png")


@pytest.mark.parametrize(
    ("size", "count"), [(1, 1), (PIECE_BYTES, 1), (PIECE_BYTES + 1, 2), (3 * PIECE_BYTES, 3)]
)
def test_a_file_goes_in_pieces_from_nought(size: int, count: int) -> None:
    line, sent = Line(), file(size)
    assert asyncio.run(upload(line, sent)) == "m"
    assert sorted(line.pieces) == list(range(count))
    assert b"".join(line.pieces[n] for n in range(count)) == sent.data
    digest = hashlib.md5(sent.data, usedforsecurity=False).hexdigest()
    about = (line.about["total_size"], line.about["total_chunks"], line.about["md5"])
    assert about == (size, count, digest)


@pytest.mark.parametrize("cmd", [frames.UPLOAD, frames.UPLOAD_PIECE, frames.UPLOAD_END])
def test_an_upload_of_unknown_fate_may_be_tried_again(cmd: str) -> None:
    """Nobody has been shown it: unlike a message it harms nobody twice."""
    line = Line({cmd: SendFailed(Failure.UNKNOWN, reason="no ack in time")})
    with pytest.raises(SendFailed) as failed:
        asyncio.run(upload(line, file(10)))
    assert failed.value.failure is Failure.RETRY


def test_what_is_too_long_is_not_begun() -> None:
    line = Line()
    with pytest.raises(SendFailed) as failed:
        asyncio.run(upload(line, file(100 * PIECE_BYTES + 1)))
    assert (failed.value.failure, line.about) == (Failure.REQUEST, {})
