"""The record of licences: written in one way, renewed, corrected, never undone by an old list."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from bot.wiring import Services
from config.policies import read
from models import db
from services import actors
from services.licence_kinds import load_licence_kinds
from services.licence_records import LicenceFacts, Verified
from services.licence_retuning import retune
from services.licence_steps import Standing
from services.licences import Change
from services.refusals import Refusal

TODAY = date(2026, 12, 7)
END = date(2027, 1, 20)
LATER = date(2032, 1, 20)


async def anybody() -> int:
    found: int = await db.fetch_value("SELECT min(id) FROM persons WHERE active")
    return found


def nurse(person: int, end: date | None = END, **more: object) -> LicenceFacts:
    return LicenceFacts(person, "nurse", end, **more)  # type: ignore[arg-type]


async def row(licence_id: int) -> db.Row:
    found = await db.fetch_one("SELECT * FROM licences WHERE id = $1", licence_id)
    assert found is not None
    return found


async def test_the_deadline_and_the_first_look_follow_from_the_kind(services: Services) -> None:
    records, person = services.licences.records, await anybody()
    one = await row(await records.put("system", nurse(person, number="2022000123"), "名册.xlsx"))
    assert one["apply_by"] == date(2026, 12, 21)
    assert one["next_step_on"] == TODAY, "the steps of 60 and 30 days have passed: look today"
    assert "2022000123" not in one["number"], "sealed"
    (mine,) = await records.of_person(person)
    assert (mine.number, mine.days_to_deadline, mine.days_to_end) == ("2022000123", 14, 44)
    assert mine.standing is Standing.DUE


async def test_the_same_once_more_changes_nothing(services: Services) -> None:
    records, person = services.licences.records, await anybody()
    first = await records.put("system", nurse(person, issuer="市卫健委"), "a.xlsx")
    before = await row(first)
    audited = await db.fetch_value("SELECT count(*) FROM audit_rows")
    assert await records.compare([nurse(person)]) == [Change.SAME]
    assert await records.put("system", nurse(person), "b.xlsx") == first
    assert await row(first) == before
    assert await db.fetch_value("SELECT count(*) FROM audit_rows") == audited


async def test_a_renewal_names_the_old_one_and_keeps_what_it_does_not_tell(
    services: Services,
) -> None:
    records, person = services.licences.records, await anybody()
    old = await records.put("system", nurse(person, number="N1", issuer="市卫健委"), "a.xlsx")
    proof = Verified(person, datetime(2026, 12, 7, 6, tzinfo=UTC), "原件")
    new = await records.put("system", nurse(person, LATER, verified=proof), "聊天")
    assert (await row(old))["state"] == "replaced"
    assert (await row(old))["next_step_on"] is None, "its reminders are over"
    (mine,) = await records.of_person(person)
    assert (mine.id, mine.renews_id, mine.number, mine.issuer) == (new, old, "N1", "市卫健委")
    assert mine.verified == proof
    assert [view.id for view in await records.history(person)] == [new, old]


async def test_an_old_list_does_not_undo_what_somebody_compared(services: Services) -> None:
    records, person = services.licences.records, await anybody()
    proof = Verified(person, datetime(2026, 12, 7, 6, tzinfo=UTC), "原件")
    kept = await records.put("system", nurse(person, LATER, verified=proof), "聊天")
    assert await records.compare([nurse(person)]) == [Change.KEPT]
    assert await records.put("system", nurse(person), "旧名册.xlsx") == kept
    assert (await row(kept))["valid_to"] == LATER
    action = await db.fetch_value("SELECT action FROM audit_rows ORDER BY id DESC LIMIT 1")
    assert action == "licence.kept", "that it was told otherwise is written down"


async def test_an_earlier_end_corrects_a_mistake_nobody_compared(services: Services) -> None:
    records, person = services.licences.records, await anybody()
    wrong = await records.put("system", nurse(person, LATER), "a.xlsx")
    right = await records.put("system", nurse(person), "b.xlsx")
    assert (await row(wrong))["state"] == "withdrawn"
    assert (await row(right))["renews_id"] is None


async def test_details_are_corrected_in_place_and_what_was_said_stays_said(
    services: Services,
) -> None:
    records, person = services.licences.records, await anybody()
    one = await records.put("system", nurse(person, number="N1"), "a.xlsx")
    await db.execute("UPDATE licences SET step = 15, next_step_on = '2026-12-14'")
    assert await records.put("system", nurse(person, number="N2"), "b.xlsx") == one
    (mine,) = await records.of_person(person)
    assert (mine.number, mine.step) == ("N2", 15)
    assert (await row(one))["next_step_on"] == date(2026, 12, 14)


async def test_an_end_that_becomes_known_begins_the_reminders(services: Services) -> None:
    records, person = services.licences.records, await anybody()
    one = await records.put("system", nurse(person, None), "a.xlsx")
    (mine,) = await records.of_person(person)
    assert mine.standing is Standing.UNKNOWN
    assert mine.apply_by is None
    assert await records.put("system", nurse(person), "b.xlsx") == one
    assert (await row(one))["next_step_on"] == TODAY
    assert await records.put("system", nurse(person, None), "c.xlsx") == one
    assert (await row(one))["valid_to"] == END, "a list that tells no end takes none away"


async def test_perpetual_is_a_value_and_is_never_reminded(services: Services) -> None:
    records, person = services.licences.records, await anybody()
    one = await row(await records.put("system", nurse(person, None, perpetual=True), "a.xlsx"))
    assert one["perpetual"]
    assert one["next_step_on"] is None
    assert one["apply_by"] is None
    with pytest.raises(Refusal, match="licence_two_ends"):
        await records.put("system", nurse(person, END, perpetual=True), "a.xlsx")
    with pytest.raises(Refusal, match="licence_ends_before"):
        await records.put("system", nurse(person, END, issued=LATER), "a.xlsx")
    with pytest.raises(Refusal, match="licence_kind_unknown"):
        await records.put("system", LicenceFacts(person, "magic"), "a.xlsx")


async def test_a_cycle_counts_from_when_it_was_last_done(services: Services) -> None:
    records, person = services.licences.records, await anybody()
    facts = LicenceFacts(person, "doctor_assessment", issued=date(2024, 3, 1))
    assert (await row(await records.put("system", facts, "a.xlsx")))["valid_to"] == date(
        2027, 2, 28
    )


async def test_a_thousand_are_written_with_few_statements(services: Services) -> None:
    """Also the same licence twice in one list: the second sees the first."""
    people = [r["id"] for r in await db.fetch("SELECT id FROM persons WHERE active ORDER BY id")]
    kinds = ("nurse", "bls", "acls", "pals")
    batch = [LicenceFacts(person, kind, END) for person in people for kind in kinds]
    ids = await services.licences.records.put_many("system", batch, "大表.xlsx")
    assert len(set(ids)) == len(batch)
    again = await services.licences.records.put_many("system", [batch[0], batch[0]], "x")
    assert again == [ids[0], ids[0]]


async def test_only_an_office_takes_a_licence_off_the_record(services: Services) -> None:
    records = services.licences.records
    nurse_actor, head = await actors.find("wecom", "lin"), await actors.find("wecom", "song")
    assert nurse_actor is not None
    assert head is not None
    one = await records.put("system", nurse(nurse_actor.person_id), "a.xlsx")
    with pytest.raises(Refusal, match="not_allowed"):
        await records.withdraw(nurse_actor, one, "录错了")
    with pytest.raises(Refusal, match="licence_why_withdrawn"):
        await records.withdraw(head, one, " ")
    await records.withdraw(head, one, "录错了人")
    assert await records.of_person(nurse_actor.person_id) == []
    with pytest.raises(Refusal, match="licence_unknown"):
        await records.withdraw(head, one, "录错了人")


async def test_a_changed_rule_reaches_licences_on_record(services: Services) -> None:
    """A province that asks for 60 days, and one step more: after the next start they count."""
    records, desk = services.licences.records, services.licences
    people = [r["id"] for r in await db.fetch("SELECT id FROM persons WHERE active ORDER BY id")]
    far = await records.put("system", nurse(people[0], date(2029, 6, 30)), "a.xlsx")
    near = await records.put("system", nurse(people[1], date(2027, 4, 1)), "a.xlsx")
    other = await records.put("system", LicenceFacts(people[0], "bls", LATER), "a.xlsx")
    assert await desk.retune() == 0, "nothing changed, nothing is written"
    shipped = read("licence_kinds.toml")
    shipped["kinds"]["nurse"] |= {"apply_before": 60, "steps": [90, 60, 0, -60]}
    changed = load_licence_kinds(shipped)
    assert await retune(changed, TODAY) == 2
    assert (await row(far))["apply_by"] == date(2029, 5, 1)
    assert (await row(far))["next_step_on"] == date(2029, 1, 31)
    assert (await row(near))["apply_by"] == date(2027, 1, 31)
    assert (await row(near))["next_step_on"] == TODAY, "its first two steps have passed"
    assert (await row(other))["apply_by"] == LATER
    await db.execute("UPDATE licences SET step = 60, next_step_on = $1", date(2026, 12, 30))
    await retune(changed, TODAY)
    assert (await row(near))["next_step_on"] == date(2027, 1, 31), "said: the next one counts"
