"""A confirmation stops being one when doubt, a question or another word is added to it."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.understanding.intents import Intent
from services.understanding.reply import LONGEST
from services.understanding.vocabulary import shipped
from tests.unit.understanding.cases import Case, plain_confirmations

PLAIN = plain_confirmations()
AFTER = (
    *("吗", "么", "？", "?", "吧", " 吧", "吗？", "～吗", "的话", "不", "没", "……"),
    *("但是", "但是我那天夜班", "不过", "，但是", "，不过我再看看", "，可能", "如果不加班"),
    *("，不行", "，算了", "，除非加班", "，应该", "，换个时间", "，我同事说的", "，要看排班"),
    *("改", "改时间", "可以改吗", "，但是要改", "，改到下午吧", " but", ", can we change it"),
)
BEFORE = ("如果", "应该", "可能", "不是", "不", "他说", "我妈说", "要是", "估计", "未必", "听说")
WORDS = sorted(shipped().words)
PIECES = [
    *WORDS,
    "周四",
    "下午三点",
    "10点",
    "12.5",
    "28号",
    "，",
    "？",
    "…",
    " ",
    "甲",
    "🙄",
    "9:70",
]


def test_there_are_many_plain_confirmations() -> None:
    assert len(PLAIN) > 250


@pytest.mark.parametrize("addition", AFTER)
def test_an_addition_ends_every_confirmation(addition: str) -> None:
    left = [case.text for case in PLAIN if is_confirmed(case, case.text + addition)]
    assert left == []


@pytest.mark.parametrize("addition", BEFORE)
def test_an_introduction_ends_every_confirmation(addition: str) -> None:
    left = [case.text for case in PLAIN if is_confirmed(case, addition + case.text)]
    assert left == []


def is_confirmed(case: Case, text: str) -> bool:
    return case.understood(text).intent is Intent.CONFIRM


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(PLAIN),
    st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), min_size=1, max_size=6),
)
def test_words_nobody_knows_end_a_confirmation(case: Case, words: str) -> None:
    known = "".join(shipped().words) + "".join(map(chr, shipped().characters))
    strange = "".join(sign for sign in words if sign not in known) or "甪"
    assert not is_confirmed(case, f"{case.text}，{strange}")


@settings(max_examples=500, deadline=None)
@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=4), max_size=12))
def test_any_text_is_understood_somehow(pieces: list[str]) -> None:
    found = PLAIN[0].understood("".join(pieces))
    assert found.intent in Intent
    assert found.reasons


@pytest.mark.parametrize(
    "piece",
    [
        *(
            "好",
            "周四",
            "周四或",
            "12.5.",
            "1:",
            "一",
            "十",
            "或",
            "不",
            "下个",
            "找到",
            "(^",
            "感谢",
        ),
        *("推迟", "那天", "ok ", "a", "?", "年", "我是王", "好的，", "吗", "\n", "1️⃣", "ﷺ"),
        *(
            "half past ",
            "quarter to ",
            "差一刻",
            "in two ",
            "同一时间",
            "pm1",
            "the 1",
            "1 hour ",
            "贵不",
        ),
    ],
)
def test_a_hostile_text_takes_no_time(piece: str) -> None:
    text = (piece * 4000)[:4000]
    began = time.process_time()
    PLAIN[0].understood(text)
    assert time.process_time() - began < 3


def test_a_text_longer_than_a_message_decides_nothing() -> None:
    assert is_confirmed(PLAIN[0], "好的" + "，谢谢" * ((LONGEST - 10) // 3))
    assert not is_confirmed(PLAIN[0], "好的" + "，谢谢" * LONGEST)
