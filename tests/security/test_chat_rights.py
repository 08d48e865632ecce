"""Who may say and tap what: every command and every button, in hands that have no right to it.

Commands and buttons are taken from the router and the templates: a new one is attacked as well.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping

import pytest

from bot.events import CardTapped, Reply, TextSaid
from bot.rules import Rules
from bot.wiring import Services
from models import db, sealed
from models.cards import Text
from models.clock import ManualClock
from services.permissions import Act
from tests.support.deciding import actor
from tests.support.leaving import outside
from tests.support.rights import fingerprint, one_of_everything

NURSE, FOREIGN = "li", "liang"
MINE = {Act.SEE_OWN_SHIFTS, Act.ASK_SWAP}  # what the lowest level may do
# Empty, half-right, of somebody else, huge and hostile.
SAID = (
    "",
    "李小样",
    "梁小例 12月31日",
    "重症医学科 2027年1月",
    "1 2 3",
    "9" * 30,
    "长" * 3000,
    "{{7*7}}' OR 1=1 --",
    "急诊科护士 https://evil.example/1",
    "欧阳试试 急诊科护士",
    "2026-02-30 A 王",
    "楼东 3人 16:00 重症",
)
# What a nurse changes with words that no level guards: her own channel, her own upload link, and
# items of her own list, which she ticks and opens again.
HERS: Mapping[str, set[str]] = {
    "上传": {"upload_links"},
    "消息用企业微信": {"persons"},
    "做好": {"checklist_items"},
    "重新打开": {"checklist_items", "messages", "asks", "deliveries", "delivery_events"},
}
# The trace of a refusal, and jobs of what is hers.
ALWAYS = {"audit_rows", "pgqueuer", "pgqueuer_log"}
# A button of hers on a card that speaks of her own things.
OWN_BUTTONS = {"licences.applied", "licences.seen", "callouts.refresh", "rosters.acknowledge"}

# What cards of several purposes were written with.
CONTEXT = {
    "unit": "x",
    "unit_id": 1,
    "text": "停水",
    "groups": [],
    "soonest": "2026-12-08T08:00+08:00",
}
CONTEXT |= {"confirm": True, "lines": [], "more": 0}

_CARD = """
WITH told AS (
    INSERT INTO messages (purpose, subject_id, context, priority, created_at)
    VALUES ($1, $2, $3, 10, $4) RETURNING id
), sent AS (
    INSERT INTO sends (channel, task_id, is_card, first_at)
    VALUES ('wecom_app', $5, true, $4) RETURNING id
)
INSERT INTO deliveries (message_id, person_id, channel, address, state, priority, not_before,
                        expires_at, send_id)
