"""Reminders of licences: once each, whatever is missed or run twice, to the right people."""

from __future__ import annotations

import asyncio
from datetime import date, datetime, time
from typing import Any

import pytest
from asyncpg import PostgresError

from bot.wiring import Services
from models import db, sealed
from models.clock import SHANGHAI, ManualClock
from services import actors
from services.ledger import CONTEXT
from services.licence_digests import DIGEST
from services.licences import DUE
from services.purposes import Facts, Subject
from services.refusals import Refusal
from tests.support.licences import holds, person_of


def at(clock: ManualClock, day: str, hour: str = "09:00") -> None:
    wanted = datetime.combine(date.fromisoformat(day), time.fromisoformat(hour), SHANGHAI)
    clock.advance(wanted - clock.now())


async def said(purpose: str) -> list[tuple[int, list[int]]]:
    """(subject, receivers) of every message of a purpose, in order."""
    rows = await db.fetch(
        "SELECT m.subject_id, array_agg(d.person_id) AS people FROM messages m "
        "LEFT JOIN deliveries d ON d.message_id = m.id WHERE m.purpose = $1 "
        "GROUP BY m.id ORDER BY m.id",
        purpose,
    )
    return [(row["subject_id"], row["people"]) for row in rows]


async def facts_of(services: Services, purpose: str) -> list[Facts]:
    """What the messages of a purpose would say now."""
    rows = await db.fetch("SELECT * FROM messages WHERE purpose = $1 ORDER BY id", purpose)
    subjects = [Subject(row["id"], row["subject_id"], _context(row)) for row in rows]
    loaded = await services.ledger.purposes[purpose].load(subjects)
    return [loaded[subject.message_id] for subject in subjects]


def _context(row: db.Row) -> dict[str, Any]:
    return sealed.open_json(CONTEXT, row["context"]) if row["context"] else {}


def card_words(services: Services, facts: Facts) -> str:
    card = services.licences.words.catalogue.card("licences/due", facts.context)
    return f"{card.title}\n{card.body}"


async def test_twice_a_day_says_nothing_twice(services: Services, clock: ManualClock) -> None:
    desk = services.licences
    one = await holds(desk.records, "li", "nurse", "2027-01-21")
    assert await desk.reminders.remind() == 1, "14:00 is late for nine o'clock, but today"
    for hour in ("14:01", "19:59", "23:00"):
        at(clock, "2026-12-07", hour)
        assert await desk.reminders.remind() == 0
    at(clock, "2026-12-08")
    assert await desk.reminders.remind() == 0, "its next step is on the 15th"
    assert await said(DUE) == [(one, [await person_of("li")])]


async def test_nothing_is_said_before_nine_or_in_the_evening(
    services: Services, clock: ManualClock
) -> None:
    desk = services.licences
    await holds(desk.records, "li", "nurse", "2027-01-21")
    at(clock, "2026-12-07", "21:00")
    assert await desk.reminders.remind() == 0
    at(clock, "2026-12-08", "08:59")
    assert await desk.reminders.remind() == 0
    at(clock, "2026-12-08", "09:00")
    assert await desk.reminders.remind() == 1


async def test_a_missed_week_is_caught_up_with_one_word_of_the_days_left(
    services: Services, clock: ManualClock
) -> None:
    desk = services.licences
    await holds(desk.records, "li", "nurse", "2027-02-20")  # to apply for by 2027-01-21
    await desk.reminders.remind()
    at(clock, "2027-01-17")  # the steps of 30, 15 and 7 days have passed unsaid
    assert await desk.reminders.remind() == 1
    messages = await facts_of(services, DUE)
    assert len(messages) == 2
    assert messages[-1].context["days"] == 4
    card = card_words(services, messages[-1])
    assert "离申请截止还有4天" in card


