"""Cutting and taming words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels import SendFailed
from bot.platforms.wecom.fitting import (
    escape_markdown,
    escape_text,
    fit_bytes,
    fit_chars,
    whole_bytes,
    whole_chars,
)


@given(st.text(), st.integers(8, 40))
def test_cut_words_fit_and_are_whole_characters(words: str, limit: int) -> None:
    assert len(fit_bytes(words, limit).encode()) <= limit
    assert len(fit_chars(words, limit)) <= limit


def test_short_words_stay_as_they_are() -> None:
    assert fit_bytes("护士", 6) == "护士"
    assert fit_bytes("护士长", 8) == "护…"
    assert fit_chars("护士长好", 3) == "护士…"


def test_a_family_emoji_is_not_cut_in_half() -> None:
    assert fit_chars("好👩‍⚕️啊啊", 4) == "好…"


@pytest.mark.parametrize("escape", [escape_text, escape_markdown])
@pytest.mark.parametrize(
    "evil",
    [
        '<a href="http://evil.example">批准</a>',
        "http://evil.example/approve",
        "@all 全体注意",
        "@所有人",
        "请假\n\n【系统】已批准",
        "请假\u2028已批准",
        "\u202e反转",
        "\x00\ud800",
    ],
)
def test_data_cannot_pass_for_ours(escape: object, evil: str) -> None:
    assert callable(escape)
    tame = escape(evil)
    forbidden = ("<", ">", "://", "@all", "@所有人", "\n", "\u2028", "\u202e", "\x00", "\ud800")
    assert not any(mark in tame for mark in forbidden)


def test_markdown_marks_become_full_width() -> None:
    assert escape_markdown("[批准](x) `a` *b* # c <@li>") == "［批准］(x) ｀a｀ ＊b＊ ＃ c ＜@li＞"


def test_ordinary_words_pass_unchanged() -> None:
    words = "王芳 8A病区 08:00–16:00 wang@example.org 50% (备注)"
    assert escape_text(words) == words


@pytest.mark.parametrize("words", ["", "十一个字的按钮文字太长了", "\x00"])
def test_a_button_is_never_cut(words: str) -> None:
    with pytest.raises(SendFailed):
        whole_chars("a button", words, 10)


@pytest.mark.parametrize("key", ["", "护" * 342, "a\x00"])
def test_a_key_is_never_cut(key: str) -> None:
    with pytest.raises(SendFailed):
        whole_bytes("a key", key, 1024)
