"""Phones of WeCom and DingTalk side by side: marks, conversations, cards, groups, to-dos."""

from __future__ import annotations

import copy
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Locator, Page, expect

from simulator.dingtalk.sample import SAMPLE_DINGTALK
from simulator.hospital import parse
from simulator.sample import SAMPLE
from simulator.serve import running
from simulator.state import Pace, Simulator
from tests.simulator.bench import NOON
from tests.simulator.dingtalk_bench import QUICK, Client, Ding, card, success
from tests.support import browser

pytestmark = [pytest.mark.browser, browser.needs_chromium]

GROUP = "dingtalk-group:cidicu001"
SHOWN = ["lixiaoyan", "dingtalk:xujing", "dingtalk:hedan", GROUP]
KEY = "key-of-the-icu"
HOSPITAL = SAMPLE | {
    "dingtalk": SAMPLE_DINGTALK,
    "groups": [{"title": "重症医学科通知群", "key": KEY, "members": ["lixiaoyan", "zhaomin"]}],
    "show": SHOWN,
}


@pytest_asyncio.fixture
async def d() -> AsyncIterator[Ding]:
    world = parse(copy.deepcopy(HOSPITAL))
    sim = Simulator(world, NOON, pace=Pace(ding=QUICK))
    async with running(sim) as base, aiohttp.ClientSession() as session:
        bench = Ding(sim, base, session)
        try:
            yield bench
        finally:
            await bench.tasks.stop()


@pytest_asyncio.fixture
async def bot(d: Ding) -> Client:
    return await d.connect()


@pytest_asyncio.fixture
async def page(d: Ding) -> AsyncIterator[Page]:
    async with browser.opened(d.base) as page:
        await page.locator(".phone").nth(3).wait_for()
        yield page


def phone(page: Page, name: str) -> Locator:
    return page.get_by_label(f"{name}的手机", exact=True)


async def notice(d: Ding, msg: dict[str, Any]) -> None:
    body = {"agent_id": 3000001, "userid_list": "xujing", "msg": msg}
    reply = await d.old("topapi/message/corpconversation/asyncsend_v2", body)
    assert reply["errcode"] == 0


async def test_every_phone_says_which_platform_it_is_of(page: Page) -> None:
    await expect(phone(page, "李晓燕").locator(".mark")).to_have_text("企业微信")
    await expect(phone(page, "许静").locator(".mark")).to_have_text("钉钉")
    accents = [
        await phone(page, name)
        .get_by_role("button", name="发送")
        .evaluate("key => getComputedStyle(key).backgroundColor")
        for name in ("李晓燕", "许静", "何丹")
    ]
    assert accents[0] != accents[1] == accents[2]


async def test_the_list_is_narrowed_to_a_platform_or_to_groups(page: Page) -> None:
    await page.locator("#tabs .add").click()
    people = page.locator("#picker .people li")
    await expect(people).to_have_count(len(SAMPLE["members"]) + 1 + 4 + 1)
    await page.locator("#picker").get_by_role("button", name="钉钉", exact=True).click()
    await expect(people).to_have_count(5)
    await page.locator("#picker").get_by_role("button", name="群聊").click()
    await expect(people).to_have_count(2)
    await page.locator("#picker").get_by_label("重症医学科通知群").check()
    await expect(page.get_by_label("重症医学科通知群的群")).to_be_visible()


async def test_a_card_is_answered_and_greyed_with_a_notice(
    d: Ding, bot: Client, page: Page
) -> None:
    def answer(frame: dict[str, Any]) -> Any:
        if not frame["headers"]["topic"].endswith("/callback"):
            return success(frame)
        words = {"closed": "已批准 12:03", "notice": "已通知 毛莉"}
        options = {"updateCardDataByKey": True}
        data = {"cardUpdateOptions": options, "cardData": {"cardParamMap": words}}
        return {"response": data}

    bot.answer = answer
    shift = {"key": "shift", "title": "班次", "options": [{"id": "n", "text": "夜班"}]}
    days = [{"id": "20", "text": "周日"}, {"id": "21", "text": "周一"}]
    many = {"key": "days", "title": "哪几天", "many": True, "options": days}
    asked = card(selects=json.dumps([shift, many]))
    await d.deliver("IM_ROBOT.hedan", cardData={"cardParamMap": asked})
    shown = phone(page, "何丹").locator(".card")
    await expect(shown.locator("strong")).to_have_text("毛莉")
    await shown.get_by_label("班次").select_option("n")
    await shown.get_by_label("周日").check()
    await shown.get_by_label("周一").check()
    await shown.get_by_role("button", name="同意").click()
    await expect(shown.get_by_role("button", name="已批准 12:03")).to_be_disabled()
    await expect(shown.get_by_role("button")).to_have_count(1)
    await expect(shown.get_by_role("status")).to_have_text("已通知 毛莉")
    content = json.loads(json.loads(bot.frames[-1]["data"])["content"])
    params = content["cardPrivateData"]["params"]
    assert params == {"action": "ok", "shift": "n", "days": "20,21"}


