"""The candidate's page without chat and script: looking is free, pressing is answering."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import date, timedelta
from ipaddress import ip_network

import pytest

from bot.rules import Rules
from models import db
from models.candidates import Candidate, EntryLink
from models.clock import ManualClock
from models.interviews import CandidateTask, Interview, InterviewState
from models.ledger import Delivery, Message
from models.outcomes import Outcome
from models.postings import Slot
from services.new_links import NEW_LINK
from tests.support.candidate_page import Browser, Office, office, served
from tests.support.candidate_rows import (
    MAIL,
    PHONE,
    Invited,
    candidate,
    invited,
    local,
    rating_asked,
    result_sent,
)
from web.candidate import MISSES, QUESTIONS

RESULT = "钱护士您好！\n感谢您来参加急诊科护士的面试。"


@pytest.fixture
def desk(database_url: str, rules: Rules, clock: ManualClock) -> Office:
    return office(rules, clock)


@pytest.fixture
async def one(database_url: str, clock: ManualClock) -> Invited:
    return await invited(clock.now())


@pytest.fixture
async def link(desk: Office, one: Invited) -> str:
    """The path of the link in this candidate's mail."""
    return (await desk.links.make(one.candidate.id, one.interview.id)).url


@pytest.fixture
async def page(desk: Office, clock: ManualClock) -> AsyncIterator[Browser]:
    async with served(desk.pages, clock) as browser:
        yield browser


async def state(one: Invited) -> str:
    return (await Interview.get(id=one.interview.id)).state


async def taken(one: Invited) -> list[int]:
    return [slot.taken for slot in await Slot.filter(posting=one.posting).order_by("id")]


async def everything() -> list[tuple[object, ...]]:
    """All that a look at the page could have changed."""
    tables = ("interviews", "slots", "candidates", "entry_links", "outcomes", "messages", "asks",
              "deliveries", "candidate_tasks", "audit_rows", "applications")  # fmt: skip
    return [
        (table, [str(row) for row in await db.fetch(f"SELECT * FROM {table} ORDER BY 1")])
        for table in tables
    ]


async def asked_for_others(page: Browser, link: str) -> str:
    await page.opens(link)
    return (await page.presses(link, "other")).text


# Looking.


async def test_the_page_says_all_that_is_needed_to_come(page: Browser, link: str) -> None:
    seen = await page.opens(link)
    assert seen.status == 200
    for words in (
        "钱护士您好！",
        "急诊科护士",
        "12月10日(周四) 10:00",
        "示例市健康路1号行政楼3楼会议室",
        'href="https://maps.example/hospital"',
        "身份证、护士执业证书、毕业证、个人简历",
        "周老师",
        'href="tel:0512-60000000"',
        ">方便，我会来</button>",
        ">换个时间</button>",
        "不考虑了",
    ):
        assert words in seen.text


async def test_looking_changes_nothing(page: Browser, desk: Office, one: Invited) -> None:
    entry = await desk.links.make(one.candidate.id, one.interview.id)
    before = await everything()
    for path in (
        entry.url,
        entry.short_url,
        f"{entry.url}?said=asked",
        f"{entry.url}?act=decline",
    ):
        assert (await page.opens(path)).status == 200
    async with page.session.head(page.base + entry.url) as reply:
        assert reply.status == 200
    assert await everything() == before


async def test_the_page_keeps_itself_to_itself(page: Browser, link: str) -> None:
    for seen in (await page.opens(link), await page.opens("/c/x"), await page.opens("/i")):
        assert seen.headers["Cache-Control"] == "no-store"
        assert seen.headers["Referrer-Policy"] == "no-referrer"
        assert seen.headers["X-Robots-Tag"] == "noindex, nofollow"
        assert "frame-ancestors 'none'" in seen.headers["Content-Security-Policy"]
        assert "default-src 'self'" in seen.headers["Content-Security-Policy"]
        assert "Set-Cookie" not in seen.headers
        assert "<script" not in seen.text
        assert 'style="' not in seen.text
        assert 'src="http' not in seen.text


async def test_what_we_hold_is_told_and_masked(page: Browser, link: str) -> None:
    text = (await page.opens(link)).text
    assert "139****0101" in text
    assert "q***@mail.example" in text
    assert "2027年6月5日，到期自动删除" in text
    assert "医院官网" in text
    for secret in (PHONE, MAIL, "钱多多"):
        assert secret not in text


