"""What has changed between the card and the yes: asked again, said warmly, no place counted."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date, timedelta

import pytest

from bot.wiring import Services
from models import db, sealed
from models.callouts import AnswerState
from models.clock import ManualClock
from models.sealed import seal_json
from services.actors import Actor
from services.callout_answers import TOLD_OF, Answer, Answered
from services.callout_eligibility import Excluded
from services.duties import PROTECTED
from services.ledger import CONTEXT
from tests.integration.test_callout_races import crowd, opened
from tests.support.callouts import wish
from tests.support.deciding import actor

Change = Callable[[int], Awaitable[object]]
MONDAY = date(2026, 12, 7)  # 14:00; the call-out is from 16:00 to 20:00


async def rostered(person_id: int, codes: str, day: date = MONDAY) -> None:
    """A roster that was published meanwhile has these codes on this day."""
    roster = await db.fetch_value(
        "SELECT max(r.id) FROM rosters r JOIN persons p ON p.unit_id = r.unit_id "
        "WHERE p.id = $1 AND r.state = 'published'",
        person_id,
    )
    await db.execute(
        "INSERT INTO roster_cells (roster_id, person_id, day, codes) VALUES ($1, $2, $3, $4)",
        roster, person_id, day, f'["{codes}"]',
    )  # fmt: skip


async def told(purpose: str = "callouts.told") -> list[dict[str, object]]:
    rows = await db.fetch("SELECT context FROM messages WHERE purpose = $1 ORDER BY id", purpose)
    return [sealed.open_json(CONTEXT, row["context"]) for row in rows]


def sql(statement: str, *more: object) -> Change:
    return lambda person: db.execute(statement, person, *more)


LEAVE = (
    "INSERT INTO wishes (person_id, kind, first_day, last_day, said_at) "
    "VALUES ($1, 'leave', '2026-12-07', '2026-12-09', now())"
)


async def mothers(person_id: int) -> None:
    body = seal_json(PROTECTED, {"nursing": "2027-06-30"})
    await db.execute("UPDATE persons SET protected_until = $2 WHERE id = $1", person_id, body)
    await db.execute("UPDATE call_outs SET ends_at = ends_at + interval '4 hours'")  # by night


@pytest.mark.parametrize(
    ("change", "reason", "words"),
    [
        (lambda who: rostered(who, "P"), Excluded.ON_DUTY, "时间重叠。"),
        (lambda who: rostered(who, "N", MONDAY + timedelta(days=1)), Excluded.REST, "至少要隔"),
        (sql(LEAVE), Excluded.LEAVE, "那天已登记您休假。"),
        (
            sql("UPDATE persons SET leaves_on = '2026-12-06' WHERE id = $1"),
            Excluded.LEAVE,
            "最后工作日是",
        ),
        (
            sql("UPDATE licences SET valid_to = '2026-12-06' WHERE person_id = $1"),
            Excluded.LICENCE,
            "证件那天不在有效期",
        ),
        (sql("UPDATE persons SET skills = '[]' WHERE id = $1"), Excluded.SKILL, "技能登记"),
        (mothers, Excluded.REST, "哺乳"),
    ],
)
async def test_whatever_changed_is_seen_at_the_yes(
    services: Services, clock: ManualClock, change: Change, reason: Excluded, words: str
) -> None:
    """No place is counted, the card says why, the launcher is told, the audit log keeps it."""
    call_outs, zhao = services.call_outs.call_outs, await actor("zhao")
    one, other = await crowd(2)
    call_out = await opened(call_outs, zhao, wish(clock), [one, other], clock)
    await change(one.person_id)
    done = await call_outs.answer(call_out, one, Answer.YES)
    assert done.state is AnswerState.BARRED
    assert done.barred is not None
    assert done.barred.reason is reason
    facts = await call_outs.asked_facts(call_out, one.person_id, done.barred)
    assert words in facts["why"]
    view = await call_outs.view(call_out)
    assert (view.taken, view.barred, view.silent, view.declined) == (0, 1, 1, 0)
    assert await told() == [{"what": "barred", "name": one.name, "why": str(reason)}]
    kept = await db.fetch_value(
        "SELECT detail::text FROM audit_rows WHERE action = 'callout.answered'"
    )
    assert f'"{reason}"' in kept
    assert await db.fetch_value("SELECT count(*) FROM checklists WHERE state = 'open'") == 0
    assert (await call_outs.answer(call_out, other, Answer.YES)).state is AnswerState.YES


async def said_again(
    services: Services, clock: ManualClock, answer: Answer, later: int
) -> tuple[Answered, Answered]:
    """Two yeses of somebody who got a shift until 15:30 meanwhile, the second `later` minutes
    after the time."""
    call_outs, zhao = services.call_outs.call_outs, await actor("zhao")
    (one,) = await crowd(1)
    call_out = await opened(call_outs, zhao, wish(clock), [one], clock)
    await rostered(one.person_id, "P")
    first = await call_outs.answer(call_out, one, Answer.YES)
    await db.execute("DELETE FROM roster_cells WHERE person_id = $1", one.person_id)
    eta = clock.now() + timedelta(hours=2, minutes=later)
    return first, await call_outs.answer(call_out, one, answer, eta)


@pytest.mark.parametrize(("answer", "later"), [(Answer.YES, 0), (Answer.LATE, 30)])
async def test_who_was_barred_may_say_yes_again_when_it_is_settled(
    services: Services, clock: ManualClock, answer: Answer, later: int
) -> None:
    first, second = await said_again(services, clock, answer, later)
    assert (first.state, second.state) == (AnswerState.BARRED, AnswerState.YES)
    assert (await services.call_outs.call_outs.view(first.call_out_id)).taken == 1


async def test_a_launcher_reads_of_each_once_and_of_a_crowd_on_the_board(
    services: Services, clock: ManualClock
) -> None:
    """Nobody is asked again by a wave, nobody is counted as silent, the next wave goes at once."""
    call_outs, zhao = services.call_outs.call_outs, await actor("zhao")
    people = await crowd(TOLD_OF + 2)
    call_out = await opened(call_outs, zhao, wish(clock, 3), people, clock)
    await db.execute("UPDATE call_outs SET next_wave_at = $1", clock.now() + timedelta(minutes=3))
    await db.execute("UPDATE persons SET skills = '[]'")
    for one in (*people, *people):
        await call_outs.answer(call_out, one, Answer.YES)
    assert [line["name"] for line in await told()] == [one.name for one in people[:TOLD_OF]]
    assert call_outs.facts.board(await call_outs.view(call_out))["barred"] == len(people)
    assert await db.fetch_value("SELECT next_wave_at FROM call_outs") == clock.now()
    await call_outs.run_due()
    assert await barred(call_out) == len(people)


async def barred(call_out: int) -> int:
    count: int = await db.fetch_value(
        "SELECT count(*) FROM call_answers WHERE call_out_id = $1 AND state = 'barred'", call_out
    )
    return count


async def test_a_full_call_out_asks_no_reasons(services: Services, clock: ManualClock) -> None:
    """Who comes too late reads that it is full, whatever else is true of them."""
    call_outs, zhao = services.call_outs.call_outs, await actor("zhao")
    one, late = await crowd(2)
    call_out = await opened(call_outs, zhao, wish(clock, 1), [one, late], clock)
    await call_outs.answer(call_out, one, Answer.YES)
    await rostered(late.person_id, "P")
    assert (await call_outs.answer(call_out, late, Answer.YES)).state is AnswerState.TOO_LATE


async def test_a_yes_asks_for_one_person_however_many_there_are(
    services: Services, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A score of statements at most, and none whose answer grows with the house."""
    call_outs, zhao = services.call_outs.call_outs, await actor("zhao")
    people: list[Actor] = await crowd(50)
    call_out = await opened(call_outs, zhao, wish(clock, 5), people, clock)
    fetch, rows = db.fetch, []

    async def counted(*args: object) -> list[db.Row]:
        found = await fetch(*args)  # type: ignore[arg-type]
        rows.append(len(found))
        return found

    with monkeypatch.context() as patch:
        patch.setattr(db, "fetch", counted)
        await call_outs.answer(call_out, people[0], Answer.YES)
    assert len(rows) < 20
    assert max(rows) < 10
