"""Cards answered in words: the short code, and how people write it."""

from __future__ import annotations

import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import answer_codes
from models.answer_codes import ALPHABET, LENGTH, Spoken

TASK = "a-task_id-of-24-letters_"
CODE = answer_codes.code_of(TASK)


def test_a_code_is_short_and_stays_the_same() -> None:
    assert answer_codes.code_of(TASK) == CODE
    assert len(CODE) == LENGTH
    assert set(CODE) <= set(ALPHABET)
    assert answer_codes.words("同意", TASK) == f"同意 #{CODE}"


def test_ten_thousand_codes_hardly_ever_meet() -> None:
    codes = {answer_codes.code_of(secrets.token_urlsafe(18)) for _ in range(10_000)}
    assert len(codes) > 9_990


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("同意 #7KQ2M3A", Spoken("同意", "7KQ2M3A")),
        ("同意#7kq2m3a", Spoken("同意", "7KQ2M3A")),
        (" 同意 ＃ 7KQ2M3A ", Spoken("同意", "7KQ2M3A")),
        ("不批准 #7KQ2M3A 2", Spoken("不批准", "7KQ2M3A", ("2",))),
        ("提交 #7KQ2M3A 1，3、4", Spoken("提交", "7KQ2M3A", ("1", "3", "4"))),
        ("收到 #OIL2M3A", Spoken("收到", "0112M3A")),
    ],
)
def test_what_people_write_is_understood(text: str, expected: Spoken) -> None:
    assert answer_codes.spoken(text) == expected


@pytest.mark.parametrize(
    "text", ["收到", "同意 #123", "#7KQ2M3A", "同意 #7KQ2M3AB", "换班 1205夜 王", "", "#" * 99]
)
def test_other_words_are_none(text: str) -> None:
    assert answer_codes.spoken(text) is None


@given(st.text(max_size=300))
def test_no_text_breaks_it(text: str) -> None:
    found = answer_codes.spoken(text)
    assert found is None or len(found.code) == LENGTH
