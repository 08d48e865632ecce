"""Records end at their term, and never in the middle of a procedure."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from bot.wiring import Services
from models import db
from models.clock import ManualClock
from services.erasure_proof import proof_of
from tests.support.leaving import leaver, outside, until


@pytest.fixture
def recruiting(database_url: str, clock: ManualClock) -> Services:
    return outside(database_url, clock)


async def test_an_unsuccessful_application_ends_after_its_term(
    recruiting: Services, clock: ManualClock
) -> None:
    one = await leaver(clock.now(), state="declined")
    forget, last = recruiting.recruiting.forgetting.forget_due, date(2027, 6, 5)
    assert await recruiting.recruiting.forgetting.last_day(one.id) == last
    until(clock, "2027-06-05T23:59")
    assert await forget() == 0
    until(clock, "2027-06-06T00:01")
    assert [await forget(), await forget()] == [1, 0]
    proof = await proof_of(one.ref)
    assert proof is not None
    assert (proof.by, proof.why, proof.gone) == ("system", "the term is over", True)
    assert await db.fetch_value("SELECT count(*) FROM messages") == await db.fetch_value(
        "SELECT count(*) FROM messages WHERE purpose <> 'candidates.deleted'"
    )  # nobody is disturbed with it


async def test_who_agreed_stays_until_the_printed_day_and_not_longer(
    recruiting: Services, clock: ManualClock
) -> None:
    one = await leaver(clock.now())
    await one.rejected(clock.now())
    await recruiting.recruiting.choices.hear(one.id, "1")
    until(clock, "2027-11-25T23:59")
    assert await recruiting.recruiting.forgetting.forget_due() == 0
    until(clock, "2027-11-26T00:01")
    assert await recruiting.recruiting.forgetting.forget_due() == 1
    proof = await proof_of(one.ref)
    assert proof is not None
    assert proof.why == "the agreed day is over"


@pytest.mark.parametrize(
    ("interview", "outcome"),
    [
        ("invited", None),
        ("choosing", None),
        ("confirmed", None),
        ("held", None),
        ("held", "asked"),
        ("held", "waiting"),
        ("held", "refused"),
        ("no_show", "waiting"),
    ],
)
async def test_nobody_is_forgotten_in_the_middle(
    recruiting: Services, clock: ManualClock, interview: str, outcome: str | None
) -> None:
    one = await leaver(clock.now(), state=interview)
    if outcome:
        await one.rejected(clock.now(), state=outcome, told=False)
    clock.advance(timedelta(days=800))
    assert await recruiting.recruiting.forgetting.forget_due() == 0
    await db.execute("UPDATE interviews SET state = 'cancelled'")
    await db.execute("UPDATE outcomes SET state = 'withdrawn'")
    assert await recruiting.recruiting.forgetting.forget_due() == 1


async def test_whoever_is_told_late_keeps_the_whole_term_to_answer(
    recruiting: Services, clock: ManualClock
) -> None:
    """The record was due, but the result came only now: it must not go the same night."""
    one = await leaver(clock.now())
    clock.advance(timedelta(days=200))
    await one.rejected(clock.now())
    assert await recruiting.recruiting.forgetting.forget_due() == 0
    clock.advance(timedelta(days=180))
    assert await recruiting.recruiting.forgetting.forget_due() == 0
    clock.advance(timedelta(days=1))
    assert await recruiting.recruiting.forgetting.forget_due() == 1


async def test_one_that_cannot_be_erased_holds_up_nobody(
    recruiting: Services, clock: ManualClock
) -> None:
    one = await leaver(clock.now(), state="declined")
    await db.execute("UPDATE candidates SET name = 'lost:xxxx' WHERE id = $1", one.id)
    other = await leaver_beside(one.post.id, clock)
    clock.advance(timedelta(days=200))
    assert await recruiting.recruiting.forgetting.forget_due() == 1
    sql = "SELECT id FROM candidates WHERE erased_at IS NOT NULL"
    assert [row["id"] for row in await db.fetch(sql)] == [other]


async def leaver_beside(posting: int, clock: ManualClock) -> int:
    candidate: int = await db.fetch_value(
        "INSERT INTO candidates (ref, keep_until, created_at) VALUES ('beside', $1, $2) "
        "RETURNING id",
        clock.now().date() + timedelta(days=30),
        clock.now(),
    )
    await db.execute(
        "INSERT INTO applications (candidate_id, posting_id, created_at) VALUES ($1, $2, $3)",
        candidate,
        posting,
        clock.now(),
    )
    return candidate
