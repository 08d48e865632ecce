"""What a file is, by its own bytes: its name and what a platform says prove nothing.

JPEG (ITU T.81: FFD8FF … FFD9), PNG (RFC 2083: eight bytes of signature … an IEND chunk), PDF
(ISO 32000-1: `%PDF-` within the first 1024 bytes … `%%EOF`).
"""

from __future__ import annotations

from collections.abc import Iterator

from services.refusals import Refusal

JPEG, PNG, PDF = "image/jpeg", "image/png", "application/pdf"
ENDINGS = {JPEG: ".jpg", PNG: ".png", PDF: ".pdf"}
MOST_BYTES = 10 << 20
LEAST_BYTES = 100  # no picture is smaller
MOST_PIXELS = 220_000_000  # phones make 200 million; a few bytes may claim billions
_HEAD = 1024  # bytes before which a PDF may begin
_SCAN = 0xDA
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # those that say how large
_HEIC = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif")


def media_type_of(data: bytes) -> str:
    """JPEG, PNG or PDF.

    Raises Refusal: photo_empty, photo_too_large, photo_heic, photo_cut_off, photo_unreadable,
    photo_pixels (who opens it would have to unpack them all).
    """
    if len(data) > MOST_BYTES:
        raise Refusal("photo_too_large", limit=MOST_BYTES >> 20)
    if len(data) < LEAST_BYTES:
        raise Refusal("photo_empty")
    if data[4:8] == b"ftyp" and data[8:12] in _HEIC:
        raise Refusal("photo_heic")
    found, whole = _look(data)
    if not found:
        raise Refusal("photo_unreadable")
    if not whole:
        raise Refusal("photo_cut_off")
    if _pixels(data, found) > MOST_PIXELS:
        raise Refusal("photo_pixels")
    return found


def _look(data: bytes) -> tuple[str, bool]:
    """What it begins as ("" for anything else), and whether its end is there."""
    if data.startswith(b"\xff\xd8\xff"):
        return JPEG, _whole_jpeg(data)
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG, data[12:16] == b"IHDR" and b"IEND" in data[16:]
    if b"%PDF-" in data[:_HEAD]:
        return PDF, b"%%EOF" in data
    return "", False


def _segments(data: bytes) -> Iterator[tuple[int, int]]:
    """Marker and place of each segment of a JPEG, up to its scan."""
    at = 2
    while data[at : at + 1] == b"\xff" and at + 4 <= len(data):
        marker = data[at + 1]
        if marker == 0xFF:  # a byte of filling
            at += 1
            continue
        yield marker, at
        if marker == _SCAN:
            return
        at += 2 + int.from_bytes(data[at + 2 : at + 4])


def _whole_jpeg(data: bytes) -> bool:
    """Whether the scan has its end: a preview in an early segment has one of its own."""
    return any(
        marker == _SCAN and data.find(b"\xff\xd9", at) > 0 for marker, at in _segments(data)
    )


def _pixels(data: bytes, kind: str) -> int:
    """As the picture claims; 0 where it claims nothing."""
    if kind == PNG:
        return int.from_bytes(data[16:20]) * int.from_bytes(data[20:24])
    if kind == JPEG:
        sizes = (at + 5 for marker, at in _segments(data) if marker in _FRAMES)
        return max(
            (
                int.from_bytes(data[at : at + 2]) * int.from_bytes(data[at + 2 : at + 4])
                for at in sizes
            ),
            default=0,
        )
    return 0


def plain_name(name: str, media_type: str) -> str:
    """A name to show and to download under: without a path, printable, ending as its kind does."""
    base = name.replace("\\", "/").rpartition("/")[2]
    clean = "".join(each for each in base if each.isprintable() and each not in '<>:"|?*')
    stem = clean.rpartition(".")[0] if "." in clean else clean
    return (stem.strip(". ")[:80] or "file") + ENDINGS[media_type]
