"""Our envelopes against wechatpy's, both ways."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from multidict import MultiDict

from bot.platforms.wecom.crypto import CallbackCrypto, CallbackKeys
from tests.wecom import AES_KEY, CORP, NOW, TOKEN, posted, unsealed

KEYS = CallbackKeys(TOKEN, AES_KEY)
CRYPTO = CallbackCrypto(CORP, [KEYS])
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=120)


@settings(max_examples=100, deadline=None)
@given(WORDS)
def test_what_wechatpy_seals_we_open(words: str) -> None:
    query, body = posted(words)
    assert CRYPTO.open_body(MultiDict(query), body, NOW).plaintext.decode() == words


@settings(max_examples=100, deadline=None)
@given(WORDS)
def test_what_we_seal_wechatpy_opens(words: str) -> None:
    assert unsealed(CRYPTO.seal(words, KEYS, NOW)) == words


def test_the_same_words_are_never_sealed_alike() -> None:
    assert CRYPTO.seal("好", KEYS, NOW) != CRYPTO.seal("好", KEYS, NOW)


@pytest.mark.parametrize(
    ("token", "aes_key"),
    [
        ("", AES_KEY),
        ("a" * 33, AES_KEY),
        ("护铃", AES_KEY),
        (TOKEN, AES_KEY[:-1]),
        (TOKEN, AES_KEY + "="),
    ],
)
def test_malformed_keys_are_refused_without_being_quoted(token: str, aes_key: str) -> None:
    with pytest.raises(ValueError, match="the ") as caught:
        CallbackKeys(token, aes_key)
    assert not any(secret in str(caught.value) for secret in (token, aes_key) if secret)


def test_keys_hide_in_their_own_repr() -> None:
    assert TOKEN not in repr(KEYS)
    assert AES_KEY not in repr(KEYS)
