"""Two people press at the same instant: one decision, one effect, a polite answer to the rest."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import date, timedelta

import pytest

from bot import sample
from bot.app import read_rules
from bot.wiring import Services
from models import db
from models.approvals import Rule
from models.clock import ManualClock
from services.actors import Actor
from services.approval_kinds import ApprovalKind
from services.refusals import Refusal
from tests.support.deciding import accepted, actor, asked, at_once, attempt, shift_of
from tests.support.hospital import settings

ROUNDS = 6
GIVE = ("sun", "1214", "wang")


async def make_manager(user: str) -> Actor:
    unit = await db.fetch_value("SELECT id FROM units WHERE name = $1", sample.ICU)
    person = (await actor(user)).person_id
    await db.execute(
        "INSERT INTO grants (person_id, role, unit_id) VALUES ($1, 'manager', $2) "
        "ON CONFLICT DO NOTHING",
        person,
        unit,
    )
    return await actor(user)


async def again() -> None:
    """Take every swap and its approvals off the table; what was exchanged stays exchanged."""
    await db.execute("UPDATE swaps SET state = 'withdrawn' WHERE state IN ('asked', 'accepted')")
    await db.execute("UPDATE approvals SET state = 'withdrawn' WHERE state = 'pending'")


async def holders(day: str) -> list[str]:
    rows = await db.fetch(
        "SELECT i.user_id FROM shifts s JOIN identities i ON i.person_id = s.person_id "
        "WHERE to_char(s.day, 'MMDD') = $1 AND s.state = 'planned' ORDER BY 1",
        day,
    )
    return [row["user_id"] for row in rows]


async def test_two_managers_who_decide_at_once_make_one_decision(
    services: Services, clock: ManualClock
) -> None:
    zhao, li = await actor("zhao"), await make_manager("li")
    outcomes: Counter[str] = Counter()
    for _ in range(ROUNDS):
        give = ("wang", "1214", "sun") if outcomes["approved"] % 2 else GIVE
        _, approval = await accepted(services, *give)
        before = await holders("1214")
        results = await at_once(
            lambda a=approval: services.swaps.decide(a, zhao, approve=True),  # type: ignore[misc]
            lambda a=approval: services.swaps.decide(a, li, approve=False),  # type: ignore[misc]
        )
        assert sorted(results) == ["already_decided", "done"]
        row = await db.fetch_one(
            "SELECT a.state, s.state AS swap, a.decided_by_id FROM approvals a "
            "JOIN swaps s ON s.approval_id = a.id WHERE a.id = $1",
            approval,
        )
        assert row is not None
        assert row["state"] == row["swap"]
        assert (row["state"] == "approved") == (results[0] == "done")
        assert (await holders("1214") != before) == (row["state"] == "approved")
        outcomes[row["state"]] += 1
        clock.advance(timedelta(minutes=1))
    effects = await db.fetch("SELECT 1 FROM audit_rows WHERE action = 'swap.approved'")
    assert len(effects) == outcomes["approved"]


async def test_approval_and_withdrawal_at_once_agree_on_one_end(services: Services) -> None:
    zhao, sun, wang = [await actor(user) for user in ("zhao", "sun", "wang")]
    give = GIVE
    for _ in range(ROUNDS):
        swap, approval = await accepted(services, *give)
        owner = sun if give == GIVE else wang
        results = await at_once(
            lambda a=approval: services.swaps.decide(a, zhao, approve=True),  # type: ignore[misc]
            lambda s=swap, o=owner: services.swaps.withdraw(s, o),  # type: ignore[misc]
        )
        assert results.count("done") == 1, results
        ends = await db.fetch_one(
            "SELECT s.state AS swap, a.state AS approval FROM swaps s "
            "JOIN approvals a ON a.id = s.approval_id WHERE s.id = $1",
            swap,
        )
        assert ends is not None
        assert ends["swap"] == ends["approval"]
        if ends["swap"] == "approved":
            assert results[1] == "swap_approved"
            give = ("wang", "1214", "sun") if give == GIVE else GIVE
        else:
            assert results[0] == "approval_withdrawn"


async def test_one_acceptance_however_often_it_is_tapped(services: Services) -> None:
    wang = await actor("wang")
    for _ in range(ROUNDS):
        swap = await asked(services, *GIVE)
        results = await at_once(*[lambda: services.swaps.accept(swap, wang)] * 4)  # noqa: B023
        assert sorted(results) == ["done", *["swap_accepted"] * 3]
        rows = await db.fetch("SELECT 1 FROM approvals WHERE subject_id = $1", swap)
        assert len(rows) == 1
        await again()


async def test_a_shift_is_offered_once_however_many_are_asked_at_once(services: Services) -> None:
    sun = await actor("sun")
    shift = await shift_of("sun", "1214")
    others = [(await actor(user)).person_id for user in ("wang", "liu", "zhou", "xu")]
    for _ in range(ROUNDS):
        results = await at_once(
            *(lambda c=other: services.swaps.ask(sun, shift, c, None) for other in others)
        )
        assert sorted(results) == ["done", *["swap_already_open"] * 3]
        await again()


async def test_two_swaps_that_need_the_same_shift_end_with_one_exchange(
    services: Services,
) -> None:
    """Both 孙 and 马 want 王 to work on the 14th, and 王 can only be there once."""
    zhao = await actor("zhao")
    _, first = await accepted(services, "sun", "1214", "wang")
    _, second = await accepted(services, "ma", "1214", "wang")
    results = await at_once(
        lambda: services.swaps.decide(first, zhao, approve=True),
        lambda: services.swaps.decide(second, zhao, approve=True),
    )
    assert sorted(results) == ["done", "rest_rule"]
    assert (await holders("1214")).count("wang") == 1


@pytest.mark.parametrize("user", ["sun", "ma"])
async def test_a_roster_published_while_a_swap_is_approved_leaves_one_truth(
    database_url: str, services: Services, user: str
) -> None:
    zhao = await actor("zhao")
    assert zhao.unit_id is not None
    codes = read_rules(settings(database_url)).shift_codes
    _, approval = await accepted(services, user, "1214", "wang")
    staff = await db.fetch_value(
        "SELECT p.staff_no FROM persons p JOIN identities i ON i.person_id = p.id "
        "WHERE i.user_id = $1",
        user,
    )
    changes = {(staff, date(2026, 12, 14)): "P"}
    data = sample.month_sheet(sample.ICU, 2026, 12, codes, changes)
    draft = await services.rosters.draft(zhao, zhao.unit_id, data, f"{user}.xlsx")
    roster = draft.roster_id
    assert roster is not None
    results = await at_once(
        lambda: services.swaps.decide(approval, zhao, approve=True),
        lambda: services.rosters.publish(zhao, roster, override="示例"),
    )
    assert results.count("done") == 1, results
    assert set(results) - {"done"} <= {"swap_outdated", "roster_changed_since"}
    cells = await db.fetch(
        "SELECT person_id, starts_at FROM shifts WHERE state = 'planned' "
        "GROUP BY 1, 2 HAVING count(*) > 1"
    )
    assert cells == []


async def test_one_acknowledgement_out_of_twenty_taps(
    services: Services, clock: ManualClock
) -> None:
    clock.advance(timedelta(hours=7))
    await services.reminders.plan()
    row = await db.fetch_one(
        "SELECT a.subject_id, i.user_id FROM asks a "
        "JOIN identities i ON i.person_id = a.person_id ORDER BY a.id LIMIT 1"
    )
    assert row is not None
    nurse = await actor(row["user_id"])
    await asyncio.gather(
        *(services.reminders.acknowledge(row["subject_id"], nurse) for _ in range(20))
    )
    rows = await db.fetch("SELECT 1 FROM audit_rows WHERE action = 'shift.acknowledged'")
    assert len(rows) == 1


class Deed:
    """Something that needs approval: what became of it, in the database's own order."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.done: list[str] = []
        self.text = "原文"
        services.approvals.register(
            [
                ApprovalKind(
                    "tests",
                    self._content,
                    self._approved,
                    self._refused,
                    self._expired,
                    self._reopened,
                    self._lock,
                    self._may_decide,
                )
            ]
        )

    async def _content(self, _subject: int) -> dict[str, str]:
        return {"text": self.text}

    async def _approved(self, _subject: int, by: Actor) -> None:
        self.done.append(f"approved by {by.name}")

    async def _refused(self, _subject: int, by: Actor, _reason: str) -> None:
        self.done.append(f"refused by {by.name}")

    async def _expired(self, _subject: int) -> None:
        self.done.append("expired")

    async def _reopened(self, _subject: int, _approval: int) -> None:
        self.done.append("reopened")

    async def _lock(self, subject: int) -> None:
        await db.lock(f"tests:{subject}")

    async def _may_decide(self, _subject: int, _by: int, _seat: int) -> None:
        return

    async def open(self, rule: Rule, *approvers: Actor, requester: Actor) -> int:
        people = [approver.person_id for approver in approvers]
        async with db.transaction():
            return await self.services.approvals.open(
                "tests", 1, requester=requester.person_id, approvers=people, rule=rule
            )

    async def decide(self, approval: int, by: Actor, approve: bool) -> str:
        return await attempt(lambda: self.services.approvals.decide(approval, by, approve))


