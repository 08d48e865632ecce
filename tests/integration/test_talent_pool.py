"""人才库: who may be asked again and why they are listed; nobody is written to by the bot."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot.app import read_rules
from bot.events import Event
from bot.routing import Command
from bot.wiring import Services
from handlers import talent_pool as handlers
from models import db, sealed
from models.clock import ManualClock
from services.erasure_proof import proof_of
from services.purposes import Subject
from services.refusals import Refusal
from services.similar_posts import Likeness, Post, similar
from tests.support.deciding import actor, at_once
from tests.support.hospital import START, settings
from tests.support.interviewing import HEAD, RECRUITER, a_post
from tests.support.leaving import NAME, Leaver, leaver, mail_office, outside, until


@pytest.fixture
def recruiting(database_url: str, clock: ManualClock) -> Services:
    return outside(database_url, clock)


async def member(services: Services, clock: ManualClock, title: str = "急诊科护士") -> Leaver:
    """Somebody who was rejected and agreed to be kept."""
    one = await leaver(clock.now(), title=title)
    await one.rejected(clock.now())
    assert await services.recruiting.choices.hear(one.id, "1")
    return one


@pytest.mark.parametrize(
    ("one", "other", "likeness", "words"),
    [
        ("急诊科护士", "急诊科护士", Likeness.SAME_POST, ("急诊科护士",)),
        ("急诊科护士", "急诊护士", Likeness.SAME_WARD, ("急诊",)),
        ("急诊科护士", "急诊科主管护师", Likeness.SAME_WARD, ("急诊",)),
        ("急诊护士", "重症护士", Likeness.NEAR_WARD, ("急诊", "重症")),
        ("急诊科护士", "ICU护士", Likeness.NEAR_WARD, ("急诊", "重症")),
        ("急诊护士", "重症医学科主管护师", Likeness.NEAR_WARD, ("急诊", "重症")),
        ("急诊护士", "内分泌科护士", Likeness.SAME_WORK, ("护士",)),
        ("内分泌科护士", "护士", Likeness.SAME_WORK, ("护士",)),
    ],
)
async def test_nurses_of_all_wards_are_alike_and_it_is_said_in_what(
    one: str, other: str, likeness: Likeness, words: tuple[str, ...]
) -> None:
    rules = read_rules(settings("postgresql://unused")).recruiting.posts
    found = similar(Post(one, "nurse"), Post(other, "nurse"), rules)
    assert found is not None
    assert (found.likeness, found.words) == (likeness, words)
    back = similar(Post(other, "nurse"), Post(one, "nurse"), rules)
    assert back is not None
    assert back.likeness is likeness


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Post("急诊科护士", "nurse"), Post("急诊科医生", "doctor")),
        (Post("骨科医生", "doctor"), Post("心内科医生", "doctor")),
        (Post("助产士", "nurse"), Post("急诊护士", "nurse")),
        (Post("药师", "other"), Post("检验技师", "other")),
        (Post("医生", "doctor"), Post("心内科医生", "doctor")),
    ],
)
async def test_posts_that_are_not_alike(one: Post, other: Post) -> None:
    rules = read_rules(settings("postgresql://unused")).recruiting.posts
    assert similar(one, other, rules) is None


async def test_members_are_listed_with_the_reason(
    recruiting: Services, clock: ManualClock
) -> None:
    one = await member(recruiting, clock)
    post = await a_post(clock.now(), "重症医学科护士")
    (found,) = await recruiting.recruiting.pool.similar(post.id, await actor(RECRUITER))
    assert (found.candidate_id, found.name, found.applied_for) == (one.id, NAME, "急诊科护士")
    assert found.why.likeness is Likeness.NEAR_WARD
    assert await recruiting.recruiting.pool.similar(one.post.id, await actor(HEAD)) == []


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE candidates SET pool_consent_at = NULL",
        "UPDATE candidates SET pool_until = '2026-12-06'",
        "UPDATE candidates SET opted_out_at = now()",
        "UPDATE candidates SET erased_at = now()",
        "UPDATE postings SET work = 'doctor' WHERE title = '急诊科护士'",
    ],
)
async def test_who_is_not_listed(recruiting: Services, clock: ManualClock, change: str) -> None:
    one = await member(recruiting, clock)
    post = await a_post(clock.now(), "急诊护士")
    assert await recruiting.recruiting.pool.similar(post.id, await actor(HEAD)) != []
    await db.execute(change)
    assert await recruiting.recruiting.pool.similar(post.id, await actor(HEAD)) == []
    if "work" not in change:
        with pytest.raises(Refusal, match=r"not_in_pool|candidate_opted_out|candidate_erased"):
            await recruiting.recruiting.pool.invite_again(await actor(HEAD), one.id, post.id)


async def test_wishing_to_be_deleted_leaves_the_pool_at_once(
    recruiting: Services, clock: ManualClock
) -> None:
    one = await member(recruiting, clock)
    post = await a_post(clock.now(), "急诊护士")
    await recruiting.recruiting.erasure.request(one.id, "candidate", "wished")
    assert await recruiting.recruiting.pool.similar(post.id, await actor(HEAD)) == []


async def test_asking_again_is_a_new_application_without_match_points(
    recruiting: Services, clock: ManualClock
) -> None:
    one = await member(recruiting, clock)
    post = await a_post(clock.now(), "急诊护士")
    messages = await db.fetch_value("SELECT count(*) FROM messages")
    application = await recruiting.recruiting.pool.invite_again(await actor(HEAD), one.id, post.id)
    row = await db.fetch_one("SELECT * FROM applications WHERE id = $1", application)
    assert row is not None
    assert (row["stage"], row["match_points"]) == ("new", None)
    assert "示例二院" in sealed.open_sealed("applications.profile", row["profile"])
    assert await db.fetch_value("SELECT count(*) FROM messages") == messages  # they hear nothing
    assert await recruiting.recruiting.pool.similar(post.id, await actor(HEAD)) == []
    with pytest.raises(Refusal, match="already_applied"):
        await recruiting.recruiting.pool.invite_again(await actor(HEAD), one.id, post.id)


async def test_two_who_ask_the_same_person_again(recruiting: Services, clock: ManualClock) -> None:
    pool = recruiting.recruiting.pool
    one = await member(recruiting, clock)
    post = await a_post(clock.now(), "急诊护士")
    song, liang = await actor(HEAD), await actor(RECRUITER)
    results = await at_once(
        lambda: pool.invite_again(song, one.id, post.id),
        lambda: pool.invite_again(liang, one.id, post.id),
    )
    assert sorted(results) == ["already_applied", "done"]


async def test_a_closed_post_and_a_wrong_hand(recruiting: Services, clock: ManualClock) -> None:
    pool = recruiting.recruiting.pool
    one = await member(recruiting, clock)
    post = await a_post(clock.now(), "急诊护士")
    with pytest.raises(Refusal, match="not_allowed"):
        await pool.similar(post.id, await actor("sun"))
    with pytest.raises(Refusal, match="not_allowed"):
        await pool.invite_again(await actor("sun"), one.id, post.id)
    with pytest.raises(Refusal, match="posting_unknown"):
        await pool.similar(999_999, await actor(HEAD))
    await db.execute("UPDATE postings SET state = 'closed' WHERE id = $1", post.id)
    with pytest.raises(Refusal, match="posting_closed"):
        await pool.invite_again(await actor(HEAD), one.id, post.id)


async def test_a_post_that_opens_is_told_once_without_names(
    recruiting: Services, clock: ManualClock, database_url: str
) -> None:
    pool = recruiting.recruiting.pool
    assert await pool.tell_news() == 0
    await member(recruiting, clock)
    assert await pool.tell_news() == 0  # their own post, and nobody else
    post = await a_post(clock.now(), "急诊护士")
    await a_post(clock.now(), "放射科医生")
    assert [await pool.tell_news(), await pool.tell_news()] == [1, 0]
    row = await db.fetch_one("SELECT * FROM messages WHERE purpose = 'pool.similar'")
    assert row is not None
    assert (row["subject_id"], row["context"]) == (post.id, None)
    (facts,) = (await recruiting.ledger.purposes["pool.similar"].load([_subject(row)])).values()
    assert facts.stands
    assert facts.context == {"post": "急诊护士", "count": 1, "near": 1}
    sql = "SELECT count(*) FROM deliveries WHERE candidate_id IS NOT NULL AND state = 'queued'"
    before = await db.fetch_value(sql)
    async with mail_office(database_url, recruiting, clock) as office:
        await office.works()
    assert all("急诊护士" not in str(call.content) for call in office.platform.calls)
    assert before == 1  # the confirmation of the consent, nothing else


async def test_news_about_an_old_post_is_no_news(recruiting: Services, clock: ManualClock) -> None:
    await member(recruiting, clock)
    await a_post(clock.now() - timedelta(days=8), "急诊护士")
    assert await recruiting.recruiting.pool.tell_news() == 0


async def test_on_the_printed_day_they_leave_the_pool_and_the_house(
    recruiting: Services, clock: ManualClock
) -> None:
    one = await member(recruiting, clock)
    post = await a_post(clock.now(), "急诊护士")
    until(clock, "2027-11-25T12:00")
    assert len(await recruiting.recruiting.pool.similar(post.id, await actor(HEAD))) == 1
    until(clock, "2027-11-26T00:10")
    assert await recruiting.recruiting.pool.similar(post.id, await actor(HEAD)) == []
    assert await recruiting.recruiting.forgetting.forget_due() == 1
    proof = await proof_of(one.ref)
    assert proof is not None
    assert proof.gone


async def test_erased_while_being_asked_again(recruiting: Services, clock: ManualClock) -> None:
    """Whichever comes first, nothing of them is left and nothing is half done."""
    parts = recruiting.recruiting
    for _ in range(4):
        one = await member(recruiting, clock)
        post = await a_post(clock.now(), "急诊护士")
        song = await actor(HEAD)
        results = await asyncio.gather(
            at_once(lambda s=song, o=one, p=post: parts.pool.invite_again(s, o.id, p.id)),  # type: ignore[misc]
            at_once(lambda o=one: parts.erasure.erase(o.id, "cli", "race")),  # type: ignore[misc]
        )
        assert results[1] == ["done"]
        sql = "SELECT count(*) FROM applications WHERE candidate_id = $1 AND profile IS NOT NULL"
        assert await db.fetch_value(sql, one.id) == 0


def _said(rest: str) -> Command:
    return Command(
        Event(platform="wecom", app="a", event_id="e", user="song", at=START), "人才库", rest
    )


def _subject(row: db.Row) -> Subject:
    return Subject(row["id"], row["subject_id"], {})


async def test_the_command_lists_posts_and_then_members_with_the_reason(
    recruiting: Services, clock: ManualClock, database_url: str
) -> None:
    await member(recruiting, clock)
    await a_post(clock.now(), "重症医学科护士")
    words = read_rules(settings(database_url)).catalogue
    song, members = await actor(HEAD), recruiting.recruiting.pool
    posts = await handlers.pool(_said(""), song, members, words)
    assert "重症医学科护士：1位" in str(posts)
    found = await handlers.pool(_said("重症医学科护士"), song, members, words)
    assert "1. 欧阳试试" in str(found)
    assert "应聘过急诊科护士(急诊与重症相近)，同意保留到2027年11月25日(周四)" in str(found)
    assert "不会自动联系" in str(found)
    nobody = await handlers.pool(_said("急诊科护士"), song, members, words)
    assert "没有" in str(nobody)
    with pytest.raises(Refusal, match="not_allowed"):
        await handlers.pool(_said(""), await actor("sun"), members, words)
    with pytest.raises(Refusal, match="posting_unknown"):
        await handlers.pool(_said("没有的岗位"), song, members, words)
