"""Inviting: a ticked point, nothing missing, one invitation only, and one seat held for it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.wiring import Services
from models import db
from models.clock import ManualClock
from services.actors import Actor
from services.refusals import Refusal
from tests.support.deciding import actor, at_once, attempt
from tests.support.outside import candidate, on_wechat
from tests.support.recruiting import (
    FACTS,
    Invited,
    application,
    invited,
    posting,
    reachable,
    recruiter,
    seats_agree,
    slot,
    taken,
)

POINT = "您有3年急诊科护士经验"


@pytest.fixture
def services(services: Services) -> Services:
    return reachable(services)


@pytest.fixture
async def hr(database_url: str) -> Actor:
    assert database_url
    return await recruiter()


async def applied(clock: ManualClock, post: int, *points: str, user: str = "wmTian") -> int:
    who = await candidate(clock.now(), email=f"{user}@example.com")
    await on_wechat(who, clock.now(), user)
    return await application(who, post, clock.now(), points)


async def refusal(services: Services, by: Actor, application_id: int, slot_id: int) -> Refusal:
    with pytest.raises(Refusal) as caught:
        async with db.transaction():
            await services.recruiting.invitations.invite(by, application_id, slot_id)
    return caught.value


async def test_without_a_ticked_point_nobody_is_invited(
    services: Services, clock: ManualClock, hr: Actor
) -> None:
    post = await posting(clock.now())
    time = await slot(post, "2026-12-09T10:00")
    chosen = await applied(clock, post)
    assert (await refusal(services, hr, chosen, time)).key == "no_match_point"
    invitations = services.recruiting.invitations
    assert await attempt(lambda: invitations.tick(hr, chosen, ["", "  "])) == "no_match_point"
    proposed = await invitations.proposals(hr, chosen)
    assert proposed == [POINT], "a sentence with an open blank is not proposed"
    assert await attempt(lambda: invitations.tick(hr, chosen, proposed)) == "done"
    assert await attempt(lambda: invitations.invite(hr, chosen, time)) == "done"
    assert await taken(time) == 1


@pytest.mark.parametrize("points", [["很" * 61], [f"第{n}点" for n in range(6)]])
async def test_points_are_few_and_short(
    services: Services, clock: ManualClock, hr: Actor, points: list[str]
) -> None:
    chosen = await applied(clock, await posting(clock.now()))
    invitations = services.recruiting.invitations
    said = await attempt(lambda: invitations.tick(hr, chosen, points))
    assert said == "match_point_too_long"


async def test_what_is_previewed_is_what_is_sent(
    services: Services, clock: ManualClock, hr: Actor
) -> None:
    post = await posting(clock.now())
    time = await slot(post, "2026-12-09T10:00")
    chosen = await applied(clock, post, POINT, "您持有护士执业证书")
    invitations = services.recruiting.invitations
    preview = await invitations.preview(hr, chosen, time)
    assert preview.missing == ()
    assert preview.points_ticked == (POINT, "您持有护士执业证书")
    assert (
        f"看了您应聘急诊科护士的简历，{POINT}，您持有护士执业证书，很符合岗位需要" in preview.text
    )
    assert "时间：12月9日(周三)10:00" in preview.text
    assert "请带：身份证、护士执业证书、毕业证" in preview.text
    async with db.transaction():
        interview = await invitations.invite(hr, chosen, time)
    row = await db.fetch_one("SELECT candidate_id FROM applications WHERE id = $1", chosen)
    assert row is not None
    who = Invited(services, row["candidate_id"], chosen, post, interview, "wmTian")
    assert await who.queued() == [("interviews.invitation", preview.text)]


async def test_the_first_message_carries_the_notice_and_no_other(
    services: Services, clock: ManualClock
) -> None:
    post = await posting(clock.now())
    first = await invited(services, post, await slot(post, "2026-12-09T10:00"))
    [(_, words)] = await first.queued()
    notice = words.split("\n\n")[1]
    assert notice.count("\n") == 2, "three lines"
    assert "示例医院人事科只为这次招聘使用您的简历和联系方式" in notice
    assert "保留到2027年6月1日，之后删除" in notice
    assert "请回复“我的资料”或联系0512-60000000；不想再收到消息，请回复“退订”" in notice
    told = await db.fetch_value("SELECT told_at FROM candidates WHERE id = $1", first.candidate)
    assert told == clock.now()
    other = await posting(clock.now(), "心内科护士")
    second = await invited(
        services, other, await slot(other, "2026-12-10T10:00"), someone=first.candidate
    )
    [_, (_, again)] = await second.queued()
    assert "心内科护士" in again
    assert "招聘使用您的简历" not in again


@pytest.mark.parametrize(
    ("facts", "documents", "missing"),
    [
        ({"contact": "钱老师", "office": "人事科"}, ("身份证",), ["phone"]),
        (FACTS, (), ["documents"]),
        ({**FACTS, "phone": "待定"}, ("身份证", "___"), ["documents", "phone"]),
    ],
)
async def test_an_invitation_never_leaves_with_an_empty_field(
    services: Services,
    clock: ManualClock,
    hr: Actor,
    facts: dict[str, str],
    documents: tuple[str, ...],
    missing: list[str],
) -> None:
    post = await posting(clock.now(), facts=facts, documents=documents)
    time = await slot(post, "2026-12-09T10:00")
    chosen = await applied(clock, post, POINT)
    preview = await services.recruiting.invitations.preview(hr, chosen, time)
    assert (preview.text, list(preview.missing)) == ("", missing)
    refused = await refusal(services, hr, chosen, time)
    assert (refused.key, refused.params["missing"]) == ("invitation_incomplete", missing)
    assert await taken(time) == 0


async def test_two_of_hr_invite_the_same_candidate_once(
    services: Services, clock: ManualClock, hr: Actor
) -> None:
    post = await posting(clock.now())
    head = await actor("zhao")
    await db.execute("UPDATE postings SET recruiter_id = $1", head.person_id)
    invitations = services.recruiting.invitations
    for number in range(8):
        one = await slot(post, f"2026-12-{9 + number:02}T10:00", capacity=2)
        two = await slot(post, f"2026-12-{9 + number:02}T14:00", capacity=2)
        chosen = await applied(clock, post, POINT, user=f"wm{number}")
        results = await at_once(
            lambda c=chosen, s=one: invitations.invite(hr, c, s),  # type: ignore[misc]
            lambda c=chosen, s=two: invitations.invite(head, c, s),  # type: ignore[misc]
        )
        assert sorted(results) == ["already_invited", "done"]
        assert await taken(one) + await taken(two) == 1
        said = await db.fetch(
            "SELECT 1 FROM messages m JOIN interviews i ON i.id = m.subject_id "
            "WHERE m.purpose = 'interviews.invitation' AND i.application_id = $1",
            chosen,
        )
        assert len(said) == 1


async def test_the_second_of_hr_reads_who_invited_and_when(
    services: Services, clock: ManualClock, hr: Actor
) -> None:
    post = await posting(clock.now())
    who = await invited(services, post, await slot(post, "2026-12-09T10:00", capacity=2))
    at, seat = clock.now(), await slot(post, "2026-12-10T10:00")
    clock.advance(timedelta(minutes=7))
    refused = await refusal(services, hr, who.application, seat)
    assert (refused.key, refused.params) == ("already_invited", {"by": hr.name, "at": at})
    assert await taken(seat) == 0


@pytest.mark.parametrize(
    ("sql", "key"),
    [
        ("UPDATE candidates SET opted_out_at = now()", "candidate_opted_out"),
        ("UPDATE candidates SET erased_at = now()", "candidate_erased"),
        ("UPDATE postings SET state = 'closed'", "posting_closed"),
        ("UPDATE slots SET taken = capacity", "slot_taken"),
        ("UPDATE slots SET state = 'cancelled'", "slot_taken"),
        ("UPDATE slots SET starts_at = now() - interval '20 years'", "slot_taken"),
    ],
)
async def test_who_or_what_cannot_be_invited_is_refused(
    services: Services, clock: ManualClock, hr: Actor, sql: str, key: str
) -> None:
    post = await posting(clock.now())
    time = await slot(post, "2026-12-09T10:00")
    chosen = await applied(clock, post, POINT)
    await db.execute(sql)
    assert (await refusal(services, hr, chosen, time)).key == key
    assert await db.fetch("SELECT 1 FROM interviews") == []


async def test_only_hr_invites(services: Services, clock: ManualClock) -> None:
    post = await posting(clock.now())
    time = await slot(post, "2026-12-09T10:00")
    chosen = await applied(clock, post, POINT)
    nurse = await actor("wang")
    assert (await refusal(services, nurse, chosen, time)).key == "not_allowed"
    invitations = services.recruiting.invitations
    assert await attempt(lambda: invitations.tick(nurse, chosen, [POINT])) == "not_allowed"
    assert await attempt(lambda: invitations.preview(nurse, chosen, time)) == "not_allowed"


async def test_the_seat_is_held_for_48_hours_at_most_until_the_interview(
    services: Services, clock: ManualClock
) -> None:
    post = await posting(clock.now())
    far = await invited(services, post, await slot(post, "2026-12-14T10:00"))
    assert (await far.row())["answer_by"] == clock.now() + timedelta(hours=48)
    soon = await invited(
        services, post, await slot(post, "2026-12-08T10:00"), user="wmFang", name="方小试"
    )
    row = await soon.row()
    assert row["answer_by"] == row["starts_at"]


async def test_a_cancelled_interview_is_said_with_an_apology(
    services: Services, clock: ManualClock, hr: Actor
) -> None:
    post = await posting(clock.now())
    who = await invited(services, post, await slot(post, "2026-12-09T10:00"))
    await who.says("好的")
    await who.queued()
    invitations = services.recruiting.invitations
    for _ in range(2):
        assert (
            await attempt(lambda: invitations.cancel(hr, who.interview, "面试官临时有手术"))
            == "done"
        )
    [(purpose, words)] = await who.queued()
    assert purpose == "interviews.cancelled"
    assert "很抱歉：原定12月9日(周三)10:00的急诊科护士面试取消了，您不用过来了" in words
    assert "原因：面试官临时有手术" in words
    assert await who.state() == "cancelled"
    assert await seats_agree()


async def test_who_was_declined_or_expired_may_be_invited_again(
    services: Services, clock: ManualClock, hr: Actor
) -> None:
    post = await posting(clock.now())
    time = await slot(post, "2026-12-09T10:00")
    who = await invited(services, post, time)
    await who.says("不考虑了")
    invitations = services.recruiting.invitations
    assert await attempt(lambda: invitations.invite(hr, who.application, time)) == "done"
    assert await taken(time) == 1
