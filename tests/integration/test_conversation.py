"""What candidates write, what it does in the database, and what they are told."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta

import pytest

from bot.wiring import Services
from models import db
from models.clock import ManualClock
from services.guests import Guest
from services.recruiting_numbers import Metric, Month, Share
from services.recruiting_report import count
from tests.support.deciding import attempt
from tests.support.outside import KFID, candidate, on_wechat
from tests.support.recruiting import (
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

OFFER, SET, REPLY = "interviews.offer", "interviews.confirmed", "candidates.reply"
CLARIFY, FULL = "candidates.clarify", "interviews.nothing_free"


@pytest.fixture
def services(services: Services) -> Services:
    return reachable(services)


@dataclass
class Town:
    """Invited to Wednesday ten; Thursday two, Friday nine and Friday two are free."""

    services: Services
    who: Invited
    wednesday: int
    thursday: int
    friday: int
    friday_later: int


@pytest.fixture
async def town(services: Services, clock: ManualClock) -> Town:
    post = await posting(clock.now())
    days = ("2026-12-09T10:00", "2026-12-10T14:00", "2026-12-11T09:00", "2026-12-11T14:00")
    slots = [await slot(post, day) for day in days]
    who = await invited(services, post, slots[0])
    await who.queued()
    return Town(services, who, *slots)


# What they write; state afterwards; whose seat they have; purpose of each message; words in the
# last one; kinds of tasks.
Case = tuple[str, str, str, list[str], str, list[str]]
FIRST_WORDS: list[Case] = [
    ("好的", "confirmed", "wednesday", [SET], "12月9日(周三)10:00", []),
    ("1", "confirmed", "wednesday", [SET], "请带：身份证、护士执业证书、毕业证", []),
    ("可以的老师", "confirmed", "wednesday", [SET], "面试时间定好了", []),
    ("works for me", "confirmed", "wednesday", [SET], "联系人：钱老师，0512-60000000", []),
    ("好的，请问停车方便吗", "confirmed", "wednesday", [SET], "停车：院内停车场前两小时免费", []),
    (
        "好的，请问宿舍怎么样",
        "confirmed",
        "wednesday",
        [SET],
        "已经转给招聘老师",
        ["question"],
    ),
    ("那天我值班，周四下午行吗", "confirmed", "thursday", [SET], "已为您改到新的时间", []),
    ("不好意思那天有手术，请问周四下午方便吗？谢谢", "confirmed", "thursday", [SET], "周四", []),
    ("能改到周五下午两点吗", "confirmed", "friday_later", [SET], "12月11日(周五)14:00", []),
    ("那天我值班，周五行吗", "choosing", "", [OFFER], "1. 12月11日(周五)09:00", []),
    ("周四下午吧", "choosing", "", [OFFER], "1. 12月10日(周四)14:00", []),
    ("周四下午应该可以", "choosing", "", [OFFER], "1. 12月10日(周四)14:00", []),
    ("周四下午行吗，我再问问护士长", "choosing", "", [OFFER], "1. 12月10日(周四)14:00", []),
    ("有没有周四下午的场次", "choosing", "", [OFFER], "1. 12月10日(周四)14:00", []),
    ("周四上午行吗", "choosing", "", [OFFER], "12月10日(周四)没有合适的时间了", []),
    ("2", "choosing", "", [OFFER], "回复数字就可以", []),
    ("那天没空", "choosing", "", [OFFER], "请选一个方便的时间", []),
    ("不考虑了，谢谢", "declined", "", [REPLY], "谢谢您告诉我们", []),
    ("3", "declined", "", [REPLY], "祝您工作顺利", []),
    ("地址在哪", "invited", "wednesday", [REPLY], "地点：行政楼3楼会议室", []),
    ("要带什么？", "invited", "wednesday", [REPLY], "请带：身份证、护士执业证书、毕业证", []),
    ("面试要多久", "invited", "wednesday", [REPLY], "面试大约需要：30分钟", []),
    ("停车方便吗", "invited", "wednesday", [REPLY], "您方便吗？方便请回复1", []),
    ("联系电话多少", "invited", "wednesday", [REPLY], "钱老师，0512-60000000", []),
    ("工资多少", "invited", "wednesday", [REPLY], "已经转给招聘老师", ["question"]),
    ("能线上面试吗", "invited", "wednesday", [REPLY], "已经转给招聘老师", ["question"]),
    ("你们医院有多少张床？", "invited", "wednesday", [REPLY], "招聘老师", ["question"]),
    ("我没有执业证原件", "invited", "wednesday", [REPLY], "不用为这个专门跑", ["document"]),
    ("身份证丢了怎么办", "invited", "wednesday", [REPLY], "先别着急", ["document"]),
    ("好的，但是执业证还在原单位", "invited", "wednesday", [REPLY], "先别着急", ["document"]),
    ("那天没空，毕业证也还没发", "choosing", "", [OFFER], "回复数字", ["document"]),
    ("可以吗", "invited", "wednesday", [CLARIFY], "方便请回复1，想换时间请回复2", []),
    ("应该可以吧", "invited", "wednesday", [CLARIFY], "刚才这句我没看懂", []),
    ("好是好就是那天有手术", "choosing", "", [OFFER], "请选一个", []),
    ("可以改到下午吗", "choosing", "", [OFFER], "请选一个", []),
    ("收到", "invited", "wednesday", [CLARIFY], "没看懂", []),
    ("嗯嗯", "invited", "wednesday", [CLARIFY], "没看懂", []),
    ("", "invited", "wednesday", [CLARIFY], "没看懂", []),
    ("天气真不错啊", "invited", "wednesday", [CLARIFY], "没看懂", []),
    ("好" * 5000, "invited", "wednesday", [CLARIFY], "没看懂", []),
    ("退订", "declined", "", ["candidates.opted_out"], "不会再给您发招聘消息", []),
    ("别再给我发消息了", "declined", "", ["candidates.opted_out"], "打扰您了", []),
    ("删掉我的信息别再发了", "declined", "", ["candidates.opted_out"], "会给您回执", ["question"]),
    ("删除我的资料", "invited", "wednesday", ["candidates.confirm_delete"], "确认删除", []),
    ("我的资料", "invited", "wednesday", ["candidates.held"], "面试", []),
]


@pytest.mark.parametrize(
    "case", FIRST_WORDS, ids=[case[0][:20] or "nothing" for case in FIRST_WORDS]
)
async def test_first_words(town: Town, case: Case) -> None:
    text, state, seat, purposes, words, kinds = case
    who = town.who
    await who.says(text)
    assert await who.state() == state
    seated = [
        name
        for name in ("wednesday", "thursday", "friday", "friday_later")
        if await taken(getattr(town, name))
    ]
    assert seated == ([seat] if seat else [])
    said = await who.queued()
    assert [purpose for purpose, _ in said] == purposes
    assert words in said[-1][1]
    assert [kind for kind, _ in await who.tasks()] == kinds
    assert await seats_agree()


async def test_a_number_chooses_among_what_was_offered(town: Town) -> None:
    await town.who.says("那天没空")
    [(_, offer)] = await town.who.queued()
    assert offer.index("1. 12月10日(周四)14:00") < offer.index("2. 12月11日(周五)09:00")
    await town.who.says("选2")
    assert (await town.who.state(), await taken(town.friday)) == ("confirmed", 1)


@pytest.mark.parametrize("text", ["第二个", "周五上午那个", "2", "２", "②", "二"])
async def test_an_offer_is_chosen_in_many_words(town: Town, text: str) -> None:
    await town.who.says("那天没空")
    await town.who.says(text)
    assert (await town.who.state(), await taken(town.friday)) == ("confirmed", 1)


@pytest.mark.parametrize("text", ["好的", "可以", "5", "都行吧"])
async def test_a_yes_to_several_times_chooses_none(town: Town, text: str) -> None:
    await town.who.says("那天没空")
    await town.who.queued()
    await town.who.says(text)
    assert await town.who.state() == "choosing"
    [(purpose, words)] = await town.who.queued()
    assert purpose == CLARIFY
    assert "1. 12月10日(周四)14:00" in words


async def test_a_slot_taken_meanwhile_is_said_and_others_are_offered(
    town: Town, services: Services
) -> None:
    await town.who.says("那天没空")
    await invited(services, town.who.posting, town.thursday, user="wmOther", name="方小试")
    await town.who.queued()
    await town.who.says("1")
    assert (await town.who.state(), await taken(town.thursday)) == ("choosing", 1)
    [(purpose, words)] = await town.who.queued()
    assert purpose == OFFER
    assert "刚刚约满了" in words
    assert "周四" not in words


async def test_two_slots_that_fit_the_wish_are_offered_not_taken(
    town: Town, services: Services
) -> None:
    await slot(town.who.posting, "2026-12-10T15:00")
    await town.who.says("那天我值班，周四下午行吗")
    assert await town.who.state() == "choosing"
    [(_, words)] = await town.who.queued()
    assert "1. 12月10日(周四)14:00" in words


async def test_what_is_not_understood_is_asked_once_then_a_person_answers(
    town: Town, clock: ManualClock
) -> None:
    who = town.who
    await who.says("天气真不错啊")
    assert [purpose for purpose, _ in await who.queued()] == [CLARIFY]
    await who.says("心情也不错啊")
    [(purpose, words)] = await who.queued()
    assert (purpose, await who.tasks()) == (REPLY, [("unclear", "心情也不错啊")])
    assert "最晚12月7日(周一)14:15联系您" in words, "15 minutes of office time"
    due = await db.fetch_value("SELECT due_at FROM candidate_tasks")
    assert due == clock.now() + timedelta(minutes=15)
    await who.says("哈哈随便聊聊")
    assert await who.queued() == [], "they know already that a person answers"
    await who.says("好的")
    assert await who.state() == "confirmed"
    assert await who.tasks() == [], "settled itself"


async def test_nobody_floods_the_office(town: Town) -> None:
    for number in range(30):
        await town.who.says(f"天气真不错啊{number}")
    assert 0 < len(await town.who.tasks()) < 10


async def test_hr_reports_what_the_reply_meant(town: Town, services: Services) -> None:
    await town.who.says("天气真不错啊")
    await town.who.says("天气真不错啊")
    task = await db.fetch_value("SELECT id FROM candidate_tasks")
    by = await recruiter()
    assert await attempt(lambda: services.recruiting.tasks.done(task, by, "agreed")) == "done"
    assert await town.who.state() == "confirmed"


@pytest.mark.parametrize(
    ("text", "words"),
    [("谢谢", None), ("收到", None), ("👌", "见"), ("好的", "好的，12月9日(周三)10:00见。")],
)
async def test_after_the_confirmation_courtesy_is_not_questioned(
    town: Town, text: str, words: str | None
) -> None:
    await town.who.says("好的")
    await town.who.queued()
    await town.who.says(text)
    said = await town.who.queued()
    assert await town.who.state() == "confirmed"
    assert len(said) == (0 if words is None else 1)
    assert all(words in text for _, text in said if words)


async def test_a_confirmed_time_is_moved_and_the_old_seat_given_back(town: Town) -> None:
    await town.who.says("好的")
    await town.who.says("不好意思，那天临时值班，周四下午可以吗")
    assert (await taken(town.wednesday), await taken(town.thursday)) == (0, 1)
    live = await db.fetch(
        "SELECT m.purpose FROM messages m JOIN deliveries d ON d.message_id = m.id "
        "WHERE d.candidate_id = $1 AND d.state = 'queued'",
        town.who.candidate,
    )
    assert [row["purpose"] for row in live] == [SET], "the old confirmation is withdrawn"


async def test_stop_withdraws_what_was_queued_and_nothing_more_is_sent(
    town: Town, services: Services
) -> None:
    who = town.who
    await who.says("地址在哪")
    await who.says("退订")
    assert [purpose for purpose, _ in await who.queued()] == ["candidates.opted_out"]
    await who.says("退订")
    assert await who.queued() == [], "one polite confirmation"
    await who.says("好的")
    assert await who.queued() == []
    assert [kind for kind, _ in await who.tasks()] == ["question"], "a person reads it"
    states = await db.fetch(
        "SELECT d.state, m.purpose FROM deliveries d JOIN messages m ON m.id = d.message_id "
        "WHERE d.candidate_id = $1 ORDER BY d.id",
        who.candidate,
    )
    live = [row["purpose"] for row in states if row["state"] == "queued"]
    assert live == ["candidates.opted_out"]
    asks = await db.fetch(
        "SELECT 1 FROM asks WHERE candidate_id = $1 AND state = 'open'", who.candidate
    )
    assert asks == []


async def test_who_has_confirmed_and_stops_keeps_the_seat_and_hr_asks(town: Town) -> None:
    await town.who.says("好的")
    await town.who.says("不要再发了")
    assert await town.who.state() == "confirmed"
    assert [kind for kind, _ in await town.who.tasks()] == ["question"]


async def test_after_the_interview_words_go_to_a_person(town: Town, clock: ManualClock) -> None:
    await town.who.says("好的")
    await town.who.queued()
    clock.advance(timedelta(days=3))
    await town.who.says("好的")
    assert await town.who.queued() == []
    await town.who.says("请问什么时候出结果")
    [(purpose, words)] = await town.who.queued()
    assert purpose == REPLY
    assert "已经转给招聘老师" in words
    assert [kind for kind, _ in await town.who.tasks()] == ["question"]


async def test_the_result_s_day_is_told_when_it_is_known(town: Town, clock: ManualClock) -> None:
    await town.who.says("好的")
    await town.who.queued()
    clock.advance(timedelta(days=3))
    await db.execute(
        "UPDATE interviews SET state = 'held', result_due_at = $2 WHERE id = $1",
        town.who.interview,
        clock.now() + timedelta(days=4),
    )
    await town.who.says("请问什么时候出结果")
    assert await town.who.queued() == [(REPLY, "结果：最晚12月14日(周一)告诉您")]
    assert await town.who.tasks() == []


async def test_an_answer_after_the_invitation_ended_is_kind_and_a_task(
    town: Town, services: Services, clock: ManualClock
) -> None:
    await db.execute("UPDATE interviews SET answer_by = $1", clock.now())
    assert await services.recruiting.invitations.expire_due() == 1
    await town.who.says("好的，我来")
    [(_, words)] = await town.who.queued()
    assert "邀请已经过期了" in words
    assert [kind for kind, _ in await town.who.tasks()] == ["question"]
    assert await town.who.state() == "expired"


async def test_two_open_interviews_are_asked_about(
    town: Town, services: Services, clock: ManualClock
) -> None:
    other = await posting(clock.now(), "心内科护士")
    second_slot = await slot(other, "2026-12-10T10:00")
    second = await invited(services, other, second_slot, someone=town.who.candidate)
    await second.queued()
    await town.who.queued()
    await second.says("好的")
    [(purpose, words)] = await second.queued()
    assert purpose == "candidates.which"
    assert (await town.who.state(), await second.state()) == ("invited", "invited")
    number = words.split(". 心内科护士")[0][-1]
    await second.says(number)
    assert (await town.who.state(), await second.state()) == ("invited", "confirmed")


@pytest.mark.parametrize("text", ["心内科护士那个可以", "周四上午10点的可以"])
async def test_an_interview_is_named_by_its_post_or_time(
    town: Town, services: Services, clock: ManualClock, text: str
) -> None:
    other = await posting(clock.now(), "心内科护士")
    second_slot = await slot(other, "2026-12-10T10:00")
    second = await invited(services, other, second_slot, someone=town.who.candidate)
    await second.says(text)
    states = (await town.who.state(), await second.state())
    assert states in (("invited", "confirmed"), ("invited", "invited"))
    if text.startswith("周四"):
        assert states == ("invited", "confirmed")


async def test_which_one_still_unclear_goes_to_a_person(
    town: Town, services: Services, clock: ManualClock
) -> None:
    other = await posting(clock.now(), "心内科护士")
    second = await invited(
        services, other, await slot(other, "2026-12-10T10:00"), someone=town.who.candidate
    )
    await second.says("好的")
    await second.says("就那个嘛")
    assert [kind for kind, _ in await second.tasks()] == ["unclear"]
    assert (await town.who.state(), await second.state()) == ("invited", "invited")


async def test_a_stranger_is_told_who_we_are_and_hr_hears_of_them(
    services: Services, database_url: str
) -> None:
    assert database_url
    conversation = services.recruiting.conversation
    stranger = Guest(None, KFID, "wmStranger")
    async with db.transaction():
        assert "示例医院招聘服务" in await conversation.welcome(stranger)
        assert "示例医院招聘服务" in await conversation.stranger(stranger, "招护士吗")
        assert await conversation.stranger(stranger, "在吗") == ""
        for number in range(20):
            await conversation.stranger(stranger, f"在吗{number}")
    rows = await db.fetch("SELECT kind, key, candidate_id FROM candidate_tasks")
    assert len(rows) == 5
    assert {row["kind"] for row in rows} == {"stranger"}
    assert all("wmStranger" not in row["key"] for row in rows)


async def test_the_erased_are_strangers(town: Town, clock: ManualClock) -> None:
    await db.execute(
        "UPDATE candidates SET erased_at = $2, name = NULL, email = NULL WHERE id = $1",
        town.who.candidate,
        clock.now(),
    )
    await town.who.says("好的")
    assert await town.who.state() == "invited"
    rows = await db.fetch("SELECT kind FROM candidate_tasks")
    assert [row["kind"] for row in rows] == ["stranger"]


async def test_who_enters_reads_their_post_and_question(
    town: Town, services: Services, clock: ManualClock
) -> None:
    conversation = services.recruiting.conversation
    said = await conversation.welcome(town.who.guest)
    assert "田护士您好！这里是示例医院人事科。想请您来面试急诊科护士" in said
    assert "12月9日(周三)10:00" in said
    await town.who.says("那天没空")
    assert "1. 12月10日(周四)14:00" in await conversation.welcome(town.who.guest)
    await town.who.says("1")
    assert "面试已经定好" in await conversation.welcome(town.who.guest)
    nobody = await candidate(clock.now(), name="方小试")
    await on_wechat(nobody, clock.now(), "wmFang")
    applied = await application(nobody, town.who.posting, clock.now())
    assert applied
    known = await conversation.welcome(Guest(nobody, KFID, "wmFang"))
    assert "有什么想问的请直接写给我" in known


async def test_a_picture_is_answered_in_words(town: Town, services: Services) -> None:
    async with db.transaction():
        conversation = services.recruiting.conversation
        await conversation.media(town.who.guest, conversation.clock.now())
        await conversation.media(town.who.guest, conversation.clock.now())
    assert "麻烦您用文字写给我" in (await town.who.queued())[0][1]
    assert [kind for kind, _ in await town.who.tasks()] == ["question"]


async def test_one_and_two_of_a_rejection_go_to_whoever_asked(
    town: Town, services: Services, clock: ManualClock
) -> None:
    heard: list[str] = []

    async def hear(candidate_id: int, text: str) -> bool:
        assert candidate_id == town.who.candidate
        heard.append(text)
        return text in ("1", "2")

    conversation = services.recruiting.conversation
    conversation.hear_choice = hear
    await town.who.says("1")
    assert (heard, await town.who.state()) == ([], "confirmed"), "the invitation was asked last"
    await db.execute("UPDATE interviews SET state = 'held'")
    await town.who.says("2")
    assert heard == ["2"]
    await town.who.says("谢谢您")
    assert await town.who.tasks() == []


async def test_a_tomorrow_said_before_midnight_is_that_tomorrow(
    town: Town, clock: ManualClock
) -> None:
    """Words that were pulled late are read at the time when they were said."""
    said_at = clock.now()
    clock.advance(timedelta(hours=20))
    async with db.transaction():
        await town.services.recruiting.conversation.hear(town.who.guest, "大后天下午行吗", said_at)
    assert (await town.who.state(), await taken(town.thursday)) == ("confirmed", 1)


@pytest.mark.parametrize("text", ["好的", "不考虑了", "退订"])
async def test_the_same_words_twice_change_nothing_more(town: Town, text: str) -> None:
    await town.who.says(text)
    before = await town.who.row()
    await town.who.says(text)
    after = await town.who.row()
    assert {**before, "unclear": 0} == {**after, "unclear": 0}
    assert await seats_agree()


async def test_what_they_ask_about_is_counted_by_the_month_s_report(
    town: Town, services: Services, clock: ManualClock
) -> None:
    other = await invited(services, town.who.posting, town.friday, user="wmOther", name="方小试")
    await town.who.says("要带什么？")
    await town.who.says("好的")
    await other.says("好的，请问停车方便吗")  # no invitation says that
    rows = await db.fetch(
        "SELECT subject, detail->'topics' AS topics FROM audit_rows "
        "WHERE action = 'interview.question' ORDER BY id"
    )
    assert [(row["subject"], json.loads(row["topics"])) for row in rows] == [
        (f"interviews:{town.who.interview}", ["documents"]),
        (f"interviews:{other.interview}", ["parking"]),
    ]
    found = (await count(Month(2026, 12), clock.now())).total
    assert (found.invitations, found.told, found.asked) == (2, 2, 1)
    assert (len(found.answer_minutes), found.share(Metric.COMPLETE)) == (2, Share(1, 2))


@pytest.mark.parametrize("text", ["好的", "1", "可以，我会来"])
async def test_words_said_before_an_offer_do_not_answer_it(
    town: Town, services: Services, clock: ManualClock, text: str
) -> None:
    """Their yes was to the old time; it is read only after its slot was cancelled."""
    await db.execute(
        "UPDATE slots SET state = 'cancelled' WHERE id = ANY($1)",
        [town.friday, town.friday_later],
    )
    said_at = clock.now()
    clock.advance(timedelta(minutes=2))
    await services.recruiting.days.slots.cancel(await recruiter(), town.wednesday)
    assert [purpose for purpose, _ in await town.who.queued()] == [OFFER]
    clock.advance(timedelta(minutes=1))
    async with db.transaction():
        await services.recruiting.conversation.hear(town.who.guest, text, said_at)
    assert (await town.who.state(), await taken(town.thursday)) == ("choosing", 0)
    [(purpose, words)] = await town.who.queued()
    assert purpose == CLARIFY
    assert "1. 12月10日(周四)14:00" in words
    await town.who.says("1")
    assert await town.who.state() == "confirmed", "said after the offer it counts"
