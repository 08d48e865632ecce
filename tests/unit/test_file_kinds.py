"""What a file is, is read from its bytes."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.file_kinds import JPEG, MOST_BYTES, PDF, PNG, media_type_of, plain_name
from services.refusals import Refusal
from tests.support.photos import HEIC, WEBP, jpeg, pdf, png


def jpeg_of(height: int, width: int) -> bytes:
    """A photo with a frame that claims this size."""
    frame = b"\xff\xc2" + struct.pack(">HBHHB", 17, 8, height, width, 3) + bytes(9)
    return jpeg()[:2] + frame + jpeg()[2:]


def verdict(data: bytes) -> str:
    try:
        return media_type_of(data)
    except Refusal as refused:
        return refused.key


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (jpeg(), JPEG),
        (jpeg(preview=True), JPEG),
        (jpeg_of(12_240, 16_320), JPEG),
        (jpeg() + b"\0" * 5000, JPEG),  # some phones append a film
        (png(), PNG),
        (pdf(), PDF),
        (b"\n" * 500 + pdf(), PDF),
    ],
)
def test_photos_and_papers_are_known_by_their_bytes(data: bytes, kind: str) -> None:
    assert media_type_of(data) == kind


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (HEIC, "photo_heic"),
        (WEBP, "photo_unreadable"),
        (b"MZ" + bytes(400), "photo_unreadable"),
        (b"<html>" + b"x" * 400, "photo_unreadable"),
        (b"", "photo_empty"),
        (b"\xff\xd8\xff", "photo_empty"),
        (jpeg()[:-2], "photo_cut_off"),
        (jpeg(preview=True)[:-2], "photo_cut_off"),  # the preview's end is not the photo's
        (png()[:-12], "photo_cut_off"),
        (pdf()[:-8], "photo_cut_off"),
        (jpeg(size=MOST_BYTES), "photo_too_large"),
        (png()[:16] + struct.pack(">II", 60_000, 60_000) + png()[24:], "photo_pixels"),
        (jpeg_of(65_000, 65_000), "photo_pixels"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_reason(data: bytes, why: str) -> None:
    assert verdict(data) == why


@given(st.binary(max_size=600))
def test_any_bytes_are_named_or_refused(data: bytes) -> None:
    assert verdict(data) in (JPEG, PNG, PDF) or verdict(data).startswith("photo_")


@given(st.binary(max_size=300))
def test_a_photo_with_any_segments_ends_the_search(data: bytes) -> None:
    assert verdict(b"\xff\xd8\xff" + data + bytes(100)) in (JPEG, "photo_cut_off")


@pytest.mark.parametrize(
    ("given_name", "shown"),
    [
        ("../../etc/执业证.JPG", "执业证.jpg"),
        ("C:\\照片\\a.exe", "a.jpg"),
        ("", "file.jpg"),
        (".jpg", "file.jpg"),
        ('x"\r\n<y>.png', "xy.jpg"),
        ("a" * 300, "a" * 80 + ".jpg"),
    ],
)
def test_a_name_is_harmless_and_ends_as_the_file_is(given_name: str, shown: str) -> None:
    assert plain_name(given_name, JPEG) == shown