@pytest.mark.parametrize(
    ("day", "title", "body"),
    [
        ("2026-12-21", "：今天是申请期限最后一天", "请今天申请延续注册，材料交到护理部"),
        ("2027-01-06", "：申请期限已过16天", "证还有效。请今天联系护理部补办"),
        ("2027-01-20", "今天到期", "期限已过，证还有效"),
        ("2027-01-21", "已过期1天", "不能上临床班"),
    ],
)
async def test_the_words_are_true_on_the_day(
    services: Services, clock: ManualClock, day: str, title: str, body: str
) -> None:
    desk = services.licences
    await holds(desk.records, "li", "nurse", "2027-01-20")
    at(clock, day)
    await desk.reminders.remind()
    (facts,) = await facts_of(services, DUE)
    words = card_words(services, facts)
    assert f"护士执业证书{title}" in words
    assert body in words


async def test_a_deadline_on_a_day_of_rest_names_the_last_day_the_office_is_there(
    services: Services, clock: ManualClock
) -> None:
    desk = services.licences
    await holds(desk.records, "li", "nurse", "2027-01-19")  # to apply for by Sunday the 20th
    await desk.reminders.remind()
    (facts,) = await facts_of(services, DUE)
    assert "那天不上班，请12月18日(周五)前交" in card_words(services, facts)


async def test_the_head_nurse_hears_from_her_step_on_and_the_office_from_theirs(
    services: Services, clock: ManualClock
) -> None:
    desk = services.licences
    zhao, qin = await person_of("zhao"), await person_of("qin")
    await holds(desk.records, "li", "nurse", "2027-01-21")  # 15 days' step: the holder alone
    await desk.reminders.remind()
    assert await said(DIGEST) == []
    at(clock, "2026-12-15")  # 7 days: the head nurse too
    await desk.reminders.remind()
    assert await said(DIGEST) == [(zhao, [zhao])]
    at(clock, "2026-12-22")  # the deadline: the nursing office too
    await desk.reminders.remind()
    assert {receiver for receiver, _ in (await said(DIGEST))[1:]} == {zhao, qin}


async def test_one_digest_a_day_however_many_licences(
    services: Services, clock: ManualClock
) -> None:
    desk = services.licences
    for user in ("li", "yang", "chen"):
        await holds(desk.records, user, "nurse", "2027-01-10")
        await holds(desk.records, user, "bls", "2026-12-10")
    await desk.reminders.remind()
    zhao = await person_of("zhao")
    (mine,) = [
        f
        for f, (to, _) in zip(await facts_of(services, DIGEST), await said(DIGEST), strict=True)
        if to == zhao
    ]
    assert mine.context["count"] == 6
    assert len(await said(DUE)) == 6


async def test_shifts_beyond_the_end_are_told_with_it(
    services: Services, clock: ManualClock
) -> None:
    """The ICU's roster stands for December: 李 has A on the 7th, P on the 8th, N on the 10th."""
    desk = services.licences
    await holds(desk.records, "li", "nurse", "2026-12-10")
    await desk.reminders.remind()
    (facts, *_) = await facts_of(services, DIGEST)
    (line,) = facts.context["lines"]
    assert "李小样 护士执业证书" in line
    assert "到期后还排着" in line
    assert "12月10日" in line, "the night that ends on the morning after counts"
    assert "12月8日" not in line


async def test_a_renewal_ends_it_all(services: Services, clock: ManualClock) -> None:
    desk = services.licences
    await holds(desk.records, "li", "nurse", "2027-01-10")
    await desk.reminders.remind()
    new = await holds(desk.records, "li", "nurse", "2032-01-10")
    (facts,) = await facts_of(services, DUE)
    assert not facts.stands
    assert facts.context["state"] == "replaced"
    assert not any(f.stands for f in await facts_of(services, DIGEST))
    states = await db.fetch("SELECT state, next_step_at FROM asks WHERE purpose = $1", DUE)
    assert [tuple(row.values()) for row in states] == [("withdrawn", None)]
    at(clock, "2027-02-10")
    assert await desk.reminders.remind() == 0
    following = await db.fetch_value("SELECT next_step_on FROM licences WHERE id = $1", new)
    assert following == date(2031, 10, 12), "60 days before the next deadline"


