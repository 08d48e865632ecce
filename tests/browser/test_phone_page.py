"""The whole hospital as a visitor of the demo sees it: on phones, in a real browser."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Locator, Page, expect

from tests.support import browser
from tests.support.hospital import Hospital

pytestmark = [pytest.mark.browser, browser.needs_chromium]


@pytest_asyncio.fixture
async def page(hospital: Hospital) -> AsyncIterator[Page]:
    """The phones of 李, 王 and 赵, and of 杨, whom a visitor picks from the list."""
    async with browser.opened(f"{hospital.address}/") as page:
        await page.locator(".phone").nth(2).wait_for()
        await page.locator("#tabs .add").click()
        await page.locator("#picker").get_by_label("杨小样").check()
        await page.locator("#picker").get_by_role("button", name="收起").click()
        yield page


def phone(page: Page, name: str) -> Locator:
    return page.get_by_label(f"{name}的手机")


async def say(page: Page, name: str, text: str) -> None:
    await phone(page, name).get_by_role("textbox").fill(text)
    await phone(page, name).get_by_role("button", name="发送").click()


async def press(page: Page, name: str, button: str) -> None:
    await phone(page, name).get_by_role("button", name=button, exact=True).click()


async def jump(page: Page, *buttons: str) -> None:
    """Press the clock's buttons; each is done when everything due by then is done."""
    for button in buttons:
        key = page.locator("#clock").get_by_role("button", name=button)
        await key.click()
        await expect(page.locator("#clock button").first).to_be_enabled(timeout=3 * browser.LONG)


async def test_the_evening_brings_a_reminder_and_a_tap_greys_it(page: Page) -> None:
    await jump(page, "到今晚 20:10", "+10分钟", "+10分钟")
    card = phone(page, "李小样").locator(".card").last
    await expect(card).to_contain_text("12月8日(周二)")
    await expect(card).to_contain_text("16:00–24:00")
    await press(page, "李小样", "收到")
    await expect(card.get_by_role("button")).to_have_text(re.compile("已收到 20:3"))
    await expect(card.get_by_role("button")).to_be_disabled()


async def test_a_swap_is_asked_accepted_and_approved(page: Page) -> None:
    await say(page, "李小样", "换班 1212A 杨")
    await expect(phone(page, "李小样")).to_contain_text("已经问杨小样了")
    await expect(phone(page, "杨小样")).to_contain_text("李小样想和您换班")
    await press(page, "杨小样", "同意")
    await expect(phone(page, "赵小样")).to_contain_text("换班请审批")
    await press(page, "赵小样", "批准")
    for name in ("李小样", "杨小样"):
        await expect(phone(page, name)).to_contain_text("换班已批准")
    await say(page, "杨小样", "我的班")
    await expect(phone(page, "杨小样")).to_contain_text("12月12日(周六) 白班A 08:00–16:00")
