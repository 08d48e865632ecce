"""How many labelled replies are understood, and that no doubtful one is taken for a yes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from services.understanding.intents import Intent
from tests.unit.understanding.cases import LABELLED, NOT_CONFIRM, Case, cases

REQUIRED = 0.95


def confusion(rows: list[Case]) -> str:
    """A table: labelled down, understood across; then the recall of each intent."""
    pairs = Counter((case.intent, case.understood().intent.value) for case in rows)
    names = [intent.value for intent in Intent]
    lines = ["labelled \\ understood".ljust(24) + "".join(name.rjust(12) for name in names)]
    for label in names:
        cells = [pairs[label, name] for name in names]
        share = f"{pairs[label, label] / sum(cells):.1%}" if sum(cells) else "-"
        lines.append(label.ljust(24) + "".join(str(n).rjust(12) for n in cells) + share.rjust(9))
    return "\n".join(lines)


@pytest.mark.parametrize("name", LABELLED)
def test_nearly_all_labelled_replies_are_understood(
    name: str, record_property: Callable[[str, object], None]
) -> None:
    rows = list(cases(name))
    wrong = [case for case in rows if not case.is_right()]
    right = len(rows) - len(wrong)
    confirmed = sum(
        case.understood().intent is Intent.CONFIRM for case in wrong if case.intent != "confirm"
    )
    score = f"{name}: {right} of {len(rows)} right ({right / len(rows):.1%})"
    record_property("score", f"{score}, {confirmed} false confirmations")
    print(f"\n{score}\n{confusion(rows)}")
    for case in wrong:
        print(f"  {case.text!r}: {case.intent} {case.when}, understood as {case.understood()}")
    assert right / len(rows) >= REQUIRED


@pytest.mark.parametrize("name", [*LABELLED, "near_yes"])
def test_nothing_else_is_ever_taken_for_a_confirmation(name: str) -> None:
    taken = [
        case.text
        for case in cases(name)
        if case.intent != "confirm" and case.understood().intent is Intent.CONFIRM
    ]
    assert taken == []


def test_the_sets_are_as_large_as_they_claim() -> None:
    sizes = {name: len(list(cases(name))) for name in (*LABELLED, "near_yes")}
    assert sum(sizes[name] for name in LABELLED) >= 1000
    assert sizes["held_out"] >= 150
    assert sizes["near_yes"] >= 500
    assert all(case.intent == NOT_CONFIRM for case in cases("near_yes"))


def test_labels_are_words_of_the_contract_and_no_reply_stands_twice() -> None:
    rows = [case for name in LABELLED for case in cases(name)]
    assert {case.intent for case in rows} == {intent.value for intent in Intent}
    seen = Counter((case.text, case.now, case.offered) for case in rows)
    assert [key for key, count in seen.items() if count > 1] == []
