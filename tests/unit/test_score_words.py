"""评分 … in the ways people write it."""

from __future__ import annotations

import pytest

from handlers.score_words import Unclear, read_score
from message_templates.catalogue import Catalogue

WORDS = Catalogue().words("scorecards/choices")["words"]


@pytest.mark.parametrize(
    ("text", "target", "scores", "verdict"),
    [
        (" 1 专业8 沟通9 录用", 1, {"专业": 8, "沟通": 9}, "hire"),
        ("1 专业8沟通9录用", 1, {"专业": 8, "沟通": 9}, "hire"),
        (" 李 专业8 沟通9 录用", "李", {"专业": 8, "沟通": 9}, "hire"),
        (" 李小试，专业：8分，沟通：9.5分，不录用", "李小试", {"专业": 8, "沟通": 9.5}, "decline"),
        (" 李小试 专业 8 沟通 9 备选。", "李小试", {"专业": 8, "沟通": 9}, "reserve"),
        ("：２ 专业８ 沟通１０ 通过", 2, {"专业": 8, "沟通": 10}, "hire"),
        (" 2 操作7", 2, {"操作": 7}, ""),
        (" 2 不录用", 2, {}, "decline"),
        (" 王", "王", {}, ""),
    ],
)
def test_whom_what_and_how(
    text: str, target: int | str, scores: dict[str, float], verdict: str
) -> None:
    said = read_score(text, WORDS)
    assert (said.number or said.name) == target
    assert (dict(said.note.scores), said.note.verdict, said.absent) == (scores, verdict, False)


def test_strength_and_comment_keep_their_own_punctuation() -> None:
    said = read_score(" 李 专业8 优势：急诊分诊有条理，沉着；评语：夜班（大夜）经历较少。", WORDS)
    assert said.note.strength == "急诊分诊有条理，沉着"
    assert said.note.comment == "夜班（大夜）经历较少。"
    other = read_score(" 1 评语: 夜班少 优势: 有条理", WORDS)
    assert (other.note.strength, other.note.comment) == ("有条理", "夜班少")


@pytest.mark.parametrize("text", [" 1 没来面试", " 李 没来", " 2 未到。"])
def test_who_did_not_come(text: str) -> None:
    said = read_score(text, WORDS)
    assert (said.absent, said.note.verdict) == (True, "")


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", ""),
        (" 专业8 沟通9", "专业8 沟通9"),  # whose?
        (" 录用", "录用"),
        (" 李 专业8 专业9", "专业9"),
        (" 李 录用 不录用", "不录用"),
        (" 李 专业8 应该可以吧", "应该可以吧"),
        (" 1 8 9 录用", "8"),
        (" 1 专业八", "专业八"),
    ],
)
def test_what_is_unclear_is_named_and_nothing_is_guessed(text: str, part: str) -> None:
    with pytest.raises(Unclear) as unclear:
        read_score(text, WORDS)
    assert unclear.value.part == part
