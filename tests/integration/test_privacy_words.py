"""我的资料, 更正, 删除我的资料, 为什么发给我: a candidate's rights in words."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.app import read_rules
from bot.wiring import Services
from message_templates.catalogue import Catalogue
from models import db, sealed
from models.cards import Text
from models.clock import ManualClock
from services.purposes import Subject
from tests.support.hospital import settings
from tests.support.leaving import NAME, PHONE, Leaver, leaver, outside


@pytest.fixture
def recruiting(database_url: str, clock: ManualClock) -> Services:
    return outside(database_url, clock)


async def last_words(services: Services, one: Leaver) -> str:
    """What they are told last, as it is sent."""
    row = await db.fetch_one(
        "SELECT m.* FROM messages m JOIN deliveries d ON d.message_id = m.id "
        "WHERE d.candidate_id = $1 ORDER BY m.id DESC LIMIT 1",
        one.id,
    )
    assert row is not None
    context = sealed.open_json("messages.context", row["context"]) if row["context"] else {}
    purpose = services.ledger.purposes[row["purpose"]]
    facts = await purpose.load([Subject(row["id"], row["subject_id"], context)])
    catalogue: Catalogue = read_rules(settings("postgresql://unused")).catalogue
    content = catalogue[purpose.template].render(facts[row["id"]].context)
    assert isinstance(content, Text)
    return content.content


async def test_what_is_held_is_told_by_kind_with_why_and_until_when(
    recruiting: Services, clock: ManualClock
) -> None:
    one = await leaver(clock.now())
    await one.rejected(clock.now())
    await one.says(clock.now(), "您好")
    assert await recruiting.recruiting.privacy.hear(one.id, "我的资料")
    words = await last_words(recruiting, one)
    for kind in ("手机号", "邮箱", "微信客服", "1份应聘记录", "1次面试", "1份面试评分", "1份结果"):
        assert kind in words
    for said in ("来源：医院官网", "保存到2027年6月5日(周六)", "删除我的资料", "更正"):
        assert said in words
    assert PHONE not in words
    assert NAME not in words
    held = await recruiting.recruiting.privacy.held(one.id)
    assert held is not None
    assert (held["applications"], held["messages"] >= 1) == (1, True)


async def test_it_says_that_they_agreed_and_until_when(
    recruiting: Services, clock: ManualClock
) -> None:
    one = await leaver(clock.now())
    await one.rejected(clock.now())
    await recruiting.recruiting.choices.hear(one.id, "1")
    await recruiting.recruiting.privacy.hear(one.id, "我的资料")
    words = await last_words(recruiting, one)
    assert "同意了保留简历" in words
    assert "保存到2027年11月25日(周四)" in words


async def test_deleting_is_asked_back_once_and_then_done(
    recruiting: Services, clock: ManualClock
) -> None:
    privacy, erasure = recruiting.recruiting.privacy, recruiting.recruiting.erasure
    one = await leaver(clock.now(), state="confirmed")
    assert await privacy.hear(one.id, "删除我的资料")
    assert "确认删除" in await last_words(recruiting, one)
    assert not await erasure.pending(one.id)
    for words in ("好的", "1", "是", "嗯"):
        assert not await privacy.hear(one.id, words)
    assert not await erasure.pending(one.id)
    assert await privacy.hear(one.id, "确认删除")
    assert await erasure.pending(one.id)
    assert "删除编号" in await last_words(recruiting, one)
    assert await privacy.hear(one.id, "确认删除")  # said twice
    assert await privacy.hear(one.id, "谢谢")  # for the receipt: no task comes of it
    assert await privacy.hear(one.id, "删除我的资料")
    sql = "SELECT count(*) FROM messages WHERE purpose = 'candidates.deleted'"
    assert await db.fetch_value(sql) == 1


async def test_without_a_question_the_confirming_words_only_ask(
    recruiting: Services, clock: ManualClock
) -> None:
    privacy = recruiting.recruiting.privacy
    one = await leaver(clock.now())
    assert await privacy.hear(one.id, "确认删除")
    assert not await recruiting.recruiting.erasure.pending(one.id)
    assert await privacy.hear(one.id, "确认删除")
    assert await recruiting.recruiting.erasure.pending(one.id)


async def test_a_day_later_it_is_asked_again(recruiting: Services, clock: ManualClock) -> None:
    privacy = recruiting.recruiting.privacy
    one = await leaver(clock.now())
    await privacy.hear(one.id, "删除我的资料")
    clock.advance(timedelta(hours=25))
    await recruiting.asks.expire_due()
    await privacy.hear(one.id, "确认删除")
    assert not await recruiting.recruiting.erasure.pending(one.id)


async def test_a_correction_becomes_a_task_with_their_words(
    recruiting: Services, clock: ManualClock
) -> None:
    one = await leaver(clock.now())
    assert await recruiting.recruiting.privacy.hear(one.id, "更正 我的邮箱应该是另一个")
    row = await db.fetch_one("SELECT * FROM candidate_tasks")
    assert row is not None
    assert (row["kind"], row["person_id"]) == ("question", one.post.recruiter)
    assert "另一个" in sealed.open_sealed("candidate_tasks.detail", row["detail"])
    assert "转给" in await last_words(recruiting, one)


@pytest.mark.parametrize(
    ("purpose", "said"),
    [
        ("interviews.invitation", "面试的安排"),
        ("outcomes.rejection", "面试之后的告知"),
        (None, "因为您应聘了示例医院的急诊科护士"),
    ],
)
async def test_why_they_were_written_to(
    recruiting: Services, clock: ManualClock, purpose: str | None, said: str
) -> None:
    one = await leaver(clock.now())
    if purpose:
        await one.rejected(clock.now())
        await db.execute("UPDATE messages SET purpose = $1", purpose)
    assert await recruiting.recruiting.privacy.hear(one.id, "为什么发给我")
    words = await last_words(recruiting, one)
    assert said in words
    assert "来自医院官网" in words
    assert "2027年6月5日" in words


async def test_other_words_are_left_to_others(recruiting: Services, clock: ManualClock) -> None:
    one = await leaver(clock.now())
    for words in ("好的", "资料要带什么", "可以改到下午吗", ""):
        assert not await recruiting.recruiting.privacy.hear(one.id, words)
    assert not await recruiting.recruiting.privacy.hear(999_999, "我的资料")


async def test_whoever_wants_no_messages_still_gets_these_answers(
    recruiting: Services, clock: ManualClock
) -> None:
    one = await leaver(clock.now())
    await db.execute("UPDATE candidates SET opted_out_at = $1", clock.now())
    await recruiting.recruiting.privacy.hear(one.id, "我的资料")
    assert await db.fetch_value("SELECT state FROM deliveries") == "queued"
