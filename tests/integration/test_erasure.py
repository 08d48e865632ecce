"""Deletion: nothing that names or describes the person is left, and there is a proof of it."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot.channels import Failure, SendFailed
from bot.wiring import Services
from models import db, sealed
from models.clock import ManualClock
from services import audit
from services.erasure_proof import proof_of
from services.refusals import Refusal
from tests.support.deciding import actor, at_once
from tests.support.interviewing import HEAD, person
from tests.support.leaving import (
    EMAIL,
    NAME,
    PHONE,
    Leaver,
    an_upload,
    into_inbox,
    leaver,
    mail_office,
    outside,
    places_with,
    until,
)

MARKS = (NAME, PHONE, EMAIL)
COUNTED = """
SELECT (SELECT count(*) FROM applications WHERE candidate_id = $1) AS applications,
       (SELECT count(*) FROM interviews) AS interviews,
       (SELECT scores::text FROM scorecards) AS scores,
       (SELECT rating FROM outcomes) AS rating, (SELECT sent_at FROM outcomes) AS sent_at
"""


@pytest.fixture
def recruiting(database_url: str, clock: ManualClock) -> Services:
    return outside(database_url, clock)


async def everything(services: Services, clock: ManualClock) -> Leaver:
    """Somebody of whom everything is held, and of whom colleagues wrote and were told."""
    now = clock.now()
    one = await leaver(now)
    await one.rejected(now)
    await one.says(now, f"我是{NAME}，电话{PHONE}")
    await an_upload(now)
    await services.recruiting.tasks.open(
        "question",
        person=one.post.recruiter,
        candidate_id=one.id,
        interview_id=one.interview,
        detail={"words": f"{NAME}问停车"},
    )
    await services.ledger.notify(
        "replies.late", 0, [one.post.recruiter], context={"text": f"{NAME}已确认"}
    )
    await into_inbox(now, "wecom", "liang", "请联系 139 0000 7788 那位")
    await db.execute("UPDATE outcomes SET rating = 4, rating_asked_at = $1, rated_at = $1", now)
    return one


async def test_everything_goes_and_the_figures_stay(
    recruiting: Services, clock: ManualClock
) -> None:
    one = await everything(recruiting, clock)
    assert set(await places_with(*MARKS)) >= {
        *("candidates.name", "candidates.phone", "candidates.email", "applications.profile"),
        *("outcomes.text", "outcomes.facts", "scorecards.strength", "approvals.content"),
        *("candidate_tasks.detail", "inbox.payload", "messages.context", "sheet_uploads.body"),
    }
    before = await db.fetch_one(COUNTED, one.id)
    await recruiting.recruiting.erasure.erase(one.id, "cli", "test")
    assert await places_with(*MARKS, "夜班经验少", "示例二院", "急诊科护士经验") == []
    assert await db.fetch_one(COUNTED, one.id) == before
    row = await one.row()
    kept = {name for name, value in row.items() if value not in (None, "")}
    assert kept == {"id", "ref", "keep_until", "erased_at", "created_at"}


async def test_no_row_leads_to_the_person_any_more(
    recruiting: Services, clock: ManualClock
) -> None:
    one = await everything(recruiting, clock)
    await recruiting.recruiting.erasure.erase(one.id, "cli", "test")
    for table in ("entry_links", "kf_contacts", "deliveries", "asks"):
        sql = f"SELECT count(*) FROM {table} WHERE candidate_id = $1"
        assert await db.fetch_value(sql, one.id) == 0, table
    assert await db.fetch_value("SELECT count(*) FROM sheet_uploads") == 0
    assert await db.fetch_value("SELECT count(*) FROM inbox WHERE sender LIKE 'wecom_kf:%'") == 0
    ring = sealed.ring()
    index = ring.index("candidates.phone", PHONE)
    assert (
        await db.fetch_value("SELECT count(*) FROM candidates WHERE phone_index = $1", index) == 0
    )


async def test_what_is_said_of_others_stays(recruiting: Services, clock: ManualClock) -> None:
    one = await everything(recruiting, clock)
    other = await one.post.interview(await one.post.slot("2026-12-11T09:00"), name="测试丁")
    told = await recruiting.ledger.notify(
        "replies.late", 0, [one.post.recruiter], context={"text": "测试丁已确认"}
    )
    said = await into_inbox(clock.now(), "wecom", "liang", "未确认")
    await recruiting.recruiting.erasure.erase(one.id, "cli", "test")
    assert await db.fetch_value("SELECT context FROM messages WHERE id = $1", told) is not None
    assert await db.fetch_value("SELECT state FROM interviews WHERE id = $1", other) == "confirmed"
    payload = await db.fetch_value("SELECT payload FROM inbox WHERE id = $1", said)
    assert "未确认" in sealed.open_sealed("inbox.payload", payload)
    assert "candidates.name" in await places_with("测试丁")


async def test_equal_numbers_of_other_things_are_not_taken_for_theirs(
    recruiting: Services, clock: ManualClock
) -> None:
    """What a message's subject is depends on its purpose: here all have the numbers of theirs."""
    one = await everything(recruiting, clock)
    other = await one.post.candidate("测试丁")
    email = sealed.ring().seal("candidates.email", "ding@mail.example")
    await db.execute("UPDATE candidates SET email = $2 WHERE id = $1", other, email)
    approval = await db.fetch_value("SELECT approval_id FROM outcomes WHERE id = $1", one.outcome)
    ledger, colleague = recruiting.ledger, one.post.recruiter
    said = [
        await ledger.notify_candidate(
            "candidates.reply", one.id, other, context={"text": "停车免费"}
        ),
        await ledger.notify_candidate(
            "interviews.nothing_free", one.interview, other, context={"unmet": None, "lead": ""}
        ),
        await ledger.notify(
            "interviews.for_interviewer",
            one.interview,
            [colleague],
            context={"day": "2026-12-11"},
        ),
        await ledger.notify("outcomes.full_text", 990, [colleague], context={"again": "10:00"}),
    ]
    await db.execute("UPDATE outcomes SET approval_id = 990 WHERE id = $1", one.outcome)
    await db.execute("UPDATE approvals SET id = 990 WHERE id = $1", approval)
    await recruiting.recruiting.erasure.erase(one.id, "cli", "test")
    rows = await db.fetch(
        "SELECT m.purpose, m.context IS NOT NULL AS whole, d.state FROM messages m "
        "JOIN deliveries d ON d.message_id = m.id WHERE m.id = ANY($1) ORDER BY m.id",
        said,
    )
    assert [(row["whole"], row["state"]) for row in rows] == [(True, "queued")] * 4, rows