async def test_texts_of_data_stay_text(page: Browser, desk: Office, one: Invited) -> None:
    await db.execute("UPDATE slots SET place = $1", "<script>alert(1)</script>")
    await db.execute(
        "UPDATE postings SET facts = $1::jsonb", '{"map": "javascript:alert(1)", "phone": "1"}'
    )
    link = (await desk.links.make(one.candidate.id, one.interview.id)).url
    text = (await page.opens(link)).text
    assert "<script" not in text
    assert "javascript:" not in text


# Yes, another time, no more.


async def test_yes_is_pressed_once_or_twice(page: Browser, link: str, one: Invited) -> None:
    await page.opens(link)
    first = await page.presses(link, "confirm")
    assert first.status == 200
    assert "您已确认参加急诊科护士的面试" in first.text
    assert "方便，我会来" not in first.text
    again = await page.presses(link, "confirm")
    assert "您已确认参加急诊科护士的面试" in again.text
    assert await state(one) == "confirmed"
    assert await taken(one) == [1, 0, 0]
    assert await Message.filter(purpose="interviews.confirmed").count() == 1


async def test_another_time_gives_real_free_ones(page: Browser, link: str, one: Invited) -> None:
    text = await asked_for_others(page, link)
    assert "12月10日(周四) 14:30" in text
    assert "12月11日(周五) 09:00" in text
    assert await state(one) == "choosing"
    assert (await taken(one))[0] == 0
    told = await page.presses(link, "choose", slot=str(one.slots[2].id))
    assert "您已确认参加急诊科护士的面试" in told.text
    assert "12月11日(周五) 09:00" in told.text
    assert await taken(one) == [0, 0, 1]


async def test_a_confirmed_time_is_kept_until_another_is_taken(
    page: Browser, link: str, one: Invited
) -> None:
    await page.opens(link)
    await page.presses(link, "confirm")
    text = (await page.presses(link, "other")).text
    assert "还保留在原来的时间" in text
    assert await taken(one) == [1, 0, 0]
    assert "您已确认" in (await page.presses(link, "keep_time")).text
    assert (await Interview.get(id=one.interview.id)).offered == []
    await page.presses(link, "other")
    await page.presses(link, "choose", slot=str(one.slots[1].id))
    assert await taken(one) == [0, 1, 0]


async def test_a_slot_taken_meanwhile_is_said_and_others_are_shown(
    page: Browser, link: str, one: Invited
) -> None:
    await asked_for_others(page, link)
    await db.execute("UPDATE slots SET taken = 1 WHERE id = $1", one.slots[1].id)
    told = await page.presses(link, "choose", slot=str(one.slots[1].id))
    assert told.status == 409
    assert "这个时间刚刚被别人选走了" in told.text
    assert f'value="{one.slots[1].id}"' not in told.text
    assert f'value="{one.slots[2].id}"' in told.text
    assert await state(one) == "choosing"
    assert "您已确认" in (await page.presses(link, "choose", slot=str(one.slots[2].id))).text


async def test_the_last_seat_goes_to_one_of_two(
    desk: Office, page: Browser, clock: ManualClock, one: Invited
) -> None:
    who = await candidate(clock.now(), "孙小样", "13900000202", "sun@mail.example")
    two = await invited(clock.now(), (local(14, 9),), who=who, post=one.posting)
    links = [
        (await desk.links.make(each.candidate.id, each.interview.id)).url for each in (one, two)
    ]
    browsers = [Browser(page.session, page.base) for _ in links]
    for browser, link in zip(browsers, links, strict=True):
        await asked_for_others(browser, link)
    wanted = str(one.slots[1].id)
    told = await asyncio.gather(
        *(b.presses(link, "choose", slot=wanted) for b, link in zip(browsers, links, strict=True))
    )
    assert sorted(seen.status for seen in told) == [200, 409]
    assert (await Slot.get(id=one.slots[1].id)).taken == 1


async def test_nothing_free_makes_somebody_look_for_a_time(
    page: Browser, link: str, one: Invited
) -> None:
    await db.execute("UPDATE slots SET state = 'cancelled' WHERE taken = 0")
    await db.execute("UPDATE slots SET state = 'cancelled'")
    await page.opens(link)
    text = (await page.presses(link, "other")).text
    assert "招聘老师会联系您" in text
    assert await CandidateTask.filter(kind="slot_gone").count() == 1


