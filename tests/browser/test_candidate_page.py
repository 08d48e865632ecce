"""The candidate's page as a phone shows it, with scripts switched off: three stories and a result.

With WARDBELL_PICTURES set the pages become the pictures of docs/img.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright, expect

from bot.rules import Rules
from models import db
from models.clock import ManualClock
from models.interviews import Interview
from models.outcomes import Outcome
from tests.support import browser
from tests.support.candidate_page import Office, office, served
from tests.support.candidate_rows import Invited, invited, local, rating_asked, result_sent

pytestmark = [pytest.mark.browser, browser.needs_chromium]

PICTURES = Path(__file__).parents[2] / "docs/img"
WIDTH, HEIGHT = 390, 844
LETTER = """钱护士您好！
感谢您12月10日(周四)来示例医院参加急诊科护士的面试。您给面试组留下了很好的印象，尤其是急救技能。
本次岗位需要轮值夜班，与您目前以白班为主的经历不完全匹配，因此这次未能录用，非常抱歉。
祝您工作顺利！
示例医院人事处 0512-60000000"""


@pytest.fixture
def desk(database_url: str, rules: Rules, clock: ManualClock) -> Office:
    return office(rules, clock)


@pytest.fixture
async def one(database_url: str, clock: ManualClock) -> Invited:
    times = [local(10, 10), local(10, 14, 30), local(11, 9), local(14, 15)]
    return await invited(clock.now(), times)


@asynccontextmanager
async def phone(address: str) -> AsyncIterator[Page]:
    """A phone without scripts that complains when a page reaches out or grows too wide."""
    async with async_playwright() as player:
        chromium = await player.chromium.launch(
            executable_path=browser.CHROMIUM, args=browser.FLAGS
        )
        context = await chromium.new_context(
            viewport={"width": WIDTH, "height": HEIGHT},
            java_script_enabled=False,
            locale="zh-CN",
            has_touch=True,
        )
        page = await context.new_page()
        page.set_default_timeout(browser.LONG)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        await page.goto(address)
        yield page
        base = address.split("/c/")[0].split("/i/")[0]
        assert [url for url in asked if not url.startswith(base)] == []
        await chromium.close()


@asynccontextmanager
async def opened(
    desk: Office, one: Invited, clock: ManualClock, *, short: bool = False
) -> AsyncIterator[Page]:
    entry = await desk.links.make(one.candidate.id, one.interview.id)
    path = entry.short_url if short else entry.url
    async with served(desk.pages, clock) as server, phone(server.base + path) as page:
        yield page


async def picture(page: Page, name: str) -> None:
    await page.wait_for_load_state("networkidle")
    wide = await page.locator("html").bounding_box()
    assert wide is not None
    assert wide["width"] <= WIDTH, name
    for button in await page.get_by_role("button").all():
        box = await button.bounding_box()
        assert box is None or (box["height"] >= 44 and box["x"] + box["width"] <= WIDTH), name
    if os.getenv("WARDBELL_PICTURES"):
        await page.screenshot(path=PICTURES / f"candidate-{name}.png", full_page=True)


async def press(page: Page, name: str) -> None:
    await page.get_by_role("button", name=name).click()


async def test_yes_by_the_link_of_a_text_message(
    desk: Office, one: Invited, clock: ManualClock
) -> None:
    async with opened(desk, one, clock, short=True) as page:
        await expect(page.get_by_text("12月10日(周四) 10:00")).to_be_visible()
        await picture(page, "invitation")
        await press(page, "方便，我会来")
        await expect(
            page.get_by_text("您已确认参加急诊科护士的面试，我们等您来。")
        ).to_be_visible()
        await picture(page, "confirmed")
        await page.reload()
        await expect(page.get_by_text("您已确认参加急诊科护士的面试")).to_be_visible()
        await page.go_back()
        await expect(page.get_by_role("button", name="方便，我会来")).to_have_count(0)
    assert (await Interview.get(id=one.interview.id)).state == "confirmed"


async def test_another_time_of_which_one_was_just_taken(
    desk: Office, one: Invited, clock: ManualClock
) -> None:
    async with opened(desk, one, clock) as page:
        await press(page, "换个时间")
        await expect(page.get_by_role("radio")).not_to_have_count(0)
        shown = await page.get_by_role("radio").count()
        assert 2 <= shown <= 3
        await picture(page, "other-times")
        first = page.get_by_role("radio").first
        gone = int(await first.get_attribute("value") or "0")
        await first.check()
        await db.execute("UPDATE slots SET taken = capacity WHERE id = $1", gone)
        await press(page, "就选这个时间")
        await expect(page.get_by_text("这个时间刚刚被别人选走了")).to_be_visible()
        await picture(page, "slot-taken")
        await page.get_by_role("radio").first.check()
        await press(page, "就选这个时间")
        await expect(page.get_by_text("您已确认参加急诊科护士的面试")).to_be_visible()
    interview = await Interview.get(id=one.interview.id)
    assert interview.state == "confirmed"
    assert interview.slot_id != gone  # type: ignore[attr-defined]


async def test_no_more_and_what_we_hold(desk: Office, one: Invited, clock: ManualClock) -> None:
    async with opened(desk, one, clock) as page:
        await expect(page.get_by_role("button", name="确定不考虑这个岗位了")).to_be_hidden()
        await page.get_by_text("不考虑了", exact=True).click()
        await picture(page, "decline")
        await press(page, "确定不考虑这个岗位了")
        await expect(page.get_by_text("谢谢您关注我们")).to_be_visible()
        await page.get_by_text("我的资料", exact=True).click()
        await expect(page.get_by_text("139****0101")).to_be_visible()
        await picture(page, "record")
        await press(page, "删除我的资料")
        await expect(page.get_by_text("确定要删除您的资料吗？")).to_be_visible()
        await picture(page, "erase")
        await page.get_by_role("link", name="返回").click()
        await page.get_by_text("我的资料", exact=True).click()
        await press(page, "删除我的资料")
        await press(page, "确定删除")
        await expect(page.get_by_text("回执编号")).to_be_visible()
        await picture(page, "erased")
    assert (await Interview.get(id=one.interview.id)).state == "declined"
    assert await desk.erasure.pending(one.candidate.id)


async def test_a_result_with_its_two_questions(
    desk: Office, one: Invited, clock: ManualClock
) -> None:
    await Interview.filter(id=one.interview.id).update(state="held")
    outcome = await result_sent(one, clock.now(), LETTER)
    await rating_asked(one, outcome, clock.now())
    async with opened(desk, one, clock) as page:
        await expect(page.get_by_text("祝您工作顺利")).to_be_visible()
        await picture(page, "result")
        await press(page, "同意保留简历")
        await expect(page.get_by_text("您已同意我们把简历保留到2027年12月7日")).to_be_visible()
        await page.get_by_label("4", exact=True).check()
        await press(page, "提交评分")
        await expect(page.get_by_text("您打了4分，谢谢！")).to_be_visible()
    done = await Outcome.get(id=outcome.id)
    assert (done.choice, done.rating) == ("keep", 4)


async def test_an_old_link_and_no_link(desk: Office, one: Invited, clock: ManualClock) -> None:
    entry = await desk.links.make(one.candidate.id, one.interview.id)
    clock.advance(timedelta(days=40))
    async with served(desk.pages, clock) as server, phone(server.base + entry.url) as page:
        await expect(page.get_by_text("这个链接已经过期")).to_be_visible()
        await picture(page, "expired")
        await press(page, "给我发一个新的链接")
        await expect(page.get_by_text("已发送")).to_be_visible()
        await page.goto(f"{server.base}/c/x")
        await expect(page.get_by_text("这个链接打不开了")).to_be_visible()
        await picture(page, "gone")
        await page.goto(f"{server.base}/i")
        await picture(page, "code")
