"""Checklists at the services: who gets which, who may do what, and what goes on to whom."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial

import pytest

from bot import sample
from bot.wiring import Services
from message_templates.catalogue import Catalogue
from models import db
from models.clock import ManualClock
from services.actors import Actor, by_id, find
from services.audit import detail_of
from services.checklist_rules import ChecklistRules, load_checklists
from services.purposes import Subject
from services.refusals import Refusal
from services.sheets.samples import write_staff_list
from services.swap_facts import shift_words
from tests.support.deciding import Deed, at_once

HEAD = ("工号", "姓名", "病区", "职务", "企业微信userid", "系统角色", "在岗状态")
TODAY = date(2026, 12, 7)


async def actor(userid: str) -> Actor:
    found = await find("wecom", userid)
    assert found is not None
    return found


async def imported(services: Services, *rows: tuple[str, ...]) -> tuple[str, ...]:
    draft = await services.people.draft(write_staff_list(rows, HEAD), "名单.xlsx")
    assert draft.errors == ()
    await services.people.apply(draft, "test")
    return draft.notes


async def lists() -> list[tuple[str, str]]:
    rows = await db.fetch(
        "SELECT p.name, c.template FROM checklists c JOIN persons p ON p.id = c.person_id "
        "WHERE c.state = 'open' ORDER BY c.id"
    )
    return [(row["name"], row["template"]) for row in rows]


async def items(userid: str) -> dict[str, int]:
    who = await actor(userid)
    rows = await db.fetch(
        "SELECT key, i.id FROM checklist_items i JOIN checklists c ON c.id = i.checklist_id "
        "WHERE c.person_id = $1",
        who.person_id,
    )
    return {row["key"]: row["id"] for row in rows}


async def test_nobody_of_a_first_import_gets_a_list(services: Services) -> None:
    assert await lists() == []
    rows = [(f"S8{n:03}", f"新{n}", "急诊科", "护士", f"e{n}", "护士", "") for n in range(3)]
    assert "3人不建入职清单" in (await imported(services, *rows))[0]
    assert await lists() == []


async def test_single_newcomers_of_a_known_ward_get_the_list_of_their_title(
    services: Services,
) -> None:
    notes = await imported(
        services,
        ("S9001", "新护", sample.ICU, "护士", "xin", "护士", ""),
        ("S9002", "新医", sample.ICU, "住院医师", "yi", "护士", ""),
        ("S9003", "离去", sample.ICU, "护士", "li3", "护士", "离职"),
    )
    assert notes == ("导入后会为新护、新医2位新人建入职清单。",)
    assert await lists() == [("新护", "entry_nurse"), ("新医", "entry")]
    again = await imported(services, ("S9001", "新护", sample.ICU, "护士", "xin", "护士", ""))
    assert again == ()
    assert len(await lists()) == 2


async def test_many_at_once_are_a_move_of_wards_and_get_none(services: Services) -> None:
    rows = [(f"S8{n:03}", f"新{n}", sample.ICU, "护士", f"e{n}", "护士", "") for n in range(6)]
    assert "6人不建入职清单" in (await imported(services, *rows))[0]
    assert await lists() == []


async def test_each_owner_gets_one_card_for_all_newcomers_of_an_import(services: Services) -> None:
    await imported(
        services,
        ("S9001", "新甲", sample.ICU, "护士", "xin", "护士", ""),
        ("S9002", "新乙", sample.ICU, "护士", "yi", "护士", ""),
    )
    rows = await db.fetch(
        "SELECT p.name, count(*) AS cards FROM asks a JOIN persons p ON p.id = a.person_id "
        "WHERE a.purpose = 'checklists.todo' GROUP BY p.name"
    )
    cards = {row["name"]: row["cards"] for row in rows}
    assert set(cards.values()) == {1}
    assert {"新甲", "新乙", "赵小样"} < set(cards)


async def test_who_may_say_done_and_who_that_it_does_not_apply(services: Services) -> None:
    su, zhao, li, song = [await actor(name) for name in ("su", "zhao", "li", "song")]
    room = services.lists.lists
    assert await room.open(su, "entry_nurse", li.person_id, TODAY) is not None
    assert await room.open(su, "entry", li.person_id, TODAY) is None
    found = await items("li")
    with pytest.raises(Refusal, match="not_allowed"):
        await room.done(found["place"], li)  # about herself, somebody else's to say
    with pytest.raises(Refusal, match="not_allowed"):
        await room.done(found["place"], zhao)  # an office's
    await room.done(found["duties"], zhao)  # the head for her newcomer
    with pytest.raises(Refusal, match="item_done"):
        await room.done(found["duties"], li)
    with pytest.raises(Refusal, match="not_allowed"):
        await room.waive(found["place"], zhao, "本来就在本院")
    with pytest.raises(Refusal, match="waive_reason"):
        await room.waive(found["place"], song, " ")
    await room.waive(found["place"], song, "本来就在本院")
    note = await db.fetch_value("SELECT note FROM checklist_items WHERE id = $1", found["place"])
    assert note.startswith("k1:")


async def test_open_mandatory_items_and_trainees_need_company(services: Services) -> None:
    su, li, song = [await actor(name) for name in ("su", "li", "song")]
    supervision = services.rosters.rest.supervision
    everybody = [row["id"] for row in await db.fetch("SELECT id FROM persons")]
    assert li.unit_id is not None
    assert await supervision.unaccompanied(li.unit_id, everybody) == frozenset()
    await db.execute("UPDATE persons SET level = '实习护士' WHERE staff_no = 'S1003'")
    trainee = await db.fetch_value("SELECT id FROM persons WHERE staff_no = 'S1003'")
    room = services.lists.lists
    await room.open(su, "entry_nurse", li.person_id, TODAY)
    assert await supervision.unaccompanied(li.unit_id, everybody) == {li.person_id, trainee}
    office = await db.fetch_value("SELECT id FROM units WHERE kind = 'hr'")
    assert await supervision.unaccompanied(office, everybody) == frozenset()
    for key, item in (await items("li")).items():
        if key != "contract":
            await room.done(item, li if key in ("regulations", "duties") else song)
    assert await supervision.unaccompanied(li.unit_id, everybody) == {trainee}


async def test_a_roster_that_leaves_a_newcomer_alone_is_a_broken_hard_rule(
    services: Services,
) -> None:
    """All others who work with 李 on the 12th are taken off: she was not alone before."""
    su, li = await actor("su"), await actor("li")
    await services.lists.lists.open(su, "entry_nurse", li.person_id, TODAY)
    assert li.unit_id is not None
    day = date(2026, 12, 12)
    rows = await db.fetch(
        "SELECT person_id FROM shifts WHERE day = $1 AND code = 'A' AND unit_id = $2 "
        "AND person_id <> $3",
        day,
        li.unit_id,
        li.person_id,
    )
    changes = {row["person_id"]: [(day, ("A",), ("休",))] for row in rows}
    assert len(changes) > 0
    found = await services.rosters.rest.check(li.unit_id, changes)
    assert [(v.rule.rule, v.hard, v.day) for v in found[li.person_id]] == [("alone", True, day)]
    changes.popitem()
    assert li.person_id not in await services.rosters.rest.check(li.unit_id, changes)


async def test_nobody_is_planned_beyond_their_last_day(services: Services) -> None:
    li = await actor("li")
    await db.execute("UPDATE persons SET leaves_on = $2 WHERE id = $1", li.person_id, TODAY)
    assert li.unit_id is not None
    later = date(2026, 12, 21)  # a day off in the roster
    changes = {li.person_id: [(later, ("休",), ("P",))]}
    found = await services.rosters.rest.check(li.unit_id, changes)
    assert "leaving" in {violation.rule.rule for violation in found[li.person_id]}


async def test_what_a_head_nurse_held_goes_to_another(
    services: Services, clock: ManualClock
) -> None:
    su, zhao, li, song = [await actor(name) for name in ("su", "zhao", "li", "song")]
    await services.lists.lists.open(su, "entry_nurse", li.person_id, TODAY)
    give, take = [
        await db.fetch_value(
            "SELECT s.id FROM shifts s JOIN persons p ON p.id = s.person_id "
            "WHERE p.staff_no = $1 AND s.day = $2",
            number,
            date(2026, 12, 12),
        )
        for number in ("S1002", "S1002")
    ]
    assert give == take
    yang = await actor("yang")
    swap = await services.swaps.ask(li, give, yang.person_id, None)
    await services.swaps.accept(swap, yang)
    await services.lists.leaving.end(zhao.person_id, song)
    seats = await db.fetch("SELECT person_id FROM approvers")
    assert [row["person_id"] for row in seats] == [song.person_id]
    head = await by_id(song.person_id)
    assert head is not None
    approval = await db.fetch_value("SELECT id FROM approvals WHERE kind = 'swaps'")
    await services.approvals.decide(approval, head, approve=True)
    owners = await db.fetch(
        "SELECT DISTINCT owner_id FROM checklist_items WHERE key = 'ward' AND state = 'open'"
    )
    assert [row["owner_id"] for row in owners] == [song.person_id]
    assert await services.lists.leaving.end(zhao.person_id, song) is False
    left = await db.fetch("SELECT at FROM audit_rows WHERE action = 'person.left'")
    assert [row["at"] for row in left] == [clock.now()]


async def test_a_session_of_the_console_ends_with_everything_else(
    services: Services, clock: ManualClock
) -> None:
    zhao = await actor("zhao")
    link = await services.sign_in.link(zhao)
    session = await services.sign_in.open_session(link.rpartition("/")[2])
    assert session is not None
    await db.execute("UPDATE persons SET leaves_on = $2 WHERE id = $1", zhao.person_id, TODAY)
    assert await services.lists.leaving.end_due() == 0
    clock.advance(timedelta(hours=10, minutes=1))
    assert await services.lists.leaving.end_due() == 1
    assert await services.lists.leaving.end_due() == 0
    assert await services.sign_in.actor_of(session) is None


async def test_what_is_late_is_asked_once_a_card_and_told_once_a_digest(
    services: Services, clock: ManualClock
) -> None:
    su, li, wang = [await actor(name) for name in ("su", "li", "wang")]
    for who in (li, wang):
        await services.lists.lists.open(su, "entry", who.person_id, TODAY)
    assert await services.lists.overdue.ask() == 0
    clock.advance(timedelta(days=8))
    assert await services.lists.overdue.ask() > 4
    assert await services.lists.overdue.ask() == 0
    cards = await db.fetch(
        "SELECT person_id, count(*) AS n FROM asks WHERE purpose = 'checklists.overdue' "
        "GROUP BY person_id"
    )
    assert {row["n"] for row in cards} == {1}
    clock.advance(timedelta(hours=25))
    await services.escalation.run_due()
    await services.escalation.run_due()
    told = await db.fetch(
        "SELECT p.staff_no, count(*) AS n FROM deliveries d "
        "JOIN messages m ON m.id = d.message_id JOIN persons p ON p.id = d.person_id "
        "WHERE m.purpose = 'checklists.late' "
        "GROUP BY p.staff_no"
    )
    assert [(row["staff_no"], row["n"]) for row in told] == [("S1001", 1)]


async def test_a_training_list_comes_with_a_place_and_goes_with_it(services: Services) -> None:
    li = await actor("li")
    training = services.lists.training
    await training.accepted(7, li.person_id)
    await training.accepted(7, li.person_id)
    assert await lists() == [("李小样", "call_out")]
    due = await db.fetch(
        "SELECT DISTINCT due_at - c.opened_at AS within FROM checklist_items i "
        "JOIN checklists c ON c.id = i.checklist_id"
    )
    assert [row["within"] for row in due] == [timedelta(hours=48)]
    await training.left(7, li.person_id)
    assert await lists() == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"kind": "party"}, "party"),
        ({"items": []}, "no item"),
        ({"items": [{"key": "a", "title": "甲", "owner": "boss", "due": 1}]}, "boss"),
        ({"items": [{"key": "a", "title": "甲" * 17, "owner": "self", "due": 1}]}, "16"),
        ({"items": [{"key": "a", "title": "甲", "owner": "self"}]}, "due"),
        ({"items": [{"key": "a", "title": "甲", "owner": "self", "due": 1, "x": 1}]}, "x"),
        ({"extends": "nothing"}, "nothing"),
    ],
)
def test_a_faulty_template_is_refused_with_its_place(change: dict[str, object], said: str) -> None:
    good: dict[str, object] = {
        "kind": "entry",
        "items": [{"key": "a", "title": "甲", "owner": "self", "due": 1}],
    }
    assert isinstance(load_checklists({"templates": {"x": good}}), ChecklistRules)
    with pytest.raises(ValueError, match=said):
        load_checklists({"templates": {"x": good | change}})


async def test_an_exit_nobody_confirms_comes_to_nothing(
    services: Services, clock: ManualClock
) -> None:
    song, li = await actor("song"), await actor("li")
    assert await services.lists.exits.propose(song, li.person_id, TODAY + timedelta(days=3))
    with pytest.raises(Refusal, match="exit_known"):
        await services.lists.exits.propose(song, li.person_id, TODAY)
    assert await services.lists.exits.expire_due() == 0
    clock.advance(timedelta(hours=25))
    assert await services.lists.exits.expire_due() == 1
    proposal = await db.fetch_one("SELECT id, state FROM checklists")
    assert proposal is not None
    assert proposal["state"] == "cancelled"
    with pytest.raises(Refusal, match="exit_dropped"):
        await services.lists.exits.confirm(proposal["id"], song)
    assert await services.lists.exits.propose(song, li.person_id, TODAY)
    assert await find("wecom", "li") is not None


async def test_a_reopened_item_opens_its_list_again_and_company_is_needed_from_then_on(
    services: Services, clock: ManualClock
) -> None:
    lists, reopening = services.lists.lists, services.lists.reopening
    su, li, qin = await actor("su"), await actor("li"), await actor("qin")
    opened = await lists.open(su, "entry_nurse", li.person_id, TODAY)
    its = await items("li")
    for item in its.values():
        await lists.done(item, su)
    supervision = lists.rules.supervision
    unit = li.unit_id or 0
    assert await supervision.unaccompanied(unit, [li.person_id]) == frozenset()
    clock.advance(timedelta(days=20))
    await reopening.reopen(its["place"], qin, "变更没有办成")
    assert await supervision.unaccompanied(unit, [li.person_id]) == {li.person_id}
    row = await db.fetch_one(
        "SELECT c.state, c.closed_at, i.due_at, i.done_by_id FROM checklists c "
        "JOIN checklist_items i ON i.checklist_id = c.id WHERE i.id = $1",
        its["place"],
    )
    assert row is not None
    assert (row["state"], row["closed_at"], row["done_by_id"]) == ("open", None, None)
    assert row["due_at"] > clock.now(), "not late the moment it is opened"
    entry = await db.fetch_one("SELECT * FROM audit_rows WHERE action = 'checklist.reopened'")
    assert entry is not None
    told = detail_of(entry)
    assert (told["done_by"], told["was"], told["reason"]) == (
        su.person_id,
        "done",
        "变更没有办成",
    )
    await lists.done(its["place"], qin)
    state = "SELECT state FROM checklists WHERE id = $1"
    assert await db.fetch_value(state, opened) == "done"


async def test_of_published_shifts_alone_now_the_head_nurse_is_told(
    services: Services, clock: ManualClock
) -> None:
    """On the first two of her shifts nobody else is there; done again, it is no news any more."""
    lists, alone = services.lists.lists, services.lists.reopening.alone
    su, li, zhao = await actor("su"), await actor("li"), await actor("zhao")
    qin = await actor("qin")
    await lists.open(su, "entry_nurse", li.person_id, TODAY)
    its = await items("li")
    for item in its.values():
        await lists.done(item, su)
    assert await alone.tell(li.person_id) == 0
    ahead = await db.fetch(
        "SELECT * FROM shifts "
        "WHERE person_id = $1 AND state = 'planned' AND starts_at > $2 ORDER BY starts_at",
        li.person_id,
        clock.now(),
    )
    assert len(ahead) > 2
    await db.execute(  # nobody else is rostered on two of these days
        "DELETE FROM roster_cells WHERE person_id <> $1 AND day BETWEEN $2 AND $3",
        li.person_id,
        ahead[0]["day"] - timedelta(days=1),
        ahead[1]["day"] + timedelta(days=1),
    )
    await services.lists.reopening.reopen(its["place"], qin, "变更没有办成")
    (message,) = await db.fetch(
        "SELECT m.id, m.subject_id, d.person_id FROM messages m "
        "JOIN deliveries d ON d.message_id = m.id WHERE m.purpose = 'checklists.alone'"
    )
    assert (message["subject_id"], message["person_id"]) == (li.person_id, zhao.person_id)
    subject = Subject(message["id"], li.person_id, {})
    facts = (await alone._facts([subject]))[message["id"]]
    assert facts.stands
    words = Catalogue().text("checklists/alone", dict(facts.context)).content
    assert "李小样(S1002)有入职必做项重新打开" in words
    assert [shift_words(one) for one in ahead[:2]] == facts.context["lines"]
    await lists.done(its["place"], qin)
    assert not (await alone._facts([subject]))[message["id"]].stands


async def test_done_and_reopened_at_once_leave_a_list_that_agrees_with_its_items(
    services: Services,
) -> None:
    """The last two items are ticked while a third is opened again, and the list called off."""
    lists, reopening = services.lists.lists, services.lists.reopening
    su, qin, li = await actor("su"), await actor("qin"), await actor("li")
    for cancelled in (False, False, True):
        opened = await lists.open(su, "entry_nurse", li.person_id, TODAY)
        assert opened is not None
        rows = await db.fetch("SELECT id FROM checklist_items WHERE checklist_id = $1", opened)
        again, *rest = [row["id"] for row in rows]
        for item in (again, *rest[2:]):
            await lists.done(item, su)
        deeds: list[Deed] = [
            partial(lists.done, rest[0], su),
            partial(lists.done, rest[0], qin),
            partial(lists.done, rest[1], qin),
            partial(reopening.reopen, again, qin, "没有办成"),
            partial(reopening.reopen, again, su, "没有办成"),
        ]
        if cancelled:
            deeds.append(partial(lists.cancel, opened, su))
        done = await at_once(*deeds)
        assert set(done) <= {"done", "item_done", "item_not_done", "checklist_closed"}, done
        state = await db.fetch_value("SELECT state FROM checklists WHERE id = $1", opened)
        left = await db.fetch_value(
            "SELECT count(*) FROM checklist_items WHERE checklist_id = $1 AND state = 'open'",
            opened,
        )
        assert (state, left) == (
            ("cancelled", 0) if done[-1] == "done" and cancelled else ("open", 1)
        )
        if state == "open":
            await lists.cancel(opened, su)


async def test_what_may_not_be_reopened(services: Services) -> None:
    lists, reopening = services.lists.lists, services.lists.reopening
    su, li, wang = await actor("su"), await actor("li"), await actor("wang")
    first = await lists.open(su, "entry_nurse", li.person_id, TODAY)
    its = await items("li")
    with pytest.raises(Refusal, match="item_not_done"):
        await reopening.reopen(its["duties"], su, "x")
    await lists.done(its["duties"], li)
    for who, reason, key in ((wang, "x", "not_allowed"), (su, "  ", "reopen_reason")):
        with pytest.raises(Refusal, match=key):
            await reopening.reopen(its["duties"], who, reason)
    for key, item in its.items():
        if key != "duties":
            await lists.done(item, su)
    await lists.open(su, "entry", li.person_id, TODAY)
    with pytest.raises(Refusal, match="reopen_other"):
        await reopening.reopen(its["duties"], su, "x")
    second = await db.fetch_value("SELECT id FROM checklists WHERE id <> $1", first)
    await lists.cancel(second, su)
    await reopening.reopen(its["duties"], su, "x")
    await lists.cancel(first or 0, su)
    with pytest.raises(Refusal, match="checklist_closed"):
        await reopening.reopen(its["duties"], su, "x")
