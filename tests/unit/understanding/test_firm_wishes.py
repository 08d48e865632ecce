"""When a named time may be taken at once: only said without doubt, and of one time."""

from __future__ import annotations

from datetime import datetime

import pytest

from services.understanding.reply import Intent, only_asks_whether, only_courtesy, understand

FRIDAY = datetime.fromisoformat("2026-12-04T09:00")
WEDNESDAY = datetime.fromisoformat("2026-12-09T10:00")


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("那天我值班，周四下午行吗", "afternoon"),
        ("周四下午", "afternoon"),
        ("不好意思那天有手术，请问周四下午方便吗？谢谢", "afternoon"),
        ("那天我值班，但是周四下午可以", "afternoon"),
        ("周四上午不行，下午可以", "afternoon"),
        ("那天有事，能改到周四下午三点吗", None),
    ],
)
def test_one_time_without_doubt_is_firm(text: str, part: str | None) -> None:
    found = understand(text, FRIDAY, [WEDNESDAY])
    assert (found.intent, found.firm, found.part) == (Intent.RESCHEDULE, True, part)


@pytest.mark.parametrize(
    "text",
    [
        "周四下午吧",
        "周四下午应该可以",
        "周四下午可能行",
        "周四下午行吗，我再问问护士长",
        "周四下午行吗？如果不加班的话",
        "周四下午不知道行不行",
        "我妈说周四下午行吗",
        "周四或者周五下午都行",
        "有没有周四下午的场次",
        "周四下午线上可以吗",
        "周四下午甪甪行吗",
        "周四下午行吗，甪甪甪甪",
        "改早一小时可以吗",
        "那天没空",
        "好的",
    ],
)
def test_anything_else_is_not(text: str) -> None:
    assert not understand(text, FRIDAY, [WEDNESDAY]).firm


@pytest.mark.parametrize("text", ["谢谢", "收到", "好的谢谢老师", "嗯嗯", "👌"])
def test_courtesy_needs_no_answer(text: str) -> None:
    assert only_courtesy(text)


@pytest.mark.parametrize(
    "text", ["", "1", "不行", "好的，那天我可能来不了", "没有证", "好" * 5000 + "甪"]
)
def test_whatever_says_more_does(text: str) -> None:
    assert not only_courtesy(text)


@pytest.mark.parametrize(
    ("text", "bare"), [("可以吗", True), ("行不行？", True), ("地址在哪", False)]
)
def test_a_question_about_nothing_is_told_from_one(text: str, bare: bool) -> None:
    assert only_asks_whether(text) is bare