@pytest.mark.parametrize("rule", list(Rule))
async def test_every_rule_ends_in_one_decision_when_all_decide_at_once(
    services: Services, rule: Rule
) -> None:
    deed = Deed(services)
    one, two, three, asker = [await actor(u) for u in ("zhao", "li", "wang", "chen")]
    for _ in range(ROUNDS):
        deed.done.clear()
        approval = await deed.open(rule, one, two, three, requester=asker)
        results = await at_once(
            *(
                lambda p=person, y=yes: services.approvals.decide(approval, p, y)  # noqa: B023
                for person, yes in ((one, True), (two, False), (three, True), (one, True))
            )
        )
        state = await db.fetch_value("SELECT state FROM approvals WHERE id = $1", approval)
        allowed = {"done", "already_decided", "already_voted", "not_allowed"}
        assert set(results) <= allowed, results
        assert len(deed.done) == (state != "pending")
        votes = await db.fetch(
            "SELECT decision FROM approvers WHERE approval_id = $1 AND decision IS NOT NULL",
            approval,
        )
        assert len(votes) == results.count("done")


async def test_all_means_everybody_and_one_no_is_enough(services: Services) -> None:
    deed = Deed(services)
    one, two, asker = [await actor(u) for u in ("zhao", "li", "chen")]
    approval = await deed.open(Rule.ALL, one, two, requester=asker)
    assert await deed.decide(approval, one, True) == "done"
    assert await deed.decide(approval, one, True) == "already_voted"
    assert deed.done == []
    assert await deed.decide(approval, two, True) == "done"
    assert deed.done == ["approved by 李小样"]
    second = await deed.open(Rule.ALL, one, two, requester=asker)
    assert await deed.decide(second, two, False) == "done"
    assert await deed.decide(second, one, True) == "already_decided"