async def test_no_slot_but_an_offered_one_is_taken(
    page: Browser, link: str, one: Invited, clock: ManualClock
) -> None:
    foreign = await invited(clock.now(), (local(15, 9), local(15, 14)), who=await candidate(
        clock.now(), "孙小样", "13900000202", "sun@mail.example"))  # fmt: skip
    await asked_for_others(page, link)
    for slot in (str(foreign.slots[1].id), "0", "-1", "x", "9" * 30):
        assert (await page.presses(link, "choose", slot=slot)).status == 409
    assert "请先选一个时间" in (await page.presses(link, "choose")).text
    assert await state(one) == "choosing"
    assert (await Slot.get(id=foreign.slots[1].id)).taken == 0


async def test_no_more_gives_the_seat_back(page: Browser, link: str, one: Invited) -> None:
    await page.opens(link)
    for _ in range(2):
        assert "谢谢您关注我们" in (await page.presses(link, "decline")).text
    assert await state(one) == "declined"
    assert await taken(one) == [0, 0, 0]
    late = await page.presses(link, "confirm")
    assert late.status == 200
    assert "谢谢您关注我们" in late.text
    assert await state(one) == "declined"


@pytest.mark.parametrize(
    ("now", "words"),
    [
        ("cancelled", "请不要再过来"),
        ("expired", "一直没有收到答复"),
        ("held", "谢谢您来参加"),
        ("no_show", "再约一个时间"),
    ],
)
async def test_every_state_is_said(
    page: Browser, link: str, one: Invited, now: str, words: str
) -> None:
    await Interview.filter(id=one.interview.id).update(state=now)
    text = (await page.opens(link)).text
    assert words in text
    assert "方便，我会来" not in text
    assert "我的资料" in text


async def test_a_time_that_is_over_cannot_be_confirmed(
    page: Browser, link: str, one: Invited, clock: ManualClock
) -> None:
    await page.opens(link)
    clock.advance(local(10, 10) - clock.now() - timedelta(minutes=1))
    await page.opens(link)
    clock.advance(timedelta(minutes=2))
    told = await page.presses(link, "confirm")
    assert told.status == 409
    assert await state(one) == "choosing"


# Words, and what belongs to the person.


async def test_a_question_is_answered_on_the_page(page: Browser, link: str) -> None:
    await page.opens(link)
    told = await page.presses(link, "ask", text=" 停车方便吗？ ")
    assert "收到了。答复会写在这个页面" in told.text
    assert "院内东门停车场，面试当天免费" in told.text
    assert (await page.presses(link, "ask", text="   ")).status == 400
    assert (await page.presses(link, "ask", text="啊" * 501)).status == 400


async def test_words_are_understood_as_in_the_chat(page: Browser, link: str, one: Invited) -> None:
    await page.opens(link)
    assert "您已确认参加" in (await page.presses(link, "ask", text="好的，我会准时到")).text
    assert await state(one) == "confirmed"
    doubtful = await page.presses(link, "ask", text="嗯这个嘛我想想看吧不好说")
    assert doubtful.status == 200
    assert await state(one) == "confirmed"


async def test_our_answers_stand_on_the_page_too(
    page: Browser, link: str, desk: Office, one: Invited, clock: ManualClock
) -> None:
    answer = {"text": "从东门进，右手边就是行政楼。"}
    await desk.answers.ledger.notify_candidate(
        "candidates.reply", 0, one.candidate.id, context=answer
    )
    assert "从东门进，右手边就是行政楼。" in (await page.opens(link)).text
    clock.advance(timedelta(days=15))
    assert "从东门进" not in (await page.opens(link)).text


async def test_a_flood_of_questions_is_stopped(page: Browser, link: str) -> None:
    await page.opens(link)
    for number in range(QUESTIONS):
        assert (await page.presses(link, "ask", text=f"第{number}个问题？")).status == 200
    stopped = await page.presses(link, "ask", text="还有")
    assert stopped.status == 429
    assert "请等我们答复" in stopped.text


async def test_a_result_is_shown_once_it_was_sent(
    page: Browser, link: str, one: Invited, clock: ManualClock
) -> None:
    outcome = await result_sent(one, clock.now(), RESULT)
    await Outcome.filter(id=outcome.id).update(state="waiting", sent_at=None)
    assert "感谢您来参加" not in (await page.opens(link)).text
    await Outcome.filter(id=outcome.id).update(state="sent", sent_at=clock.now())
    seen = await page.opens(link)
    assert "感谢您来参加急诊科护士的面试" in seen.text
    assert ">同意保留简历</button>" in seen.text


async def test_consent_is_recorded_and_told(
    page: Browser, link: str, one: Invited, clock: ManualClock
) -> None:
    _ = await result_sent(one, clock.now(), RESULT)
    await page.opens(link)
    for _ in range(2):
        assert "您已同意我们把简历保留到2027年12月7日" in (await page.presses(link, "keep")).text
    who = await Candidate.get(id=one.candidate.id)
    assert (who.pool_consent_at, who.pool_until) == (clock.now(), date(2027, 12, 7))