async def test_an_interview_ahead_is_cancelled_and_its_seat_is_free(
    recruiting: Services, clock: ManualClock
) -> None:
    one = await leaver(clock.now(), state="confirmed")
    await recruiting.recruiting.erasure.request(one.id, "candidate", "wished")
    state = await db.fetch_value("SELECT state FROM interviews WHERE id = $1", one.interview)
    assert state == "cancelled"
    assert await db.fetch_value("SELECT sum(taken) FROM slots") == 0
    stage = await db.fetch_value("SELECT stage FROM applications WHERE candidate_id = $1", one.id)
    assert stage == "withdrawn"
    told = await db.fetch(
        "SELECT d.person_id FROM messages m JOIN deliveries d ON d.message_id = m.id "
        "WHERE m.purpose = 'interviews.candidate_left'"
    )
    assert [row["person_id"] for row in told] == [one.post.recruiter]


async def test_a_seat_that_is_past_stays_counted(recruiting: Services, clock: ManualClock) -> None:
    one = await leaver(clock.now(), state="confirmed")
    clock.advance(timedelta(days=20))
    await recruiting.recruiting.erasure.erase(one.id, "cli", "test")
    assert await db.fetch_value("SELECT sum(taken) FROM slots") == 1


async def test_asking_ends_everything_at_once_and_queues_only_the_receipt(
    recruiting: Services, clock: ManualClock
) -> None:
    one = await leaver(clock.now())
    await one.rejected(clock.now(), state="waiting", told=False)
    await recruiting.recruiting.choices.ledger.notify_candidate(
        "candidates.reply", 0, one.id, context={"text": "好的"}
    )
    receipt = await recruiting.recruiting.erasure.request(one.id, "candidate", "wished")
    rows = await db.fetch(
        "SELECT m.purpose, d.state FROM deliveries d JOIN messages m ON m.id = d.message_id "
        "WHERE d.candidate_id = $1 ORDER BY d.id",
        one.id,
    )
    assert [(row["purpose"], row["state"]) for row in rows] == [
        ("candidates.reply", "withdrawn"),
        ("candidates.deleted", "queued"),
    ]
    assert await db.fetch_value("SELECT state FROM outcomes") == "withdrawn"
    assert (await one.row())["opted_out_at"] is not None
    assert await recruiting.recruiting.erasure.request(one.id, "candidate", "again") == receipt
    assert len(receipt) == 10