SELECT told.id, $6, 'wecom_app', 'x', 'accepted', 10, $4, $4, sent.id FROM told, sent
"""


@pytest.fixture
async def house(database_url: str, clock: ManualClock) -> Services:
    services = outside(database_url, clock)
    await one_of_everything(services, clock)
    return services


async def says(services: Services, who: str, text: str) -> Reply | None:
    event = TextSaid(
        platform="wecom",
        app="a",
        event_id=secrets.token_hex(8),
        user=who,
        at=services.pipeline.clock.now(),
        text=text,
    )
    return await services.pipeline.dispatcher.handle(event)


async def taps(services: Services, who: str, verb: str, task_id: str) -> str:
    event = CardTapped(
        platform="wecom",
        app="a",
        event_id=secrets.token_hex(8),
        user=who,
        at=services.pipeline.clock.now(),
        verb=verb,
        task_id=task_id,
    )
    reply = await services.pipeline.dispatcher.handle(event)
    return reply.content if isinstance(reply, Text) else ""


async def card(services: Services, purpose: str, subject: int, whose: str) -> str:
    """A card that this person has in the chat; its id."""
    key = secrets.token_urlsafe(9)
    context = sealed.seal_json("messages.context", CONTEXT)
    now, person = services.pipeline.clock.now(), (await actor(whose)).person_id
    await db.execute(_CARD, purpose, subject, context, now, key, person)
    return key


def changed(before: Mapping[str, str], after: Mapping[str, str]) -> set[str]:
    return {table for table in before if before[table] != after[table]}


def buttons(services: Services, rules: Rules) -> list[tuple[str, str]]:
    """Every purpose with every button of its cards that staff can tap."""
    return [
        (purpose.name, verb)
        for purpose in services.ledger.purposes
        for verb in rules.catalogue[purpose.template].verbs
        if verb in services.router.cards
    ]


async def test_a_nurse_says_every_command_and_changes_only_what_is_hers(house: Services) -> None:
    firsts = {id(route): (word, route) for word, route in reversed(house.router.texts.items())}
    for word, route in firsts.values():
        before = await fingerprint()
        for argument in SAID:
            reply = await says(house, NURSE, f"{word} {argument}".strip())
            assert reply is not None, (word, argument)
        more = changed(before, await fingerprint()) - ALWAYS
        allowed = next((HERS[w] for w in route.words if w in HERS), set())
        assert more <= allowed, (word, more)
        if route.act not in {None, *MINE}:
            assert more == set(), word


@pytest.mark.parametrize(
    "text",
    [
        "排班草稿 重症医学科 2027年1月",
        "缺口 重症医学科",
        "证照看板 重症医学科",
        "未确认 重症医学科",
        "入职 李小样 12月8日",
        "取消入职 李小样",
        "离职 李小样 12月31日",
        "没来 欧阳试试",
        "报到 欧阳试试",
        "叫号 第1组 7层会议室",
        "公示 急诊科护士",
        "已公示 急诊科护士 https://evil.example/1",
        "招聘月报",
        "人才库 急诊科护士",
        "取消支援 楼东",
        "支援进展 楼东",
    ],
)
async def test_a_head_nurse_of_another_ward_reaches_nothing_of_this_one(
    house: Services, text: str
) -> None:
    before = await fingerprint()
    reply = await says(house, FOREIGN, text)
    assert isinstance(reply, Text)
    assert not any(name in reply.content for name in ("李小样", "欧阳试试：", "王小样"))
    assert changed(before, await fingerprint()) <= ALWAYS


async def test_a_card_in_other_hands_does_nothing_whatever_its_button(
    house: Services, rules: Rules
) -> None:
    cards = [(await card(house, p, 1, NURSE), verb) for p, verb in buttons(house, rules)]
    before = await fingerprint()
    for key, verb in cards:
        for thief in ("wang", "zhao", "song"):
            assert "不是发给您的" in await taps(house, thief, verb, key), verb
    assert changed(before, await fingerprint()) == {"audit_rows"}


async def test_a_card_decides_nothing_for_who_may_not_or_when_its_subject_is_gone(
    house: Services, rules: Rules
) -> None:
    """As after a change of rank, an erasure, or with a card that came to the wrong person."""
    cards = [
        (verb, await card(house, purpose, subject, NURSE))
        for purpose, verb in buttons(house, rules)
        for subject in (1, 10**9)
        if not purpose.endswith("preview")  # what somebody has just written themselves
    ]
    before = await fingerprint()
    for verb, key in cards:
        if verb not in OWN_BUTTONS:
            await taps(house, NURSE, verb, key)
    assert changed(before, await fingerprint()) == {"audit_rows"}
    for verb, key in cards:
        if verb in OWN_BUTTONS:
            await taps(house, NURSE, verb, key)
    assert changed(before, await fingerprint()) <= {"audit_rows", "deliveries", "delivery_events"}


async def test_a_button_of_another_card_is_none_of_this_one(house: Services, rules: Rules) -> None:
    """A forged verb: the card is truly theirs, the button never stood on it."""
    key = await card(house, "swaps.request", 1, "zhao")
    for verb in {verb for _, verb in buttons(house, rules)} - {"swaps.accept", "swaps.decline"}:
        assert "失效" in await taps(house, "zhao", verb, key), verb
