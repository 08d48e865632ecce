"""Invented pictures and papers: small, and what their bytes say they are."""

from __future__ import annotations

import struct
import zlib

HEIC = b"\x00\x00\x00\x24ftypheic" + bytes(200)
WEBP = b"RIFF\x24\x00\x00\x00WEBPVP8 " + bytes(200)


def jpeg(words: str = "执业证", size: int = 400, *, preview: bool = False) -> bytes:
    """Segments as of a photo: an application segment, perhaps with a preview, and a scan."""
    inside = b"\xff\xd8\xff\xda\x00\x02\x01\xff\xd9" if preview else b""
    app = b"JFIF\0" + words.encode() + inside
    scan = bytes(each % 200 for each in range(size))
    return (
        b"\xff\xd8\xff\xe0"
        + struct.pack(">H", len(app) + 2)
        + app
        + b"\xff\xda\x00\x02"
        + scan
        + b"\xff\xd9"
    )


def png(red: int = 200, side: int = 24) -> bytes:
    """A square of one colour that any viewer can show."""
    rows = (b"\0" + bytes((red, 120, 90)) * side) * side
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    noise = b"Comment\0" + bytes(60)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", head)
        + _chunk(b"tEXt", noise)
        + _chunk(b"IDAT", zlib.compress(rows))
        + _chunk(b"IEND", b"")
    )


def pdf(words: str = "licence") -> bytes:
    return b"%PDF-1.4\n% " + words.encode() + bytes(200) + b"\ntrailer\n%%EOF\n"


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
