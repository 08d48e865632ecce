"""What an exchange must satisfy: own shifts that still stand, the same ward, the rest rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from models import db
from models.clock import Clock
from services.actors import Actor
from services.duties import Codes, RestCheck
from services.refusals import Refusal
from services.rest_rules import describe_violation
from services.roster_changes import CellChange
from services.swap_cells import exchange

DATES = "%m月%d日"  # as the shifts beside them are written
_PRESENT = "SELECT count(*) FROM persons WHERE id = ANY($1) AND active AND unit_id = $2"


class SwapChecks:
    """Asked at the asking, at the accepting and again at the approving."""

    def __init__(
        self, codes: Codes, rest: RestCheck, words: Mapping[str, Any], clock: Clock
    ) -> None:
        self.codes = codes
        self.rest = rest
        self.words = words
        self.clock = clock

    async def proposal(
        self, by: Actor, give_id: int, colleague_id: int, take_id: int | None
    ) -> dict[str, Any]:
        """The exchange somebody wishes for, with its shifts locked. Raises Refusal."""
        ids = [give_id, take_id] if take_id is not None else [give_id]
        rows = await db.fetch(
            "SELECT * FROM shifts WHERE id = ANY($1) AND state = 'planned' ORDER BY id FOR UPDATE",
            ids,
        )
        shifts = {row["id"]: row for row in rows}
        give, take = shifts.get(give_id), shifts.get(take_id) if take_id else None
        if colleague_id == by.person_id:
            raise Refusal("swap_with_oneself")
        if give is None or give["person_id"] != by.person_id:
            raise Refusal("shift_not_yours")
        if take_id is not None and (take is None or take["person_id"] != colleague_id):
            raise Refusal("shift_not_theirs")
        if any(row["starts_at"] <= self.clock.now() for row in rows):
            raise Refusal("shift_begun")
        await _check_same_ward(give["unit_id"], colleague_id)
        return {
            "unit_id": give["unit_id"],
            "requester_id": by.person_id,
            "colleague_id": colleague_id,
            "give": give,
            "take": take,
        }

    async def standing(self, swap: Mapping[str, Any]) -> dict[str, Any]:
        """The swap with its shifts, as they still must be, and both people still in the unit.

        Raises Refusal("swap_outdated").
        """
        ids = [swap["give_id"]] + ([swap["take_id"]] if swap["take_id"] else [])
        rows = await db.fetch(
            "SELECT * FROM shifts WHERE id = ANY($1) ORDER BY id FOR UPDATE", ids
        )
        await _check_people(swap)
        shifts = {row["id"]: row for row in rows}
        for row in rows:
            if row["state"] != "planned" or row["starts_at"] <= self.clock.now():
                raise Refusal("swap_outdated")
        people = [swap["requester_id"], swap["colleague_id"]]
        if await db.fetch_value(_PRESENT, people, swap["unit_id"]) < len(people):
            raise Refusal("swap_outdated")
        return {**swap, "give": shifts[swap["give_id"]], "take": shifts.get(swap["take_id"])}

    async def rules(self, swap: Mapping[str, Any]) -> list[CellChange]:
        """The cells the exchange would change. Raises Refusal when a hard rule would break."""
        changes, _ = await self.judge(swap)
        return changes

    async def judge(self, swap: Mapping[str, Any]) -> tuple[list[CellChange], list[str]]:
        """The changed cells and, in words, the soft rules they strain."""
        changes = await exchange(swap, await self.codes.of_unit(swap["unit_id"]))
        by_person: dict[int, list[Any]] = {}
        for change in changes:
            by_person.setdefault(change.person_id, []).append((change.day, change.old, change.new))
        found = await self.rest.check(swap["unit_id"], by_person)
        names = await _names(found)
        notes = []
        for person, violations in found.items():
            for violation in violations:
                rule = describe_violation(violation, self.words, DATES)
                if violation.hard:
                    raise Refusal("rest_rule", name=names[person], rule=rule)
                notes.append(f"{names[person]}：{rule}")
        return changes, notes


async def _check_same_ward(unit_id: int, colleague_id: int) -> None:
    colleague = await db.fetch_one(
        "SELECT unit_id, active FROM persons WHERE id = $1", colleague_id
    )
    if not colleague or not colleague["active"] or colleague["unit_id"] != unit_id:
        raise Refusal("colleague_elsewhere")


async def _check_people(swap: Mapping[str, Any]) -> None:
    """Both still work in the unit. Raises Refusal("swap_outdated")."""
    present = await db.fetch_value(
        "SELECT count(*) FROM persons WHERE id = ANY($1) AND active AND unit_id = $2",
        [swap["requester_id"], swap["colleague_id"]],
        swap["unit_id"],
    )
    if present < 2:
        raise Refusal("swap_outdated")


async def _names(people: Iterable[int]) -> dict[int, str]:
    rows = await db.fetch("SELECT id, name FROM persons WHERE id = ANY($1)", list(people))
    return {row["id"]: row["name"] for row in rows}
