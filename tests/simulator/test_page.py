"""The phone page in a real browser: reading, tapping, writing, moving the clock."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import Page, expect

from tests.simulator.bench import Bench, button_card, vote_card
from tests.support import browser

pytestmark = [pytest.mark.browser, browser.needs_chromium]


@pytest_asyncio.fixture
async def page(b: Bench) -> AsyncIterator[Page]:
    async with browser.opened(b.base) as page:
        await page.locator(".phone").nth(2).wait_for()
        yield page


async def test_message_text_is_never_markup(b: Bench, page: Page) -> None:
    await b.text("<img src=x onerror=alert(1)><b>粗</b>")
    bubble = page.locator(".bubble").first
    await expect(bubble).to_have_text("<img src=x onerror=alert(1)><b>粗</b>")
    assert await bubble.locator("img, b").count() == 0


async def test_tapping_greys_the_card(b: Bench, page: Page) -> None:
    async def grey(_event: dict[str, Any]) -> web.Response:
        return b.bot.reply([("MsgType", "update_button"), ("Button", [("ReplaceName", "已同意")])])

    b.bot.answer = grey
    await b.card(button_card())
    await page.get_by_role("button", name="同意").click()
    await expect(page.get_by_role("button", name="已同意")).to_be_disabled()
    assert b.bot.heard[0]["EventKey"] == "ok"


async def test_choices_are_submitted(b: Bench, page: Page) -> None:
    await b.card(vote_card(mode=1))
    await page.get_by_label("周二").check()
    await page.get_by_role("button", name="提交").click()
    while not b.bot.heard:
        await b.bot.news.wait()
    item = b.bot.heard[0]["SelectedItems"]["SelectedItem"]
    assert item["OptionIds"]["OptionId"] == "b"


async def test_writing_and_the_answer(b: Bench, page: Page) -> None:
    async def hello(event: dict[str, Any]) -> web.Response:
        return b.bot.reply([("MsgType", "text"), ("Content", "收到" + event["Content"])])

    b.bot.answer = hello
    phone = page.get_by_label("王蕾的手机")
    await phone.get_by_role("textbox").fill("换班")
    await phone.get_by_role("button", name="发送").click()
    await expect(phone.locator(".row").last).to_contain_text("收到换班")
    await expect(page.locator("#log tbody tr.callback")).to_have_count(1)


async def test_the_clock_is_moved_from_the_page(b: Bench, page: Page) -> None:
    await page.get_by_role("button", name="到今晚 20:10").click()
    await expect(page.locator(".face-of-clock b")).to_have_text("20:10")
    await expect(page.get_by_role("button", name="到明晚 20:10")).to_be_enabled()


async def test_a_fault_is_switched_on_and_off(b: Bench, page: Page) -> None:
    await page.get_by_role("button", name="故障开关").click()
    row = page.get_by_role("listitem").filter(has_text="调用太频繁")
    await row.get_by_role("button", name="打开").click()
    await row.get_by_role("button", name="关闭").wait_for()
    assert (await b.text())["errcode"] == 45009
    await expect(row.get_by_role("button", name="打开")).to_be_visible()


async def test_a_narrow_window_shows_one_phone(b: Bench, page: Page) -> None:
    await page.set_viewport_size({"width": 390, "height": 844})
    await expect(page.locator(".phone:visible")).to_have_count(1)
    await page.locator("#tabs").get_by_role("button", name="赵敏芝").click()
    await expect(page.get_by_label("赵敏芝的手机")).to_be_visible()
    wider = "document.documentElement.scrollWidth > innerWidth"
    assert await page.evaluate(wider) is False
