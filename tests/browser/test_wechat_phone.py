"""A candidate's WeChat on the page: the entry link, the menu, the words that follow."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from tests.simulator.kf_bench import KFID, QIN, WELCOME, KfBench, kf_bench
from tests.support import browser

pytestmark = [pytest.mark.browser, browser.needs_chromium]


@pytest_asyncio.fixture
async def k() -> AsyncIterator[KfBench]:
    async with kf_bench() as running:
        running.b.sim.world.show = [f"wechat:{QIN}", "lixiaoyan"]
        yield running


@pytest_asyncio.fixture
async def page(k: KfBench) -> AsyncIterator[Page]:
    async with browser.opened(k.b.base) as page:
        await page.locator(".phone").nth(1).wait_for()
        yield page


async def test_a_pasted_link_opens_the_chat_and_a_menu_speaks(k: KfBench, page: Page) -> None:
    phone = page.get_by_label("小秦的手机")
    await expect(phone.locator(".who .mark")).to_have_text("微信")
    write = phone.get_by_label("以小秦的身份发消息")
    await write.fill(await k.link() + "&scene_param=iv42")
    await write.press("Enter")
    await asyncio.wait_for(k.b.bot.news.wait(), 60)  # two requests may overtake each other
    await write.fill("你好")
    await write.press("Enter")
    await expect(phone.locator(".row.mine")).to_have_text(["小秦你好"])
    assert (await k.pulled())[0]["event"]["scene_param"] == "iv42"
    body = {"touser": QIN, "msgtype": "msgmenu", "msgmenu": WELCOME}
    assert (await k.b.call("kf/send_msg", {"open_kfid": KFID} | body))["errcode"] == 0
    await phone.get_by_role("button", name="确认参加").click()
    await expect(phone.locator(".row.mine").nth(1)).to_contain_text("确认参加")
    assert (await k.pulled())[-1]["text"]["menu_id"] == "iv42_ok"
    await expect(phone.get_by_role("link", name="怎么走")).to_be_visible()


async def test_a_colleague_answers_at_their_customer_service(k: KfBench, page: Page) -> None:
    await k.enter()
    await k.say("宿舍可以带家属吗")
    trans = {"external_userid": QIN, "service_state": 3, "servicer_userid": "lixiaoyan"}
    await k.call("service_state/trans", **trans)
    phone = page.locator("section.phone.wecom")
    await phone.get_by_role("button", name="微信客服").click()
    await expect(phone.get_by_text("您正在接待")).to_be_visible()
    await expect(phone.locator(".desk p.theirs")).to_have_text(["宿舍可以带家属吗"])
    await phone.get_by_label("回复小秦").fill("可以的，每户一间")
    await phone.get_by_role("button", name="回复", exact=True).click()
    await expect(page.get_by_label("小秦的手机").get_by_text("可以的，每户一间")).to_be_visible()
    await phone.get_by_role("button", name="结束会话").click()
    await expect(phone.get_by_text("已结束")).to_be_visible()
    state = await k.call("service_state/get", external_userid=QIN)
    assert state["service_state"] == 4
