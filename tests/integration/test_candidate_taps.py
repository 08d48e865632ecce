"""Candidates' events end to end: words, taps on menus old and new, entering, strangers."""

from __future__ import annotations

import secrets
from datetime import datetime

import pytest

from bot.events import CardTapped, LinkEntered, MediaSent, Reply, TextSaid
from bot.wiring import Services
from models import db
from models.cards import Text
from models.clock import ManualClock
from tests.support.outside import KFID
from tests.support.recruiting import Invited, invited, posting, reachable, seats_agree, slot, taken

_SENT = """
WITH send AS (
    INSERT INTO sends (channel, task_id, is_card, first_at) VALUES ('wecom_kf', $2, true, $3)
    RETURNING id
)
UPDATE deliveries d SET state = 'accepted', send_id = send.id FROM send, messages m
 WHERE m.id = d.message_id AND m.purpose = 'interviews.offer' AND d.candidate_id = $1
   AND d.state = 'queued' RETURNING d.id
"""


@pytest.fixture
def services(services: Services) -> Services:
    return reachable(services)


@pytest.fixture
async def who(services: Services, clock: ManualClock) -> Invited:
    """Cannot come on Wednesday and has been offered Thursday and Friday."""
    post = await posting(clock.now())
    first = await slot(post, "2026-12-09T10:00")
    for local in ("2026-12-10T14:00", "2026-12-11T09:00"):
        await slot(post, local)
    one = await invited(services, post, first)
    await one.says("那天没空")
    return one


async def menu(who: Invited, now: datetime) -> str:
    """The offer arrives on the phone; the key of its menu."""
    key = secrets.token_urlsafe(9)
    assert await db.fetch(_SENT, who.candidate, key, now)
    return key


async def handled(
    services: Services, event: CardTapped | TextSaid | LinkEntered | MediaSent
) -> Reply | None:
    return await services.pipeline.dispatcher.handle(event)


async def tap(
    services: Services, who: Invited, key: str, slot_id: object, verb: str = "interview.choose"
) -> Reply | None:
    event = CardTapped(
        platform="wecom_kf",
        app=KFID,
        event_id=secrets.token_hex(8),
        user=who.user,
        at=services.recruiting.conversation.clock.now(),
        verb=verb,
        task_id=key,
        selected={"slot": (str(slot_id),)},
    )
    return await handled(services, event)


async def offered(who: Invited) -> list[int]:
    view = await who.services.recruiting.answers.view(who.interview)
    return [choice.slot_id for choice in view.offered]


async def test_a_tap_chooses_and_a_second_changes_nothing(
    services: Services, clock: ManualClock, who: Invited
) -> None:
    [first, second] = await offered(who)
    key = await menu(who, clock.now())
    assert await tap(services, who, key, second) is None
    assert (await who.state(), await taken(second)) == ("confirmed", 1)
    assert "12月11日(周五)09:00" in (await who.queued())[-1][1]
    await tap(services, who, key, second)
    assert [words for _, words in await who.queued()] == ["好的，12月11日(周五)09:00见。"]
    await tap(services, who, key, first)
    assert await taken(first) == 0, "an old menu offers nothing any more"
    assert "已经失效了" in (await who.queued())[-1][1]
    assert await seats_agree()


@pytest.mark.parametrize("forged", ["", "0", "-1", "999999", "1; DROP TABLE slots", "٣", "None"])
async def test_what_was_not_offered_cannot_be_chosen(
    services: Services, clock: ManualClock, who: Invited, forged: str
) -> None:
    key = await menu(who, clock.now())
    await tap(services, who, key, forged)
    assert await who.state() == "choosing"
    assert "已经失效了" in (await who.queued())[-1][1]


async def test_a_menu_of_somebody_else_moves_nothing(
    services: Services, clock: ManualClock, who: Invited
) -> None:
    other = await invited(
        services,
        who.posting,
        await slot(who.posting, "2026-12-14T10:00"),
        user="wmFang",
        name="方小试",
    )
    key = await menu(who, clock.now())
    await tap(services, other, key, (await offered(who))[0])
    assert (await who.state(), await other.state()) == ("choosing", "invited")
    assert "不是发给您的" in (await other.queued())[-1][1]


async def test_a_verb_that_the_card_does_not_have_is_refused(
    services: Services, clock: ManualClock, who: Invited
) -> None:
    key = await menu(who, clock.now())
    await tap(services, who, key, "", verb="interview.decline")
    assert await who.state() == "choosing"


async def test_words_pictures_and_entering_are_answered(
    services: Services, clock: ManualClock, who: Invited
) -> None:
    common = {"platform": "wecom_kf", "app": KFID, "user": who.user, "at": clock.now()}
    entered = await handled(services, LinkEntered(event_id="e1", scene="s", **common))  # type: ignore[arg-type]
    assert isinstance(entered, Text)
    assert "请选一个方便的时间" in entered.content
    await handled(services, MediaSent(event_id="e2", kind="image", media_id="m", **common))  # type: ignore[arg-type]
    assert "麻烦您用文字写给我" in (await who.queued())[-1][1]
    await handled(services, TextSaid(event_id="e3", text="2", **common))  # type: ignore[arg-type]
    assert await who.state() == "confirmed"


async def test_a_stranger_s_words_are_answered_at_once(
    services: Services, clock: ManualClock
) -> None:
    common = {"platform": "wecom_kf", "app": KFID, "user": "wmNobody", "at": clock.now()}
    said = await handled(services, TextSaid(event_id="e1", text="1", **common))  # type: ignore[arg-type]
    assert isinstance(said, Text)
    assert "示例医院招聘服务" in said.content
    again = await handled(services, TextSaid(event_id="e2", text="在吗", **common))  # type: ignore[arg-type]
    assert again is None
    tasks = await db.fetch("SELECT kind FROM candidate_tasks")
    assert [row["kind"] for row in tasks] == ["stranger", "stranger"]