async def test_the_receipt_arrives_before_the_address_goes(
    recruiting: Services, clock: ManualClock, database_url: str
) -> None:
    erasure = recruiting.recruiting.erasure
    one = await leaver(clock.now())
    await db.execute("UPDATE candidates SET opted_out_at = $1", clock.now())
    receipt = await erasure.request(one.id, "candidate", "wished")
    assert await erasure.finish_due() == 0  # not while it waits to be sent
    async with mail_office(database_url, recruiting, clock) as office:
        await office.works()
    (call,) = office.platform.calls
    assert receipt in str(call.content)
    assert "欧阳护士" in str(call.content)
    assert await erasure.finish_due() == 0  # nor while it may still come back
    clock.advance(timedelta(minutes=2))
    assert await erasure.finish_due() == 1
    assert await erasure.finish_due() == 0
    assert await places_with(*MARKS) == []


async def test_a_receipt_that_fails_everywhere_holds_nothing_up(
    recruiting: Services, clock: ManualClock, database_url: str
) -> None:
    one = await leaver(clock.now())
    await db.execute("UPDATE candidates SET phone = NULL")
    await recruiting.recruiting.erasure.request(one.id, "candidate", "wished")
    async with mail_office(database_url, recruiting, clock) as office:
        office.platform.answers.append(SendFailed(Failure.RECIPIENT, code=550))
        await office.works()
    clock.advance(timedelta(minutes=2))
    assert await recruiting.recruiting.erasure.finish_due() == 1
    assert (await one.row())["erased_at"] is not None


@pytest.mark.parametrize("state", ["queued", "sending", "unknown"])
async def test_after_a_day_it_goes_whatever_became_of_the_receipt(
    recruiting: Services, clock: ManualClock, state: str
) -> None:
    """A channel that rests, a worker that died: the promise of 24 hours holds."""
    erasure = recruiting.recruiting.erasure
    one = await leaver(clock.now())
    await erasure.request(one.id, "candidate", "wished")
    await db.execute("UPDATE deliveries SET state = $1, repeat_until = now()", state)
    clock.advance(timedelta(hours=23, minutes=59))
    assert await erasure.finish_due() == 0
    clock.advance(timedelta(minutes=1))
    assert await erasure.finish_due() == 1
    assert await places_with(*MARKS) == []


async def test_somebody_without_any_channel_is_deleted_as_well(
    recruiting: Services, clock: ManualClock
) -> None:
    one = await leaver(clock.now())
    await db.execute("UPDATE candidates SET phone = NULL, email = NULL")
    await recruiting.recruiting.erasure.request(one.id, "candidate", "wished")
    clock.advance(timedelta(minutes=2))
    assert await recruiting.recruiting.erasure.finish_due() == 1
    assert await recruiting.recruiting.unreachable.tell() == 0  # nobody is asked to call


async def test_the_proof_names_nobody_and_is_sealed(
    recruiting: Services, clock: ManualClock
) -> None:
    erasure = recruiting.recruiting.erasure
    one = await everything(recruiting, clock)
    receipt = await erasure.request(one.id, f"candidate:{one.id}", "wished (chat)")
    clock.advance(timedelta(days=1))
    await erasure.finish_due()
    await audit.seal()
    proof = await proof_of(receipt.lower())
    assert proof is not None
    assert proof == await proof_of(one.ref)
    assert (proof.ref, proof.receipt, proof.gone) == (one.ref, receipt, True)
    assert (proof.by, proof.why) == (f"candidate:{one.id}", "wished (chat)")
    assert proof.asked_at == proof.erased_at - timedelta(days=1)
    assert proof.counts["candidates"] == 1
    assert proof.counts["outcomes"] == 1
    assert proof.counts["inbox"] >= 2
    assert proof.hash is not None
    rows = await db.fetch("SELECT detail::text AS detail, subject, actor FROM audit_rows")
    assert not any(mark in str(row) for row in rows for mark in MARKS)
    assert (await audit.verify()).intact
    assert await proof_of("SC00000000") is None


async def test_a_proof_tells_when_something_came_back(
    recruiting: Services, clock: ManualClock
) -> None:
    one = await leaver(clock.now())
    await recruiting.recruiting.erasure.erase(one.id, "cli", "test")
    await db.execute("UPDATE candidates SET name = 'x' WHERE id = $1", one.id)
    proof = await proof_of(one.ref)
    assert proof is not None
    assert not proof.gone


