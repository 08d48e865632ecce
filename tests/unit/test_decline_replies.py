"""How many of the labelled declines get their reason, and how few a wrong one."""

from __future__ import annotations

import tomllib
from collections.abc import Callable

import pytest

from services.decline_reasons import load_decline_words
from tests.unit.sheet_cases import ROOT

FOLDER = ROOT / "tests/unit/decline_replies"
WORDS = load_decline_words(
    tomllib.loads((ROOT / "config/policies/decline_reasons.toml").read_text("utf-8"))
)


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [("held_out", 0.97, 2), ("second", 0.95, 3), ("third", 0.85, 2), ("tuned", 0.97, 1)],
)
def test_most_declines_get_their_reason(
    name: str, right: float, wrong: int, record_property: Callable[[str, object], None]
) -> None:
    """`wrong`: at most so many get another reason than theirs; none found is only a miss."""
    text = (FOLDER / f"{name}.toml").read_text("utf-8")
    rows = [row.split(" ", 1) for row in tomllib.loads(text)["rows"].strip().splitlines()]
    missed = []
    for labels, said in rows:
        found = WORDS.of(said)
        told = found.value if found else "-"
        if told not in labels.split("/"):
            missed.append((told, labels, said))
    score = f"{name}: {len(rows) - len(missed)} of {len(rows)} reasons right"
    record_property("score", score)
    print(f"\n{score}\n" + "\n".join(map(str, missed)))
    assert 1 - len(missed) / len(rows) >= right
    assert sum(told != "-" for told, _, _ in missed) <= wrong
