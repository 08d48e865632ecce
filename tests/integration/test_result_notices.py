"""结果公示: another clock, a list without names, and everybody told once it is public."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot import database
from bot.app import read_rules
from bot.wiring import Services, build
from models import db
from models.clock import SHANGHAI, ManualClock
from models.outcomes import OutcomeKind
from services import notice_lists
from services.recruiting_numbers import Fate, Month
from services.recruiting_report import count
from services.result_notices import PUBLIC
from tests.support.deciding import actor, at_once
from tests.support.hospital import settings
from tests.support.interviewing import said_to, words_of
from tests.support.results import (
    PASSED,
    REJECTED,
    REJECTION,
    Seen,
    approved,
    at,
    heard,
    hr,
    interview,
    posting,
    prepared,
    rooms,
    scored,
)

OFFER = {"next_step": "请带上证件原件来院办理体检", "answer_by": "2026-12-21T17:30"}
SITE = "https://hospital.example/gongshi/12"
LONGEST = f"https://{'a' * 63}.{'b' * 228}"  # 300, as many as are kept
PURPOSES = ("results.reminder", "results.overdue", "results.notice_due", "results.notice_late")


@pytest.fixture
async def opened(seeded_url: str) -> AsyncIterator[str]:
    async with database.opened(seeded_url):
        yield seeded_url


class House:
    """A post with results in public within five working days, as the issue's hospital has it."""

    def __init__(self, services: Services, clock: ManualClock, post: int) -> None:
        self.services, self.clock, self.post = services, clock, post
        self.public = rooms(services).public

    async def seen(self, name: str, group: str = "第1组", number: int | None = 1) -> Seen:
        one = await interview(at("2026-11-25T10:00"), post=self.post, name=name)
        await db.execute("UPDATE slots SET group_name = $2 WHERE id = $1", one.slot, group)
        await db.execute("UPDATE interviews SET queue_no = $2 WHERE id = $1", one.id, number)
        return one

    async def decided(self, one: Seen, kind: OutcomeKind) -> int:
        await scored(self.services, one, "li", "wang")
        return await self.letter(one, kind)

    async def letter(self, one: Seen, kind: OutcomeKind) -> int:
        facts = OFFER if kind is PASSED else REJECTION
        outcome = await prepared(self.services, one, kind, facts)
        await approved(self.services, outcome)
        return outcome

    async def at(self, local: str) -> None:
        self.clock.advance(at(local) - self.clock.now())
        await rooms(self.services).ends.tick()

    async def told(self) -> list[str]:
        rows = await db.fetch(
            "SELECT m.purpose, i.user_id FROM messages m JOIN deliveries d ON d.message_id = m.id "
            "JOIN identities i ON i.person_id = d.person_id WHERE m.purpose = ANY($1) "
            "ORDER BY d.id",
            list(PURPOSES),
        )
        return [f"{row['purpose'][8:]} {row['user_id']}" for row in rows]


async def house(url: str, within: int | None = 5) -> House:
    clock = ManualClock(at("2026-11-25T09:00"))
    services = build(read_rules(settings(url)), clock)
    post = await posting()
    made = House(services, clock, post)
    await made.public.set(await hr(), post, within, 7, "", False)
    return made


async def test_the_recruiter_is_reminded_toward_the_notice_and_the_head_told_when_it_is_late(
    opened: str,
) -> None:
    """Seen on Wednesday, 25 November 2026: the fifth working day is Wednesday, 2 December."""
    its = await house(opened)
    seen = await its.seen("李小试")
    times: list[str] = []
    while its.clock.now() <= at("2026-12-04T12:00"):
        await rooms(its.services).ends.tick()
        before = len(await its.told())
        await rooms(its.services).clock.tick()
        local = its.clock.now().astimezone(SHANGHAI)
        times += [f"{local:%m-%d %H:%M} {what}" for what in (await its.told())[before:]]
        its.clock.advance(timedelta(minutes=30))
    assert times == [
        "11-30 16:00 notice_due zhu",
        "12-01 16:00 notice_due zhu",
        "12-02 09:00 notice_due zhu",
        "12-02 17:30 notice_late song",
    ]
    due = await db.fetch_value("SELECT result_due_at FROM interviews WHERE id = $1", seen.id)
    assert due == at("2026-12-02T17:30")
    [late] = await heard(its.services, "results.notice_late")
    assert "应在12月2日(周三)17:30前公示" in late.words
    assert "其中1人还没有批准的结果" in late.words