async def test_who_has_applied_is_left_alone_until_the_deadline(
    services: Services, clock: ManualClock
) -> None:
    desk = services.licences
    one = await holds(desk.records, "li", "nurse", "2027-01-21")
    await desk.reminders.remind()
    li = await actors.find("wecom", "li")
    assert li is not None
    await desk.reminders.answer(one, li, "seen")
    facts = await desk.reminders.answer(one, li, "applied")
    assert facts["answer"] == "applied", "who has only said 收到 may say so later"
    at(clock, "2026-12-15")
    assert await desk.reminders.remind() == 1
    assert len(await said(DUE)) == 1, "the head nurse hears it, the holder has done their part"
    (digest,) = await facts_of(services, DIGEST)
    assert "本人12月7日(周一)说已提交申请" in digest.context["lines"][0]
    at(clock, "2027-01-07")
    await desk.reminders.remind()
    assert len(await said(DUE)) == 2, "after the deadline it is asked again"
    assert "说已提交申请，请向护理部问清进度" in card_words(
        services, (await facts_of(services, DUE))[-1]
    )


async def test_nobody_answers_for_somebody_else(services: Services) -> None:
    desk = services.licences
    one = await holds(desk.records, "li", "nurse", "2027-01-21")
    await desk.reminders.remind()
    yang = await actors.find("wecom", "yang")
    assert yang is not None
    with pytest.raises(Refusal, match="card_not_yours"):
        await desk.reminders.answer(one, yang, "seen")
    with pytest.raises(Refusal, match="licence_unknown"):
        await desk.reminders.answer(one + 1000, yang, "seen")


async def test_leavers_are_not_reminded_and_those_who_return_are(
    services: Services, clock: ManualClock
) -> None:
    desk = services.licences
    await holds(desk.records, "li", "nurse", "2027-01-21")
    await db.execute("UPDATE persons SET active = false WHERE id = $1", await person_of("li"))
    assert await desk.reminders.remind() == 0
    await db.execute("UPDATE persons SET active = true WHERE id = $1", await person_of("li"))
    at(clock, "2027-01-06")
    assert await desk.reminders.remind() == 1


async def test_the_silent_are_named_to_the_head_nurse_only_where_she_is_told_at_all(
    services: Services, clock: ManualClock
) -> None:
    desk = services.licences
    await holds(desk.records, "li", "nurse", "2027-01-21")  # 15 days' step: not hers yet
    await holds(desk.records, "yang", "nurse", "2027-01-10")
    await desk.reminders.remind()
    at(clock, "2026-12-11", "14:30")
    await services.escalation.run_due()
    await services.escalation.run_due()
    silent = [f for f in await facts_of(services, DIGEST) if f.context["why"] == "silent"]
    assert silent
    for facts in silent:
        assert ["杨小样" in line for line in facts.context["lines"]] == [True]
    yang = await actors.find("wecom", "yang")
    assert yang is not None
    await desk.reminders.applied(yang, "")
    silent = [f for f in await facts_of(services, DIGEST) if f.context["why"] == "silent"]
    assert not any(f.stands for f in silent), "answered in the meantime"


async def test_the_board_comes_on_the_first_working_day_or_the_next_that_worked(
    services: Services, clock: ManualClock
) -> None:
    desk = services.licences
    await holds(desk.records, "li", "nurse", "2027-01-21")
    at(clock, "2027-05-01")  # a Saturday
    assert await desk.boards.tell_monthly() == 0
    at(clock, "2027-05-02")
    assert await desk.boards.tell_monthly() == 0
    at(clock, "2027-05-03", "10:00")
    assert await desk.boards.tell_monthly() == 2, "the ward's, and the offices'"
    assert await desk.boards.tell_monthly() == 0
    at(clock, "2027-06-04", "10:00")  # nobody worked on the first days of June
    assert await desk.boards.tell_monthly() == 2
    at(clock, "2027-07-06", "10:00")  # too late in July: whoever wants to see it asks
    assert await desk.boards.tell_monthly() == 0
    assert [receivers for _, receivers in await said("licences.board")] == [
        [await person_of("zhao")]
    ] * 2


async def test_boards_are_for_who_answers_for_the_unit(services: Services) -> None:
    boards = services.licences.boards
    li, zhao = await actors.find("wecom", "li"), await actors.find("wecom", "zhao")
    song = await actors.find("wecom", "song")
    assert li
    assert zhao
    assert song
    icu = zhao.unit_id
    assert icu is not None
    other = await db.fetch_value("SELECT min(id) FROM units WHERE id <> $1", icu)
    assert (await boards.board(zhao, icu))["total"] == 0
    assert (await boards.board(song, icu))["total"] == 0
    for actor, unit in ((li, icu), (zhao, other)):
        with pytest.raises(Refusal, match="not_allowed"):
            await boards.board(actor, unit)
    with pytest.raises(Refusal, match="not_allowed"):
        await boards.overview(li)