async def test_points_are_given_once_when_asked(
    page: Browser, link: str, one: Invited, clock: ManualClock
) -> None:
    outcome = await result_sent(one, clock.now(), RESULT)
    await page.opens(link)
    await page.presses(link, "rate", points="5")
    assert (await Outcome.get(id=outcome.id)).rating is None
    await rating_asked(one, outcome, clock.now())
    assert "您打几分" in (await page.opens(link)).text
    for wrong in ("", "0", "6", "5.0", "五"):
        assert (await page.presses(link, "rate", points=wrong)).status == 400
    assert "您打了4分" in (await page.presses(link, "rate", points="4")).text
    await page.presses(link, "rate", points="1")
    assert (await Outcome.get(id=outcome.id)).rating == 4


async def test_no_more_messages_is_noted_once(page: Browser, link: str, one: Invited) -> None:
    await page.opens(link)
    for _ in range(2):
        assert "您已要求不再联系" in (await page.presses(link, "opt_out")).text
    assert (await Candidate.get(id=one.candidate.id)).opted_out_at is not None
    rows = await db.fetch("SELECT 1 FROM audit_rows WHERE action = 'candidate.opted_out'")
    assert len(rows) == 1


async def test_no_more_messages_ends_an_unanswered_invitation_and_frees_its_seat(
    page: Browser, link: str, one: Invited
) -> None:
    await page.opens(link)
    await page.presses(link, "opt_out")
    interview = await Interview.get(id=one.interview.id)
    assert interview.state == InterviewState.DECLINED
    assert (await Slot.get(id=one.slots[0].id)).taken == 0


async def test_no_more_messages_after_a_yes_is_told_to_the_office(
    page: Browser, link: str, one: Invited
) -> None:
    await page.opens(link)
    await page.presses(link, "confirm")
    await page.presses(link, "opt_out")
    assert (await Interview.get(id=one.interview.id)).state == InterviewState.CONFIRMED
    rows = await db.fetch(
        "SELECT kind FROM candidate_tasks WHERE interview_id = $1 AND state = 'open'",
        one.interview.id,
    )
    assert [row["kind"] for row in rows] == ["question"]


async def test_deletion_is_asked_once_more_and_then_done(
    page: Browser, link: str, one: Invited, desk: Office, clock: ManualClock
) -> None:
    await page.opens(link)
    asked = await page.presses(link, "erase")
    assert "确定要删除您的资料吗" in asked.text
    assert not await desk.erasure.pending(one.candidate.id)
    done = await page.presses(link, "erase_sure")
    assert "回执编号SC" in done.text
    assert await desk.erasure.pending(one.candidate.id)
    seen = await page.opens(link)
    assert "正在办理" in seen.text
    assert "<button" not in seen.text
    assert "正在办理" in (await page.presses(link, "confirm")).text
    clock.advance(timedelta(hours=25))
    await desk.erasure.finish_due()
    assert (await page.opens(link)).status == 410
    assert (await Candidate.get(id=one.candidate.id)).erased_at is not None


# Links that do not open.


@pytest.mark.parametrize(
    "path", ["/c/x", "/c/" + "x" * 3000, "/c/a.b.c", "/i/abc", "/i/2222222222", "/c/%00", "/i/%E9"]
)
async def test_what_is_not_ours_gets_a_kind_answer(page: Browser, one: Invited, path: str) -> None:
    for seen in (await page.opens(path), await page.presses(path, "confirm")):
        assert seen.status == 410
        assert "这个链接打不开了" in seen.text
        assert "0512-60000000" in seen.text
        assert "<form" not in seen.text


async def test_an_altered_link_opens_nothing(page: Browser, link: str, one: Invited) -> None:
    altered = link[:-4] + ("AAAA" if not link.endswith("AAAA") else "BBBB")
    assert (await page.opens(altered)).status == 410
    assert (await page.presses(altered, "decline")).status == 410
    assert await state(one) == "invited"