async def test_the_list_is_drawn_up_when_everybody_has_a_letter_and_names_nobody(
    opened: str,
) -> None:
    its = await house(opened)
    one, two = await its.seen("李小试", number=3), await its.seen("钱多多", "第2组", 1)
    third = await its.seen("孙小验", number=None)
    await its.at("2026-11-26T10:00")
    by = await hr()
    await its.decided(one, PASSED)
    await its.decided(two, REJECTED)
    ends = await at_once(lambda: its.public.draw_up(by, its.post))
    assert ends == ["notice_undecided"]
    await its.decided(third, PASSED)
    text = (await its.public.draw_up(by, its.post)).text
    assert f"拟聘用以下2人：\n第1组3号、登记号{third.application:05}" in text
    assert "第2组1号" not in text  # who did not pass is nowhere
    assert "参加面试3人" in text
    assert "2026年11月26日(周四)至2026年12月7日(周一)(7个工作日)" in text
    assert not any(name in text for name in ("李小试", "李", "钱", "孙小", "139"))
    assert re.search(r"1[3-9]\d{9}|\d{17}[\dXx]", text) is None
    await its.public.set(by, its.post, 5, 7, "", True)
    named = (await its.public.draw_up(by, its.post)).text
    assert "第1组3号(李**)" in named
    assert not any(name in named for name in ("李小试", "孙小验", "钱"))


async def test_nothing_leaves_before_it_is_public_and_then_everybody_hears_their_own_first(
    opened: str,
) -> None:
    its = await house(opened)
    one, two = await its.seen("李小试", number=3), await its.seen("钱多多", "第2组", 1)
    await its.at("2026-11-26T10:00")
    by = await hr()
    letters = [await its.decided(one, PASSED), await its.decided(two, REJECTED)]
    waiting = await heard(its.services, "outcomes.waiting")
    assert all("结果公示以后发给" in each.words for each in waiting)
    assert await rooms(its.services).sender.tick() == 0
    await its.public.draw_up(by, its.post)
    assert await its.public.publish(by, its.post, SITE) == 2
    assert await said_to(one.id, PUBLIC) == []  # their own result comes first
    assert await rooms(its.services).sender.tick() == 2
    rows = await db.fetch(
        "SELECT m.purpose, m.subject_id FROM messages m JOIN deliveries d ON d.message_id = m.id "
        "WHERE d.candidate_id IS NOT NULL ORDER BY m.id"
    )
    assert [(row["purpose"], row["subject_id"]) for row in rows] == [
        ("outcomes.offer", letters[0]),
        (PUBLIC, one.id),
        ("outcomes.rejection", letters[1]),
        (PUBLIC, two.id),
    ]
    words = await words_of(its.services, PUBLIC, two.id)
    assert SITE in words
    assert "您对应的是第2组1号" in words
    assert "公示到2026年12月7日(周一)" in words
    assert "未" not in words  # what became of it is said in their own letter alone
    await its.at("2026-12-05T12:00")
    await rooms(its.services).clock.tick()
    assert await its.told() == []


async def test_two_who_confirm_at_once_and_later_ones_publish_once(opened: str) -> None:
    its = await house(opened)
    one = await its.seen("李小试")
    await its.at("2026-11-26T10:00")
    by, head = await hr(), await actor("song")
    await its.decided(one, REJECTED)
    publish = its.public.publish
    assert await at_once(lambda: publish(by, its.post, SITE)) == ["notice_no_text"]
    await its.public.draw_up(by, its.post)
    ends = await at_once(
        lambda: publish(by, its.post, SITE), lambda: publish(head, its.post, SITE)
    )
    assert sorted(ends) == ["done", "notice_published"]
    assert len(await db.fetch("SELECT id FROM result_notices")) == 1
    state = await its.public.states.state(its.post)
    assert (state.waiting, state.published_url) == (0, SITE)


async def test_a_list_that_changed_since_it_was_copied_is_not_taken_for_public(
    opened: str,
) -> None:
    its = await house(opened)
    one, two = await its.seen("李小试"), await its.seen("钱多多", number=2)
    await its.at("2026-11-26T10:00")
    by = await hr()
    await its.decided(one, PASSED)
    letter = await its.decided(two, PASSED)
    await its.public.draw_up(by, its.post)
    async with db.transaction():
        await rooms(its.services).outcomes.withdraw(by, letter)
    publish = its.public.publish
    assert await at_once(lambda: publish(by, its.post, SITE)) == ["notice_undecided"]
    await its.letter(two, REJECTED)
    assert await at_once(lambda: publish(by, its.post, SITE)) == ["notice_changed"]
    assert (await its.public.states.state(its.post)).text is None
    await its.public.draw_up(by, its.post)
    assert await at_once(lambda: publish(by, its.post, SITE)) == ["done"]