async def test_two_processes_at_nine_say_it_once(services: Services, clock: ManualClock) -> None:
    desk = services.licences
    await holds(desk.records, "li", "nurse", "2027-01-10")
    counts = await asyncio.gather(*(desk.reminders.remind() for _ in range(5)))
    assert sum(counts) == 1
    assert len(await said(DUE)) == 1


async def test_whoever_sent_the_new_page_is_not_asked_again_while_it_is_compared(
    services: Services, clock: ManualClock
) -> None:
    desk = services.licences
    one = await holds(desk.records, "li", "nurse", "2027-01-10")
    evidence = await db.fetch_value(
        "INSERT INTO evidence (person_id, media_type, size, digest, body, sent_at) "
        "VALUES ($1, 'image/jpeg', 1, 'd', 'x', $2) RETURNING id",
        await person_of("li"),
        clock.now(),
    )
    await db.execute(
        "INSERT INTO renewals (person_id, licence_id, evidence_id, state, sent_at) "
        "VALUES ($1, $2, $3, 'sent', $4)",
        await person_of("li"),
        one,
        evidence,
        clock.now(),
    )
    assert await desk.reminders.remind() == 1
    assert await said(DUE) == []
    (digest,) = await facts_of(services, DIGEST)
    assert "新证照片已发来，等核对" in digest.context["lines"][0]


_REFUSE = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the disk is full'; END $$;
CREATE TRIGGER refuse BEFORE INSERT ON messages
   FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION refuse()
"""


async def test_a_digest_that_fails_is_told_later_and_no_holder_hears_twice(
    services: Services,
) -> None:
    desk = services.licences
    await holds(desk.records, "li", "nurse", "2027-01-10")
    await db.execute(_REFUSE.format(when="NEW.purpose = 'licences.digest'"))
    with pytest.raises(PostgresError, match="the disk is full"):
        await desk.reminders.remind()
    assert (len(await said(DUE)), await said(DIGEST)) == (1, [])
    await db.execute("DROP TRIGGER refuse ON messages")
    assert await desk.reminders.remind() == 0
    assert len(await said(DUE)) == len(await said(DIGEST)) == 1


async def test_a_large_morning_is_told_in_batches_and_goes_on_where_it_was_cut_off(
    services: Services, clock: ManualClock
) -> None:
    desk = services.licences
    desk.reminders.batch = 2
    users = ("li", "wang", "zhang", "liu", "chen")
    ids = [await holds(desk.records, user, "nurse", "2027-01-10") for user in users]
    await db.execute(_REFUSE.format(when=f"NEW.subject_id = {ids[3]}"))
    with pytest.raises(PostgresError, match="the disk is full"):
        await desk.reminders.remind()
    assert [subject for subject, _ in await said(DUE)] == ids[:2], "whole batches only"
    assert await said(DIGEST) == [], "who answers for them hears of all at once"
    await db.execute("DROP TRIGGER refuse ON messages")
    assert await desk.reminders.remind() == 3
    assert [subject for subject, _ in await said(DUE)] == ids
    (digest,) = await facts_of(services, DIGEST)
    assert digest.context["count"] == 5
    at(clock, "2026-12-07", "15:00")
    assert await desk.reminders.remind() == 0
    assert len(await said(DIGEST)) == 1


async def test_many_workers_share_a_large_morning(services: Services) -> None:
    desk = services.licences
    desk.reminders.batch = 1
    for user in ("li", "wang", "zhang", "liu", "chen"):
        await holds(desk.records, user, "nurse", "2027-01-10")
    counts = await asyncio.gather(*(desk.reminders.remind() for _ in range(4)))
    counts.append(await desk.reminders.remind())  # the next look tells what is left to tell
    assert sum(counts) == len(await said(DUE)) == 5
    (digest,) = await facts_of(services, DIGEST)
    assert digest.context["count"] == 5
