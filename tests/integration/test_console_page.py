"""The console in a real browser: from the link in the chat to a published roster."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, timedelta
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, Request, async_playwright

from bot import sample
from bot.app import read_rules
from tests.support.console import link_for
from tests.support.hospital import Hospital

CHROMIUM = shutil.which("chromium")
FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PICTURES = Path(__file__).parents[2] / "docs/img"
SHOWN = {"home", "preview", "unit"}
SIZES = {1440: 900, 390: 844}

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            yield browser
        finally:
            await browser.close()


def lost(request: Request) -> list[str]:
    """What could not be fetched. What the browser gave up itself belonged to a page just left."""
    return [] if request.failure == "net::ERR_ABORTED" else [f"{request.url} {request.failure}"]


@asynccontextmanager
async def window(browser: Browser, width: int) -> AsyncIterator[Page]:
    """A window that fails the test when a page complains, reaches out or grows too wide."""
    context = await browser.new_context(
        viewport={"width": width, "height": SIZES[width]}, locale="zh-CN"
    )
    page = await context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    page.on("requestfailed", lambda request: complaints.extend(lost(request)))
    yield page
    assert complaints == []
    await context.close()


async def picture(page: Page, name: str) -> None:
    """Nothing scrolls sideways; on request the page becomes a picture for the README."""
    width = page.viewport_size["width"] if page.viewport_size else 0
    assert await page.evaluate("document.documentElement.scrollWidth") <= width, name
    if os.getenv("WARDBELL_PICTURES") and name in SHOWN:
        await page.screenshot(path=PICTURES / f"console-{name}-{width}.png", full_page=True)


def changed_sheet(hospital: Hospital, folder: Path) -> Path:
    """December again, with a few people's days moved and one rest rule broken."""
    changes = {}
    for nurse in range(1, 7):
        for offset in range(3):
            day = date(2026, 12, 9) + timedelta(days=nurse + offset * 4)
            was = sample.code_on(nurse, sample.ICU, day)
            changes[f"S1{nurse + 2:03}", day] = {"A": "P", "P": "A", "休": "年休"}.get(was, "休")
    nights = (date(2026, 12, day) for day in range(12, 20))
    night = next(day for day in nights if sample.code_on(0, sample.ICU, day) == "N")
    changes["S1002", night - timedelta(days=1)] = "P"
    codes = read_rules(hospital.bot.settings).shift_codes
    path = folder / "重症医学科2026年12月改动.xlsx"
    path.write_bytes(sample.month_sheet(sample.ICU, 2026, 12, codes, changes))
    return path


async def test_a_head_nurse_imports_and_publishes(hospital: Hospital, tmp_path: Path) -> None:
    await hospital.at("20:45")
    for userid in ("li", "wang", "zhang"):
        for message in await hospital.phone(userid).messages():
            if message["card"] and message["card"]["buttons"]:
                card = await hospital.phone(userid).expects_card("")
                await card.tap("收到")
    sheet = changed_sheet(hospital, tmp_path)
    base = f"http://127.0.0.1:{hospital.bot.port}"
    async with chromium() as browser:
        for width in SIZES:
            async with window(browser, width) as page:
                await page.goto(base + await link_for(hospital, "zhao"))
                await picture(page, "sign-in")
                await page.get_by_role("button", name="进入控制台").click()
                await page.get_by_role("heading", name="今晚的提醒").wait_for()
                await page.get_by_role("link", name="导入班表").first.click()
                await page.get_by_label("选择文件").set_input_files(sheet)
                await page.get_by_text(sheet.name).wait_for()
                await picture(page, "import")
                await page.get_by_role("button", name="上传并预览").click()
                await page.get_by_role("heading", name="改动的班次").wait_for()
                await picture(page, "preview")
                await page.goto(f"{base}/console")
                await picture(page, "home")
                await page.get_by_role("link", name="重症医学科").first.click()
                await page.locator("th.today").first.wait_for()
                await picture(page, "unit")
                await page.goto(f"{base}/console/deliveries")
                await picture(page, "deliveries")
        async with window(browser, 1440) as page:
            await page.goto(base + await link_for(hospital, "zhao"))
            await page.get_by_role("button", name="进入控制台").click()
            await page.get_by_role("link", name="查看", exact=True).first.click()
            reason = page.get_by_label("确需这样排的理由")
            await reason.fill("三人同时病假，已征得本人同意")
            await page.get_by_role("button", name="发布班表").click()
            await page.get_by_text("已发布，通知了").wait_for()
            await picture(page, "published")
    await hospital.phone("wang").expects("12月")