async def test_an_expired_link_brings_a_new_one_to_the_known_address(
    page: Browser, link: str, one: Invited, clock: ManualClock
) -> None:
    clock.advance(timedelta(days=40))
    seen = await page.opens(link)
    assert seen.status == 410
    assert "这个链接已经过期" in seen.text
    assert "0512-60000000" in seen.text
    assert "钱" not in seen.text
    assert (await page.presses(link, "confirm")).status == 410
    assert await Message.filter(purpose=NEW_LINK).count() == 0
    for _ in range(3):
        assert "已发送" in (await page.presses(link, "new_link")).text
    assert await Message.filter(purpose=NEW_LINK).count() == 1
    assert (await Delivery.get()).channel == "mail"
    assert await state(one) == "invited"
    assert await EntryLink.all().count() == 1  # the new one is made when it is sent


async def test_behind_a_proxy_each_visitor_guesses_for_themselves(
    desk: Office, one: Invited, clock: ManualClock
) -> None:
    entry = await desk.links.make(one.candidate.id, one.interview.id)
    other = {"X-Forwarded-For": "198.51.100.2"}
    async with served(desk.pages, clock, [ip_network("127.0.0.0/8")]) as page:
        for number in range(MISSES):
            forged = {"X-Forwarded-For": f"192.0.2.{number}, 198.51.100.1"}
            assert (await page.opens(f"/i/22222222{number + 10}", headers=forged)).status == 410
        guesser = {"X-Forwarded-For": "198.51.100.1"}
        assert (await page.opens(entry.short_url, headers=guesser)).status == 429
        assert (await page.opens(entry.short_url, headers=other)).status == 200
    async with served(desk.pages, clock) as page:  # told of no proxy, it believes no header
        for number in range(MISSES):
            named = {"X-Forwarded-For": f"192.0.2.{number}"}
            assert (await page.opens(f"/i/22222222{number + 10}", headers=named)).status == 410
        assert (await page.opens(entry.short_url, headers=other)).status == 429


async def test_guessing_codes_is_stopped_and_links_still_open(
    page: Browser, desk: Office, one: Invited, clock: ManualClock
) -> None:
    entry = await desk.links.make(one.candidate.id, one.interview.id)
    assert (await page.opens(entry.short_url)).status == 200
    for number in range(MISSES):
        assert (await page.opens(f"/i/22222222{number + 10}")).status == 410
    assert (await page.opens("/i/3333333333")).status == 429
    assert (await page.opens(entry.short_url)).status == 429
    assert (await page.presses(entry.short_url, "confirm")).status == 429
    assert (await page.opens(entry.url)).status == 200
    clock.advance(timedelta(minutes=10))
    assert (await page.opens(entry.short_url)).status == 200


async def test_a_code_can_be_typed(page: Browser, desk: Office, one: Invited) -> None:
    entry = await desk.links.make(one.candidate.id, one.interview.id)
    assert "输入短信里的编号" in (await page.opens("/i")).text
    seen = await page.opens(f"/i?code={entry.code.upper()}")
    assert (seen.status, seen.path) == (200, entry.short_url)
    for wrong in ("abc", "../console", "/" * 10, "<script>ab"):
        assert "输入短信里的编号" in (await page.opens(f"/i?code={wrong}")).text


async def test_a_form_of_another_page_or_day_does_nothing(
    page: Browser, link: str, one: Invited, desk: Office, clock: ManualClock
) -> None:
    other = await desk.links.make(one.candidate.id)
    await page.opens(other.url)
    foreign = await page.presses(link, "decline")
    assert foreign.status == 403
    assert "再点一次" in foreign.text
    await page.opens(link)
    clock.advance(timedelta(hours=13))
    assert (await page.presses(link, "decline")).status == 403
    page.form = ""
    assert (await page.presses(link, "decline")).status == 403
    assert await state(one) == "invited"


FORM = "application/x-www-form-urlencoded"


async def test_odd_bodies_change_nothing(page: Browser, link: str, one: Invited) -> None:
    await page.opens(link)
    for options in (
        {"json": {"act": "decline", "form": page.form}},
        {"data": b"\xff\xfe", "headers": {"Content-Type": FORM}},
        {"data": b"x", "headers": {"Content-Type": f"{FORM}; charset=no-such"}},
        {"data": {"form": page.form, "act": "no_such"}},
        {"data": {"form": page.form} | {f"f{i}": "x" for i in range(60)}},
    ):
        async with page.session.post(page.base + link, **options) as reply:
            assert reply.status in (200, 403)
    assert await state(one) == "invited"


async def test_a_link_without_interview_still_shows_the_data(
    page: Browser, desk: Office, one: Invited
) -> None:
    path = (await desk.links.make(one.candidate.id)).url
    seen = await page.opens(path)
    assert "我的资料" in seen.text
    assert "方便，我会来" not in seen.text
    assert (await page.presses(path, "confirm")).status == 200
    assert await state(one) == "invited"
