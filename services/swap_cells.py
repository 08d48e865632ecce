"""What an exchange of two shifts does to the cells of the roster."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from models.shift_codes import ShiftCodeTable, ShiftKind
from services.duties import cells_of_unit, uses_of
from services.roster_changes import CellChange


async def exchange(swap: Mapping[str, Any], table: ShiftCodeTable) -> list[CellChange]:
    """The changed cells: `give` leaves the requester for the colleague, `take` the other way.

    Other codes of the same day stay where they are, and a day left empty becomes a rest day.
    """
    give, take = swap["give"], swap["take"]
    days = [give["day"]] + ([take["day"]] if take else [])
    rows = await cells_of_unit(swap["unit_id"], min(days), max(days))
    old = {(row["person_id"], row["day"]): list(row["codes"]) for row in rows}
    new = {key: list(codes) for key, codes in old.items()}
    _hand_over(table, new, give, swap["requester_id"], swap["colleague_id"])
    if take:
        _hand_over(table, new, take, swap["colleague_id"], swap["requester_id"])
    return [
        CellChange(person, day, tuple(old.get((person, day), ())), tuple(codes))
        for (person, day), codes in sorted(new.items())
        if codes != old.get((person, day), [])
    ]


def _hand_over(
    table: ShiftCodeTable,
    cells: dict[tuple[int, date], list[str]],
    shift: Mapping[str, Any],
    giver: int,
    taker: int,
) -> None:
    day, label = shift["day"], shift["code"]
    given = cells.setdefault((giver, day), [])
    if label in given:
        given.remove(label)
    taken = cells.setdefault((taker, day), [])
    taken[:] = [code for code in taken if not _is_rest(table, code)] + [label]
    if not given and table.rest is not None:
        given.append(table.rest.code)


def _is_rest(table: ShiftCodeTable, label: str) -> bool:
    uses = uses_of(table, [label])
    return bool(uses) and all(use.code.kind is ShiftKind.REST for use in uses)
