"""Why candidates decline, read out of their own words; none is better than a wrong one."""

from __future__ import annotations

import tomllib

import pytest

from services.decline_reasons import DeclineReason, load_decline_words
from tests.unit.sheet_cases import ROOT

RAW = tomllib.loads((ROOT / "config/policies/decline_reasons.toml").read_text("utf-8"))
WORDS = load_decline_words(RAW)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("不好意思，我已经入职别的医院了", "elsewhere"),
        ("謝謝，我已經簽約了", "elsewhere"),
        ("不考虑了，考上了编制", "elsewhere"),
        ("Sorry, I accepted a job at another hospital", "elsewhere"),
        ("离家太远了，不去了", "place"),
        ("通勤要两个小时，算了", "place"),
        ("那几天值班，走不开，不参加了", "time"),
        ("没时间，不去了", "time"),
        ("夜班太多，不考虑了", "time"),
        ("待遇和预期有差距，不考虑了", "pay"),
        ("没有编制，算了", "pay"),
        ("家里老人要照顾，去不了了", "family"),
        ("孩子太小了，放弃", "family"),
        ("因个人原因放弃面试", "personal"),
        ("打算考研，不参加了", "personal"),
        ("不考虑了，谢谢", None),
        ("不去了", None),
        ("不是因为工资，就是不想去了", None),
        ("不去了，以后有时间再联系", None),
        ("谢谢照顾，这次不考虑了", None),
        ("跟待遇没关系，不考虑了", None),
        ("", None),
    ],
)
def test_what_they_say_by_themselves(said: str, reason: str | None) -> None:
    assert WORDS.of(said) == reason


def test_who_has_signed_nothing_yet_has_no_place_elsewhere() -> None:
    assert WORDS.of("别家还没签约，不过不考虑了") == DeclineReason.ELSEWHERE  # 别家 says it
    assert WORDS.of("还没签约，只是不考虑了") is None


def test_a_very_long_text_is_read_at_its_beginning_only() -> None:
    assert WORDS.of("不" * 600 + "待遇") is None


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"reasons": {}}, "no words for"),
        ({"not": "不是"}, "a list of words"),
        ({"reasons": RAW["reasons"] | {"weather": {"words": ["雨"]}}}, "weather"),
    ],
)
def test_a_file_of_another_shape_is_named(change: dict[str, object], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        load_decline_words(RAW | change)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("工资待遇都不错，就是不想去了", None),  # praised
        ("待遇不错，就是太远", "place"),
        ("谢谢您百忙之中联系我，不去了", None),  # another word's part
        ("从长远看还是算了", None),
        ("Thanks for the offer, but no", None),
        ("去市区不方便", None),
        ("要回老家照顾我妈，不来了", "family"),
        ("别家单位给的offer，我要了", "elsewhere"),
        ("我在，呃，二院上班了", None),  # … does not leap over a comma
    ],
)
def test_what_stands_around_a_word(said: str, reason: str | None) -> None:
    assert WORDS.of(said) == reason
