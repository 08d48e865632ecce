"""Signed links: what opens, what does not, and what a changed key ring does to them."""

from __future__ import annotations

import base64
import hmac
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import URLSafeTimedSerializer

from bot.platforms.links import CandidateLinks, signing_keys
from models import sealed
from models.clock import ManualClock
from models.sealed import KeyRing

OLD = KeyRing({"k1": b"1" * 32}, current="k1")
BOTH = KeyRing({"k1": b"1" * 32, "k2": b"2" * 32}, current="k2")
NEW = KeyRing({"k2": b"2" * 32}, current="k2")
ID = "f3b0c4-opaque"


@pytest.fixture
def now() -> ManualClock:
    sealed.install(OLD)
    return ManualClock(datetime(2026, 12, 1, tzinfo=UTC))


def links(clock: ManualClock, purpose: str = "interview.answer") -> CandidateLinks:
    return CandidateLinks(purpose, timedelta(days=3), clock)


def test_a_link_opens_until_it_ends(now: ManualClock) -> None:
    token = links(now).token(ID)
    assert links(now).open(token) == ID
    now.advance(timedelta(days=3))
    assert links(now).open(token) == ID
    assert not links(now).expired(token)
    now.advance(timedelta(seconds=1))
    assert links(now).open(token) is None
    assert links(now).expired(token)


def test_a_link_is_good_for_one_purpose(now: ManualClock) -> None:
    token = links(now).token(ID)
    assert links(now, "interview.documents").open(token) is None
    assert not links(now, "interview.documents").expired(token)


def test_an_altered_link_opens_nowhere(now: ManualClock) -> None:
    token = links(now).token(ID)
    payload, stamp, signature = token.split(".")
    other = base64.urlsafe_b64encode(b'"other"').decode().rstrip("=")
    later = base64.urlsafe_b64encode((2_000_000_000).to_bytes(4, "big")).decode().rstrip("=")
    for forged in (
        f"{other}.{stamp}.{signature}",
        f"{payload}.{later}.{signature}",
        f"{payload}.{stamp}.{'A' * len(signature)}",
        f"{payload}.{signature}",
        f"{token}x",
        token[:-2],
        "",
        "." * 3,
        "x" * 10_000,
    ):
        assert links(now).open(forged) is None
        assert not links(now).expired(forged)


@given(st.text(max_size=300))
def test_any_text_is_refused_quietly(text: str) -> None:
    clock = ManualClock(datetime(2026, 12, 1, tzinfo=UTC))
    assert links(clock).open(text) is None


def test_a_new_key_signs_while_the_old_one_still_opens(now: ManualClock) -> None:
    old = links(now).token(ID)
    sealed.install(BOTH)
    assert links(now).open(old) == ID
    fresh = links(now).token(ID)
    sealed.install(NEW)
    assert links(now).open(fresh) == ID
    assert links(now).open(old) is None


def test_the_sealing_key_itself_signs_nothing(now: ManualClock) -> None:
    assert not set(signing_keys(BOTH)) & set(BOTH.keys.values())
    # Pinned: links that are out must still open after an update.
    made = [hmac.digest(key * 32, b"wardbell candidate links", "sha256") for key in (b"1", b"2")]
    assert signing_keys(BOTH) == made
    token = links(now).token(ID)
    naive = URLSafeTimedSerializer(OLD.keys["k1"], salt=b"wardbell.link.interview.answer")
    with pytest.raises(Exception, match="does not match"):
        naive.loads(token)


def test_the_digest_is_sha_256_and_the_content_the_id_only(now: ManualClock) -> None:
    payload, _, signature = links(now).token(ID).split(".")
    assert base64.urlsafe_b64decode(payload + "==") == f'"{ID}"'.encode()
    assert len(base64.urlsafe_b64decode(signature + "==")) == 32


@pytest.mark.parametrize("wrong", ["", "钱多多", "13900000101 x", "a@b.example", "x" * 65])
def test_only_opaque_ids_go_in(now: ManualClock, wrong: str) -> None:
    with pytest.raises(ValueError, match="opaque"):
        links(now).token(wrong)
    with pytest.raises(ValueError, match="purpose"):
        links(now, "Interview Answer")
