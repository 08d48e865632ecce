"""Group chats of units: whose they are, what opens them, and what becomes of what is posted."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from bot import sample
from bot.app import read_rules
from bot.channels import Failure, Refused, SendFailed, Sent
from bot.events import TextSaid
from bot.rotation import reseal
from bot.wiring import Services
from models import db, sealed
from models.cards import Text
from models.clock import ManualClock
from models.groups import GroupDoor
from models.sealed import KeyRing
from services.console import dead, deliveries
from services.console.deliveries import Filter
from services.groups import UnknownGroup
from services.refusals import Refusal
from tests.support.deciding import actor, at_once, attempt
from tests.support.delivering import post_office
from tests.support.groups import bind_webhook, unit_id
from tests.support.hospital import START, settings
from tests.support.ledger import history_of

CHAT = "cid1a2b3c4d5e6f=="


async def notice(services: Services, who: str = "zhao", text: str = "今晚20点停水") -> int:
    """A preview on somebody's phone; its message's id."""
    by = await actor(who)
    async with db.transaction():
        await services.unit_notices.draft(by, text)
    message: int = await db.fetch_value("SELECT max(message_id) FROM asks")
    return message


async def posted(state: str | None = None) -> list[db.Row]:
    return await db.fetch(
        "SELECT d.id, d.address, d.state FROM deliveries d JOIN messages m ON m.id = d.message_id "
        "WHERE d.group_id IS NOT NULL AND ($1::text IS NULL OR d.state = $1) ORDER BY d.id",
        state,
    )


async def test_a_group_is_bound_where_it_is_said_and_opens_by_its_id(services: Services) -> None:
    zhao = await actor("zhao")
    bound = await services.groups.bind_here(zhao, "dingtalk", CHAT, "重症通知", "")
    assert (bound.unit, bound.before) == (sample.ICU, "")
    assert await services.groups.door(str(bound.group_id)) == {"conversation": CHAT}
    row = await db.fetch_one("SELECT * FROM unit_groups")
    assert row is not None
    assert (row["title"], row["door"]) == ("重症通知", GroupDoor.DINGTALK_ROBOT)
    assert CHAT not in str(row)


async def test_what_the_unit_is_must_be_clear_and_allowed(services: Services) -> None:
    zhao, song, li = [await actor(user) for user in ("zhao", "song", "li")]
    bind = services.groups.bind_here
    deeds = {
        "not_allowed": lambda: bind(li, "dingtalk", CHAT, "", ""),
        "unit_unknown": lambda: bind(zhao, "dingtalk", CHAT, "", sample.CARDIOLOGY),
        "which_unit": lambda: bind(song, "dingtalk", CHAT, "", ""),
        "group_needs_webhook": lambda: bind(zhao, "wecom", CHAT, "", ""),
        "group_not_bound": lambda: services.groups.unbind_here(zhao, "dingtalk", CHAT),
    }
    for refusal, deed in deeds.items():
        assert await attempt(deed) == refusal
    assert await db.fetch("SELECT 1 FROM unit_groups") == []


async def test_nobody_unbinds_another_units_group(services: Services) -> None:
    zhao, liang = await actor("zhao"), await actor("liang")
    bound = await services.groups.bind_here(zhao, "dingtalk", CHAT, "", "")
    assert (
        await attempt(lambda: services.groups.unbind_here(liang, "dingtalk", CHAT))
        == "not_allowed"
    )
    assert await services.groups.unbind_here(zhao, "dingtalk", CHAT) == sample.ICU
    with pytest.raises(UnknownGroup, match="bind it again"):
        await services.groups.door(str(bound.group_id))


@pytest.mark.parametrize("address", ["", "0", "-1", "x", "１", "9" * 30, "1; DROP TABLE x"])
async def test_a_strange_address_opens_nothing(services: Services, address: str) -> None:
    await bind_webhook(sample.ICU, "key-1")
    with pytest.raises(UnknownGroup):
        await services.groups.door(address)


async def test_a_group_that_moves_takes_nothing_of_its_old_unit_along(
    database_url: str, services: Services, clock: ManualClock
) -> None:
    zhao, liang = await actor("zhao"), await actor("liang")
    first = await services.groups.bind_here(zhao, "dingtalk", CHAT, "", "")
    preview, late = await notice(services), await notice(services)
    await services.unit_notices.send(zhao, preview)
    clock.advance(timedelta(minutes=1))
    moved = await services.groups.bind_here(liang, "dingtalk", CHAT, "", "")
    assert (moved.group_id, moved.unit, moved.before) == (
        first.group_id,
        sample.CARDIOLOGY,
        sample.ICU,
    )
    [delivery] = await posted()
    assert delivery["state"] == "withdrawn"
    assert await history_of(delivery["id"]) == ["queued", "withdrawn"]
    assert await attempt(lambda: services.unit_notices.send(zhao, late)) == "no_group_bound"
    rows = await db.fetch("SELECT actor FROM audit_rows WHERE action = 'group.bound' ORDER BY id")
    assert [row["actor"] for row in rows] == [str(zhao), str(liang)]
    async with post_office(database_url, services, clock, channel="dingtalk_group") as post:
        await post.works()
        assert post.platform.calls == []


async def test_a_failed_post_is_not_sent_again_into_what_became_another_units_group(
    database_url: str, services: Services, clock: ManualClock
) -> None:
    zhao, song = await actor("zhao"), await actor("song")
    await bind_webhook(sample.ICU, "key-1")
    await services.unit_notices.send(zhao, await notice(services))
    async with post_office(database_url, services, clock, channel="wecom_group") as post:
        post.platform.answers.append(SendFailed(Failure.REQUEST, code=93000))
        await post.works()
        [failed] = await posted("failed")
        clock.advance(timedelta(minutes=5))
        await services.groups.bind(
            "cli",
            await unit_id(sample.CARDIOLOGY),
            GroupDoor.WECOM_WEBHOOK,
            {"key": "key-1"},
            "",
        )
        again = services.dead_letters.send_again
        assert await attempt(lambda: again(song, failed["id"])) == "not_dead"


async def test_two_who_bind_one_group_at_once_leave_it_to_one_unit(services: Services) -> None:
    zhao, liang = await actor("zhao"), await actor("liang")
    for number in range(6):
        chat = f"cid{number}"
        results = await at_once(
            lambda c=chat: services.groups.bind_here(zhao, "dingtalk", c, "", ""),  # type: ignore[misc]
            lambda c=chat: services.groups.bind_here(liang, "dingtalk", c, "", ""),  # type: ignore[misc]
        )
        assert results == ["done", "done"]
    rows = await db.fetch("SELECT id, unit_id FROM unit_groups")
    assert len(rows) == 6
    moves = await db.fetch(
        "SELECT subject FROM audit_rows WHERE action = 'group.bound' AND detail->>'before' <> ''"
    )
    assert {row["subject"] for row in moves} == {f"unit_groups:{row['id']}" for row in rows}


async def test_a_group_that_moves_while_a_notice_is_sent_hears_nothing_of_its_old_unit(
    services: Services,
) -> None:
    zhao, liang = await actor("zhao"), await actor("liang")
    for _ in range(6):
        await services.groups.bind_here(zhao, "dingtalk", CHAT, "", "")
        preview = await notice(services)
        sent, moved = await at_once(
            lambda p=preview: services.unit_notices.send(zhao, p),  # type: ignore[misc]
            lambda: services.groups.bind_here(liang, "dingtalk", CHAT, "", ""),
        )
        assert moved == "done"
        assert sent in ("done", "no_group_bound")
        assert await posted("queued") == []


async def test_one_post_however_many_tap_at_once(services: Services) -> None:
    """The writer taps on three devices, and another manager forges a tap on the same card."""
    zhao, song = await actor("zhao"), await actor("song")
    for group in ("key-1", "key-2"):
        await bind_webhook(sample.ICU, group)
    send = services.unit_notices.send
    for count in range(1, 7):
        preview = await notice(services)
        mine = [lambda p=preview: send(zhao, p)] * 3
        await at_once(*mine, lambda p=preview: send(song, p))  # type: ignore[misc]
        assert len(await posted()) == 2 * count
    rows = await db.fetch("SELECT actor FROM audit_rows WHERE action = 'notice.posted'")
    assert [row["actor"] for row in rows] == [str(zhao)] * 6


async def test_send_and_cancel_at_once_agree(services: Services) -> None:
    zhao = await actor("zhao")
    await bind_webhook(sample.ICU, "key-1")
    ended = {"sent": 0, "cancelled": 0}
    for _ in range(6):
        preview = await notice(services)
        await at_once(
            lambda p=preview: services.unit_notices.send(zhao, p),  # type: ignore[misc]
            lambda p=preview: services.unit_notices.cancel(zhao, p),  # type: ignore[misc]
        )
        ended[(await services.unit_notices.facts(preview))["state"]] += 1
    assert sum(ended.values()) == 6
    assert len(await posted()) == ended["sent"]


async def test_who_lost_the_unit_before_the_tap_posts_nothing(services: Services) -> None:
    await bind_webhook(sample.ICU, "key-1")
    preview = await notice(services)
    await db.execute("DELETE FROM grants WHERE role = 'manager'")
    zhao = await actor("zhao")
    assert await attempt(lambda: services.unit_notices.send(zhao, preview)) == "not_allowed"
    assert await posted() == []


@pytest.mark.parametrize(
    ("door", "characters"),
    [(GroupDoor.WECOM_WEBHOOK, 670), (GroupDoor.DINGTALK_ROBOT, 1254)],
)
async def test_the_tightest_door_sets_the_length(
    services: Services, door: GroupDoor, characters: int
) -> None:
    zhao = await actor("zhao")
    names = {GroupDoor.WECOM_WEBHOOK: "key", GroupDoor.DINGTALK_ROBOT: "conversation"}
    icu = await unit_id(sample.ICU)
    await services.groups.bind("cli", icu, GroupDoor.DINGTALK_ROBOT, {"conversation": "c"}, "")
    await services.groups.bind("cli", icu, door, {names[door]: "x"}, "")
    fits, over = "水" * characters, "水" * (characters + 1)
    assert await attempt(lambda: services.unit_notices.draft(zhao, over)) == "notice_too_long"
    assert await attempt(lambda: services.unit_notices.draft(zhao, fits)) == "done"
    with pytest.raises(Refusal) as refused:
        await services.unit_notices.draft(zhao, "水" * 100_000)
    assert refused.value.params == {"most": characters, "length": 100_000}


async def test_the_group_reads_what_was_written_and_who_wrote_it(
    database_url: str, services: Services, clock: ManualClock
) -> None:
    zhao = await actor("zhao")
    first, second = [await bind_webhook(sample.ICU, key) for key in ("key-1", "key-2")]
    await services.unit_notices.send(zhao, await notice(services, text="今晚20点停水\n请备水"))
    async with post_office(database_url, services, clock, channel="wecom_group") as post:
        post.platform.batch = 1
        await post.works()
        assert [call.content for call in post.platform.calls] == [
            Text("今晚20点停水\n请备水\n\n—— 重症医学科 · 赵小样")
        ] * 2
        assert [call.to for call in post.platform.calls] == [(str(first),), (str(second),)]
    assert [row["state"] for row in await posted()] == ["accepted", "accepted"]


async def test_nothing_is_posted_at_night(
    database_url: str, services: Services, clock: ManualClock
) -> None:
    zhao = await actor("zhao")
    await bind_webhook(sample.ICU, "key-1")
    clock.advance(timedelta(hours=9))  # 23:00
    await services.unit_notices.send(zhao, await notice(services))
    async with post_office(database_url, services, clock, channel="wecom_group") as post:
        await post.works()
        assert post.platform.calls == []
        clock.advance(timedelta(hours=8))
        await post.works()
        assert len(post.platform.calls) == 1


async def test_a_group_gets_twenty_a_minute_at_most(
    database_url: str, services: Services, clock: ManualClock
) -> None:
    group = await bind_webhook(sample.ICU, "key-1")
    for number in range(25):
        context = {"text": f"第{number}条", "unit": sample.ICU, "by": "赵小样"}
        await services.ledger.announce("units.notice", 1, [group], context=context)
    async with post_office(database_url, services, clock, channel="wecom_group") as post:
        post.platform.member_per_minute = 20
        for _ in range(30):
            await post.works()
        assert len(post.platform.calls) == 20
        clock.advance(timedelta(seconds=61))
        for _ in range(10):
            await post.works()
        assert len(post.platform.calls) == 25


async def test_a_dead_group_is_told_once_a_day_and_seen_by_the_operator(
    database_url: str, services: Services, clock: ManualClock
) -> None:
    zhao, song, liang = [await actor(user) for user in ("zhao", "song", "liang")]
    group = await bind_webhook(sample.ICU, "key-1")
    refused = Sent("", refused={str(group): Refused(93000, "invalid webhook url")})

    async def fails() -> None:
        await services.unit_notices.send(zhao, await notice(services))
        async with post_office(database_url, services, clock, channel="wecom_group") as post:
            post.platform.answers.append(refused)
            await post.works()
        await services.group_failures.tell()

    for _ in range(3):
        await fails()
        clock.advance(timedelta(minutes=10))
    told = (
        "SELECT d.person_id FROM deliveries d JOIN messages m ON m.id = d.message_id "
        "WHERE m.purpose = 'units.group_failed'"
    )
    assert await db.fetch(told) == [{"person_id": zhao.person_id}]
    [*_, row] = await dead.failed_deliveries(song, clock.now())
    assert (row["receiver"], row["unit"], row["to_group"]) == (
        "重症医学科通知群",
        sample.ICU,
        True,
    )
    page = await deliveries.page(zhao, Filter(state="failed"))
    assert [row["receiver"] for row in page.rows] == ["重症医学科通知群"] * 3
    one, history = await deliveries.one(zhao, page.rows[0]["id"])
    assert one["to_group"]
    assert [event["state"] for event in history] == ["queued", "sending", "failed"]
    assert (await deliveries.page(liang, Filter(state="failed"))).rows == []
    clock.advance(timedelta(hours=24))
    await services.group_failures.tell()
    assert len(await db.fetch(told)) == 1
    await fails()
    assert len(await db.fetch(told)) == 2


async def test_a_failed_post_can_be_sent_again_once(
    database_url: str, services: Services, clock: ManualClock
) -> None:
    zhao, song = await actor("zhao"), await actor("song")
    await bind_webhook(sample.ICU, "key-1")
    await services.unit_notices.send(zhao, await notice(services))
    async with post_office(database_url, services, clock, channel="wecom_group") as post:
        post.platform.answers.append(SendFailed(Failure.REQUEST, code=93000))
        await post.works()
        [failed] = await posted("failed")
        again = services.dead_letters.send_again
        results = await at_once(
            lambda: again(song, failed["id"]), lambda: again(song, failed["id"])
        )
        assert sorted(results) == ["done", "not_dead"]
        await post.works()
        assert len(post.platform.calls) == 2
    assert [row["state"] for row in await posted()] == ["failed", "accepted"]


async def publish(
    services: Services, url: str, name: str, changes: dict[tuple[str, date], str]
) -> None:
    zhao = await actor("zhao")
    assert zhao.unit_id is not None
    codes = read_rules(settings(url)).shift_codes
    data = sample.month_sheet(sample.ICU, 2026, 12, codes, changes)
    draft = await services.rosters.draft(zhao, zhao.unit_id, data, name)
    assert draft.roster_id is not None, draft.errors
    await services.rosters.publish(zhao, draft.roster_id, override="示例")


async def test_a_published_roster_is_one_line_for_the_group(
    database_url: str, services: Services, clock: ManualClock
) -> None:
    await bind_webhook(sample.ICU, "key-1")
    await publish(services, database_url, "a.xlsx", {("S1002", date(2026, 12, 20)): "P"})
    await publish(services, database_url, "b.xlsx", {("S1003", date(2026, 12, 20)): "P"})
    async with post_office(database_url, services, clock, channel="wecom_group") as post:
        await post.works()
        assert [call.content for call in post.platform.calls] == [
            Text("重症医学科12月1日至12月31日班表已发布，请私信我“我的班”查看。")
        ]


async def test_a_hospital_may_keep_its_rosters_out_of_groups(
    database_url: str, services: Services
) -> None:
    await bind_webhook(sample.ICU, "key-1")
    notices = services.unit_notices
    notices.policies = replace(notices.policies, announce_rosters=False)
    await publish(services, database_url, "a.xlsx", {("S1002", date(2026, 12, 20)): "P"})
    assert await posted() == []


async def test_the_secret_is_resealed_with_the_rest(services: Services) -> None:
    group = await bind_webhook(sample.ICU, "key-1")
    sealed.install(KeyRing({"k1": bytes(32), "k2": b"2" * 32}, current="k2"))
    assert (await reseal())["unit_groups.secret"] == 1
    assert await services.groups.door(str(group)) == {"key": "key-1"}


async def says(services: Services, text: str, user: str = "zhao", group: str = CHAT) -> str:
    """What the bot answers to words in a DingTalk group."""
    event = TextSaid(
        platform="dingtalk",
        app="main",
        event_id=f"{user}:{text}:{group}",
        user=user,
        at=START,
        text=text,
        group=group,
        group_title="重症通知" if group else "",
    )
    reply = await services.pipeline.take(event)
    assert isinstance(reply, Text)
    return reply.content


async def test_binding_is_said_in_the_group_and_answered_without_a_name(
    services: Services,
) -> None:
    await db.execute(
        "INSERT INTO identities (person_id, platform, user_id, rank) "
        "SELECT person_id, 'dingtalk', user_id, 1 FROM identities WHERE platform = 'wecom'"
    )
    assert await says(services, "解绑本群") == "本群没有绑定病区，不用解绑。"
    bound = await says(services, " 绑定本群 ")
    assert bound == "已绑定：重症医学科的通知会发到本群。不需要时@我发“解绑本群”。"
    moved = await says(services, "绑定本群 心内科", "song")
    assert moved == (
        "已绑定：心内科的通知会发到本群，不再发重症医学科的通知。不需要时@我发“解绑本群”。"
    )
    assert await says(services, "绑定本群 放射科") == "没有您能管理的病区叫“放射科”，请核对名称。"
    assert "不在您的权限里" in await says(services, "绑定本群", "li")
    assert "还不认识您" in await says(services, "绑定本群", "somebody")
    assert await says(services, "解绑本群", "liang") == "已解绑：心内科的通知不再发到本群。"
    assert await db.fetch("SELECT 1 FROM unit_groups WHERE active") == []
    routes = services.router.texts
    assert {word for word in routes if routes[word].in_groups} == {"绑定本群", "解绑本群"}


async def test_what_is_on_its_way_is_not_posted_once_the_group_is_anothers(
    services: Services, clock: ManualClock
) -> None:
    old, new = [row["id"] for row in await db.fetch("SELECT id FROM units ORDER BY id LIMIT 2")]
    door, secret = GroupDoor.DINGTALK_WEBHOOK, {"token": "t"}
    group = (await services.groups.bind("operator", old, door, secret, "群")).group_id
    clock.advance(timedelta(minutes=1))
    context = {"text": "今晚培训", "unit": "旧", "by": "赵"}
    await services.ledger.announce("units.notice", old, [group], context=context, once="n")
    await db.execute("UPDATE deliveries SET state = 'sending'")
    assert await services.groups.door(str(group)) == secret
    clock.advance(timedelta(seconds=1))
    await services.groups.bind("operator", new, door, secret, "群")
    with pytest.raises(UnknownGroup):
        await services.groups.door(str(group))
    await db.execute("UPDATE deliveries SET state = 'unknown'")
    assert await services.groups.door(str(group)) == secret