async def test_a_dtmd_button_speaks_for_the_one_who_presses(
    d: Ding, bot: Client, page: Page
) -> None:
    await d.batch(
        ["xujing"],
        "sampleActionCard2",
        title="夜班提醒",
        text="今晚 **22:00** 夜班",
        actionTitle1="收到",
        actionURL1="dtmd://dingtalkclient/sendMessage?content=%E6%94%B6%E5%88%B0%201203",
        actionTitle2="看班表",
        actionURL2="https://example.org/roster",
    )
    shown = phone(page, "许静").locator(".card")
    link = shown.get_by_role("link", name="看班表")
    await expect(link).to_have_attribute("href", "https://example.org/roster")
    await shown.get_by_role("button", name="收到").click()
    await expect(phone(page, "许静").locator(".row.mine")).to_contain_text("收到 1203")
    (frame,) = await bot.heard(1)
    assert json.loads(frame["data"])["text"]["content"] == "收到 1203"


async def test_work_notices_are_a_conversation_that_can_only_be_read(
    d: Ding, bot: Client, page: Page
) -> None:
    xu = phone(page, "许静")
    await d.say("我的班")
    await expect(xu.locator(".row.mine")).to_contain_text("我的班")
    await notice(d, {"msgtype": "markdown", "markdown": {"title": "排班", "text": "**已发布**"}})
    tab = xu.get_by_role("tab", name="工作通知")
    await expect(tab.locator("em")).to_have_text("1")
    await tab.click()
    await expect(xu.locator(".chat:visible strong")).to_have_text("已发布")
    await expect(tab.locator("em")).to_have_count(0)
    await expect(xu.get_by_placeholder("通知不能回复")).to_be_visible()
    await xu.get_by_role("tab", name="护铃").click()
    await xu.get_by_role("textbox").fill("帮助")
    await xu.get_by_role("button", name="发送").click()
    await expect(xu.locator(".chat:visible .row.mine").last).to_contain_text("帮助")
    assert len(await bot.heard(2)) == 2


async def test_to_dos_stand_on_the_phone_until_they_are_done(d: Ding, page: Page) -> None:
    body = {
        "sourceId": "req-42",
        "subject": "审批换班申请",
        "executorIds": ["union-hedan"],
        "detailUrl": {"appUrl": "https://example.org/req/42"},
        "priority": 40,
    }
    tasks = "todo/users/union-hedan/tasks"
    made = (await d.api("POST", tasks, body))[1]
    he = phone(page, "何丹")
    await expect(he.locator(".todo-key em")).to_have_text("1")
    await he.get_by_role("button", name="待办").click()
    row = he.get_by_role("list", name="何丹的待办").get_by_role("listitem")
    await expect(row).to_contain_text("审批换班申请")
    await expect(row).to_contain_text("紧急")
    await expect(row.get_by_role("link")).to_have_attribute("href", "https://example.org/req/42")
    done = {"executorStatusList": [{"id": "union-hedan", "isDone": True}]}
    await d.api("PUT", f"{tasks}/{made['id']}/executorStatus", done)
    await expect(row).to_contain_text("已完成")
    await expect(he.locator(".todo-key em")).to_have_count(0)
    await expect(phone(page, "许静").locator(".todo-key")).to_be_hidden()


async def test_in_a_group_one_chooses_who_speaks(d: Ding, bot: Client, page: Page) -> None:
    group = page.get_by_label("急诊科通知群的群")
    await group.get_by_label("以谁的身份").select_option("许静")
    await group.get_by_role("textbox").fill("今晚谁能顶班")
    await group.get_by_role("button", name="发送").click()
    mine = group.locator(".row.mine")
    await expect(mine).to_contain_text("今晚谁能顶班")
    await expect(mine.locator(".by")).to_have_text("许静")
    assert json.loads((await bot.heard(1))[0]["data"])["senderStaffId"] == "xujing"
    await group.get_by_label("以谁的身份").select_option("何丹")
    await expect(mine).to_have_count(0)


async def test_a_webhook_post_is_read_as_markdown(d: Ding, page: Page) -> None:
    await page.locator("#tabs .add").click()
    await page.locator("#picker").get_by_label("重症医学科通知群").check()
    words = {"content": "**十二月**\n- <img src=x>\n- [看排班](https://example.org/r)"}
    body = {"msgtype": "markdown", "markdown": words}
    assert (await d.post(f"/cgi-bin/webhook/send?key={KEY}", body))["errcode"] == 0
    bubble = page.get_by_label("重症医学科通知群的群").locator(".bubble")
    await expect(bubble.locator(".md-item").first).to_contain_text("<img src=x>")
    await expect(bubble.get_by_role("link")).to_have_attribute("href", "https://example.org/r")
    assert await bubble.locator("img").count() == 0


async def test_a_narrow_window_holds_conversations_too(d: Ding, page: Page) -> None:
    await d.batch(["xujing"])
    await notice(d, {"msgtype": "text", "text": {"content": "请确认排班"}})
    await page.set_viewport_size({"width": 390, "height": 844})
    await page.locator("#tabs").get_by_role("button", name="许静").click()
    await expect(phone(page, "许静").get_by_role("tab")).to_have_count(2)
    wider = "document.documentElement.scrollWidth > innerWidth"
    assert await page.evaluate(wider) is False