async def test_in_order_asks_the_next_only_after_the_first(services: Services) -> None:
    deed = Deed(services)
    one, two, asker = [await actor(u) for u in ("zhao", "li", "chen")]
    approval = await deed.open(Rule.IN_ORDER, one, two, requester=asker)
    assert await deed.decide(approval, two, True) == "not_allowed"
    assert await deed.decide(approval, one, True) == "done"
    assert deed.done == []
    assert await deed.decide(approval, two, True) == "done"
    assert deed.done == ["approved by 李小样"]


async def test_nobody_approves_their_own_request(services: Services) -> None:
    deed = Deed(services)
    one, two = await actor("zhao"), await actor("li")
    approval = await deed.open(Rule.ANY, one, two, requester=one)
    assert await deed.decide(approval, one, True) == "own_request"
    with pytest.raises(Refusal, match="nobody_may_approve"):
        await deed.open(Rule.ANY, one, requester=one)


async def test_a_deputy_decides_only_on_the_days_named(
    services: Services, clock: ManualClock
) -> None:
    deed = Deed(services)
    one, two, asker = [await actor(u) for u in ("zhao", "li", "chen")]
    await db.execute(
        "INSERT INTO deputies (person_id, deputy_id, first_day, last_day) "
        "VALUES ($1, $2, '2026-12-08', '2026-12-08')",
        one.person_id,
        two.person_id,
    )
    approval = await deed.open(Rule.ANY, one, requester=asker)
    assert await deed.decide(approval, two, True) == "not_allowed"
    clock.advance(timedelta(days=1))
    assert await deed.decide(approval, two, True) == "done"
    assert deed.done == ["approved by 李小样"]