@pytest.mark.parametrize(
    "url",
    [
        "",
        "公示",
        "www.example.org",
        "javascript:alert(1)",
        "https://x",
        "https://a@b.cn/x",
        f"{LONGEST}x",
    ],
)
async def test_an_address_that_is_none_is_refused(opened: str, url: str) -> None:
    its = await house(opened)
    by = await hr()
    assert await at_once(lambda: its.public.publish(by, its.post, url)) == ["notice_url"]


async def test_who_may_and_what_may_be_set(opened: str) -> None:
    its = await house(opened)
    li, by = await actor("li"), await hr()
    acts = (
        lambda: its.public.set(li, its.post, 5, 7, "", False),
        lambda: its.public.draw_up(li, its.post),
        lambda: its.public.publish(li, its.post, SITE),
        lambda: its.public.set(by, its.post, 0, 7, "", False),
        lambda: its.public.set(by, its.post, 31, 7, "", False),
        lambda: its.public.set(by, its.post, 5, 0, "", False),
        lambda: its.public.set(by, its.post, 5, 7, "ftp://a.example", False),
        lambda: its.public.draw_up(by, its.post),
        lambda: its.public.set(by, its.post, 5, 7, LONGEST, False),
    )
    ends = [(await at_once(act))[0] for act in acts]
    assert ends == [
        *["not_allowed"] * 3,
        *["notice_days"] * 3,
        "notice_url",
        "notice_nobody",
        "done",
    ]


async def test_a_post_that_goes_back_to_the_usual_clock_lets_its_letters_go(opened: str) -> None:
    its = await house(opened)
    one = await its.seen("李小试")
    await its.at("2026-11-26T10:00")
    await its.decided(one, REJECTED)
    assert await rooms(its.services).sender.tick() == 0
    await its.public.set(await hr(), its.post, 3, 7, "", False)
    state = await its.public.states.state(its.post)
    assert state.due_at == at("2026-11-30T17:30")  # at once, without a tick of the clock
    await its.public.set(await hr(), its.post, None, 7, "", False)
    await rooms(its.services).clock.tick()
    assert await rooms(its.services).sender.tick() == 1
    assert await said_to(one.id, PUBLIC) == []


async def test_groups_of_two_days_with_the_same_number_are_told_apart(opened: str) -> None:
    its = await house(opened)
    one, two = await its.seen("李小试", number=1), await its.seen("钱多多", number=1)
    await db.execute(
        "UPDATE slots SET starts_at = starts_at + interval '1 day', "
        "ends_at = ends_at + interval '1 day' WHERE id = $1",
        two.slot,
    )
    await its.at("2026-11-27T10:00")
    people = await its.public.lists.waiting(its.post, names=False)
    assert [each.label for each in people] == ["11月25日(周三)第1组1号", "11月26日(周四)第1组1号"]
    assert [each.interview_id for each in people] == [one.id, two.id]
    assert (await notice_lists.posting(its.post))["notice_within"] == 5


async def test_the_report_counts_a_result_that_arrived_the_working_day_after_a_punctual_notice(
    opened: str,
) -> None:
    its = await house(opened)
    one, two = await its.seen("李小试"), await its.seen("钱多多", number=2)
    await its.at("2026-12-02T10:00")
    by = await hr()
    for each in (one, two):
        await its.decided(each, REJECTED)
    await its.at("2026-12-02T17:00")
    await its.public.draw_up(by, its.post)
    await its.public.publish(by, its.post, SITE)
    await rooms(its.services).sender.tick()
    for each, arrived in ((one, "2026-12-03T17:00"), (two, "2026-12-04T09:00")):
        await db.execute(
            "WITH got AS (UPDATE deliveries d SET state = 'accepted' FROM messages m, outcomes o "
            "WHERE m.id = d.message_id AND m.purpose = 'outcomes.rejection' AND o.id = "
            "m.subject_id AND o.interview_id = $1 RETURNING d.id) INSERT INTO delivery_events "
            "(delivery_id, state, at) SELECT id, 'accepted', $2::timestamptz FROM got",
            each.id,
            at(arrived),
        )
    report = await count(Month(2026, 12), at("2026-12-10T09:00"))
    total = report.total
    assert (total.results_due, total.on_time) == (2, 1)
    assert (total.notices_due, total.notices_on_time) == (2, 2)
    assert [each.fate for each in report.missed] == [Fate.LATE]