async def test_two_deletions_at_once_are_one(recruiting: Services, clock: ManualClock) -> None:
    erasure = recruiting.recruiting.erasure
    for _ in range(5):
        one = await leaver(clock.now(), state="confirmed")
        results = await at_once(
            lambda i=one.id: erasure.erase(i, "cli", "a"),  # type: ignore[misc]
            lambda i=one.id: erasure.erase(i, "system", "b"),  # type: ignore[misc]
            lambda i=one.id: erasure.erase(i, "cli", "c"),  # type: ignore[misc]
        )
        assert results == ["done"] * 3
        sql = "SELECT count(*) FROM audit_rows WHERE action = $2 AND subject = $1"
        assert await db.fetch_value(sql, f"candidates:{one.id}", "candidate.erased") == 1
    assert await db.fetch_value("SELECT sum(taken) FROM slots") == 0  # each seat freed once


async def test_two_wishes_at_once_get_one_receipt(
    recruiting: Services, clock: ManualClock
) -> None:
    erasure = recruiting.recruiting.erasure
    one = await leaver(clock.now())
    receipts = await asyncio.gather(
        *(erasure.request(one.id, "candidate", "wished") for _ in range(4))
    )
    assert len(set(receipts)) == 1
    sql = "SELECT count(*) FROM messages WHERE purpose = 'candidates.deleted'"
    assert await db.fetch_value(sql) == 1


async def test_a_message_being_claimed_while_its_receiver_is_erased(
    recruiting: Services, clock: ManualClock, database_url: str
) -> None:
    """Either it left before, or it does not leave; nothing of it is kept, and nothing breaks."""
    for _ in range(5):
        one = await leaver(clock.now())
        for number in range(3):
            await recruiting.ledger.notify_candidate(
                "candidates.reply", 0, one.id, context={"text": f"{NAME}，第{number}条"}
            )
        async with mail_office(database_url, recruiting, clock) as office:
            await asyncio.gather(
                office.works(), recruiting.recruiting.erasure.erase(one.id, "cli", "race")
            )
            await office.works()
        assert len(office.platform.calls) <= 3
        await recruiting.recruiting.erasure.finish_due()
        sql = "SELECT count(*) FROM deliveries WHERE candidate_id = $1"
        assert await db.fetch_value(sql, one.id) == 0
        assert await places_with(*MARKS) == []


async def test_what_comes_after_a_deletion_recreates_nothing(
    recruiting: Services, clock: ManualClock
) -> None:
    one = await leaver(clock.now())
    await one.rejected(clock.now())
    parts = recruiting.recruiting
    await parts.erasure.erase(one.id, "cli", "test")
    row = await one.row()
    for words in (
        "1",
        "同意保留",
        "2",
        "5",
        "我的资料",
        "删除我的资料",
        "确认删除",
        "为什么发给我",
    ):
        assert not await parts.choices.hear(one.id, words)
        assert not await parts.privacy.hear(one.id, words)
    for deed in (
        parts.choices.keep(one.id, via="page"),
        parts.choices.delete(one.id, via="page"),
        parts.choices.rate(one.id, 5),
    ):
        with pytest.raises(Refusal, match="candidate_erased"):
            await deed
    assert await one.row() == row
    assert await parts.privacy.held(one.id) is None
    # A message written in the instant of the deletion is swept away.
    await recruiting.ledger.notify_candidate("candidates.reply", 0, one.id, context={"text": NAME})
    assert await parts.erasure.finish_due() == 1
    assert await places_with(*MARKS) == []
    assert await parts.erasure.finish_due() == 0


async def test_only_recruiters_may_have_somebody_erased(
    recruiting: Services, clock: ManualClock
) -> None:
    erasure = recruiting.recruiting.erasure
    one = await leaver(clock.now())
    with pytest.raises(Refusal, match="not_allowed"):
        await erasure.request(one.id, await actor("sun"), "wished by telephone")
    with pytest.raises(Refusal, match="candidate_unknown"):
        await erasure.erase(999_999, "cli", "test")
    await erasure.request(one.id, await actor(HEAD), "wished by telephone")
    assert await erasure.pending(one.id)
    row = await db.fetch_one("SELECT actor FROM audit_rows WHERE action LIKE '%erasure_asked'")
    assert row is not None
    assert row["actor"] == f"person:{await person(HEAD)}"


async def test_the_database_is_swept_after_deletions_and_only_then(
    recruiting: Services, clock: ManualClock
) -> None:
    erasure, sweep = recruiting.recruiting.erasure, recruiting.recruiting.sweep
    assert [await sweep.vacuum(), await sweep.rewrite()] == [0, 0]
    one = await leaver(clock.now())
    await erasure.erase(one.id, "cli", "test")
    assert await sweep.vacuum() > 10
    assert await sweep.vacuum() == 0
    assert await sweep.rewrite_tonight() == 0  # not by day, when colleagues work
    until(clock, "2026-12-08T03:00")
    assert await sweep.rewrite_tonight() > 5
    assert await sweep.rewrite_tonight() == 0
