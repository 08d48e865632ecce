"""Every decision can be explained, and the explanation tells nothing of the person."""

from __future__ import annotations

from datetime import datetime

import pytest

from services.understanding.reply import understand
from tests.unit.understanding.cases import LABELLED, cases

NOW = datetime.fromisoformat("2026-12-04T09:00")
OFFER = datetime.fromisoformat("2026-12-09T10:00")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("好的", "好的"),
        ("1", "menu 1"),
        ("应该可以", "doubt"),
        ("可以，如果不加班", "condition"),
        ("可以吧", "hedge"),
        ("可以甪", "unknown"),
        ("好的……", "trails off"),
        ("不考虑了", "不考虑了"),
        ("找到护士工作了", "找到…工作"),
        ("别再发了", "别再发了"),
        ("周四可以吗", "names another time"),
        ("不行", "no"),
        ("", "empty"),
    ],
)
def test_the_reason_names_what_decided(text: str, reason: str) -> None:
    assert reason in understand(text, NOW, [OFFER]).reasons


def test_reasons_hold_no_word_that_is_not_ours() -> None:
    secret = "欧阳甪里"
    for name in LABELLED:
        for case in cases(name):
            assert not any(secret in why for why in case.understood(secret + case.text).reasons)
    found = understand(f"找到{secret}工作了，电话13800000000", NOW, [OFFER])
    assert found.reasons == ("no longer wishes", "找到…工作")


def test_a_question_beside_a_yes_is_told() -> None:
    assert understand("好的，请问要带什么材料", NOW, [OFFER]).also_asks
    assert not understand("好的", NOW, [OFFER]).also_asks
