"""Personal data at rest: opens with its key in its place, and nowhere else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.sealed import KeyRing, SealError

RING = KeyRing({"k1": b"1" * 32, "k2": b"2" * 32}, current="k2")


@given(st.text())
def test_what_is_sealed_opens_again(text: str) -> None:
    value = RING.seal("persons.phone", text)
    assert value.startswith("k2:")
    assert RING.open("persons.phone", value) == text


def test_the_same_text_never_seals_to_the_same_value() -> None:
    assert RING.seal("p.c", "13900000000") != RING.seal("p.c", "13900000000")


@pytest.mark.parametrize("spoil", [lambda v: v[:-2] + "AA", lambda v: "k9" + v[2:], lambda _: "x"])
def test_an_altered_value_is_refused(spoil) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(SealError):
        RING.open("p.c", spoil(RING.seal("p.c", "text")))


def test_a_value_moved_to_another_column_does_not_open() -> None:
    with pytest.raises(SealError):
        RING.open("p.other", RING.seal("p.c", "text"))


def test_equal_texts_are_found_by_their_hash_in_one_place_only() -> None:
    assert RING.index("p.c", "x") == RING.index("p.c", "x")
    assert RING.index("p.c", "x") != RING.index("p.d", "x")


def test_hashes_survive_a_newer_key_whatever_it_is_called() -> None:
    before = KeyRing({"ward": b"1" * 32}, current="ward")
    after = KeyRing({"ward": b"1" * 32, "autumn": b"2" * 32}, current="autumn")
    assert after.index("p.c", "x") == before.index("p.c", "x")


def test_keys_must_be_whole() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        KeyRing({"k1": b"short"}, current="k1")
    with pytest.raises(ValueError, match="not in the key ring"):
        KeyRing({"k1": b"1" * 32}, current="k2")