async def test_what_has_changed_is_shown_anew_and_not_approved(services: Services) -> None:
    deed = Deed(services)
    one, asker = await actor("zhao"), await actor("chen")
    approval = await deed.open(Rule.ANY, one, requester=asker)
    deed.text = "改过的"
    assert await deed.decide(approval, one, True) == "done"
    assert deed.done == ["reopened"]
    assert await deed.decide(approval, one, True) == "approval_withdrawn"


async def test_silence_is_never_a_yes_and_a_late_yes_is_none(
    services: Services, clock: ManualClock
) -> None:
    deed = Deed(services)
    one, asker = await actor("zhao"), await actor("chen")
    approval = await deed.open(Rule.ANY, one, requester=asker)
    clock.advance(timedelta(hours=73))
    assert await deed.decide(approval, one, True) == "approval_expired"
    results = await at_once(*[services.approvals.expire_due] * 3)
    assert results == ["done"] * 3
    assert deed.done == ["expired"]


async def test_a_tap_long_after_the_decision_does_not_call_it_expired(
    services: Services, clock: ManualClock
) -> None:
    deed = Deed(services)
    one, asker = await actor("zhao"), await actor("chen")
    approval = await deed.open(Rule.ANY, one, requester=asker)
    assert await deed.decide(approval, one, True) == "done"
    clock.advance(timedelta(hours=73))
    assert await deed.decide(approval, one, True) == "already_decided"


async def test_who_lost_the_role_since_the_card_came_decides_nothing(services: Services) -> None:
    zhao = await actor("zhao")
    swap, approval = await accepted(services, *GIVE)
    await db.execute("DELETE FROM grants WHERE person_id = $1", zhao.person_id)
    late = await actor("zhao")
    assert (
        await attempt(lambda: services.swaps.decide(approval, late, approve=True)) == "not_allowed"
    )
    assert await db.fetch_value("SELECT state FROM swaps WHERE id = $1", swap) == "accepted"


async def test_a_deputy_with_a_stake_in_the_swap_decides_nothing(services: Services) -> None:
    _, approval = await accepted(services, *GIVE)
    wang, zhao = await actor("wang"), await actor("zhao")
    await db.execute(
        "INSERT INTO deputies (person_id, deputy_id, first_day, last_day) "
        "VALUES ($1, $2, '2026-12-01', '2026-12-31')",
        zhao.person_id,
        wang.person_id,
    )
    assert (
        await attempt(lambda: services.swaps.decide(approval, wang, approve=True)) == "not_allowed"
    )


async def test_nothing_is_handed_to_somebody_who_has_left(services: Services) -> None:
    zhao = await actor("zhao")
    _, approval = await accepted(services, *GIVE)
    before = await holders("1214")
    await db.execute(
        "UPDATE persons SET active = false WHERE id = $1", (await actor("wang")).person_id
    )
    assert (
        await attempt(lambda: services.swaps.decide(approval, zhao, approve=True))
        == "swap_outdated"
    )
    assert await holders("1214") == before
