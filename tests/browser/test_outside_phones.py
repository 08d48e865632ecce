"""A candidate's mailbox, SMS and WeChat on the page, and the links between them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from email.message import EmailMessage

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from simulator.hospital import parse
from simulator.outsiders import outsiders_from
from tests.simulator.kf_bench import KFID, QIN, KfBench, kf_bench
from tests.simulator.outside import ADDRESS, EVENT, HOSPITAL, NUMBER, posted
from tests.support import browser

pytestmark = [pytest.mark.browser, browser.needs_chromium]
WICKED = """<h2 style="color:red">面试邀请</h2><script>document.title = "坏"</script>
<p onclick="document.title = '坏'">您好</p><p>网址 https://example.org/b</p>
<img src="x" onerror="document.title = '坏'" alt="院徽">
<iframe src="https://example.org"></iframe><a href="javascript:document.title = '坏'">别点</a>
<a href="{page}">打开面试页</a> <a href="{entry}">在微信里回复</a>"""


@pytest_asyncio.fixture
async def k() -> AsyncIterator[KfBench]:
    async with kf_bench() as running:
        world, sim = parse(HOSPITAL), running.b.sim
        sim.world.mail, sim.world.sms = world.mail, world.sms
        phones = [f"wechat:{QIN}", f"mail:{ADDRESS}", f"sms:{NUMBER}"]
        sim.world.people = outsiders_from([{"name": "钱多多", "phones": phones}])
        sim.world.show = phones[1:]
        yield running


@pytest_asyncio.fixture
async def page(k: KfBench) -> AsyncIterator[Page]:
    async with browser.opened(k.b.base) as page:
        await page.locator(".phone").nth(1).wait_for()
        yield page


async def send(k: KfBench, page_url: str, entry: str, calendar: str = EVENT) -> None:
    message = EmailMessage()
    message["From"] = '"江城示范医院" <hr@hospital.example>'
    message["To"] = ADDRESS
    message["Subject"] = "邀请您来院面试"
    message["Message-ID"] = f"<{len(calendar)}@x>"
    message.set_content("面试邀请\n您好\n打开面试页：" + page_url)
    html = WICKED.replace("{page}", page_url).replace("{entry}", entry)
    message.add_alternative(html, subtype="html")
    message.add_attachment(calendar.encode(), maintype="text", subtype="calendar")
    await posted((await k.b.get("/sim/hospital"))["mail"]["port"], message)


async def test_a_mail_is_listed_opened_and_can_do_no_harm(k: KfBench, page: Page) -> None:
    await send(k, "https://example.org/c/1", await k.link())
    box = page.get_by_label("钱多多的手机").first
    row = box.locator(".mails li")
    await expect(row).to_contain_text("邀请您来院面试")
    await expect(row).to_have_class("fresh")
    await row.get_by_role("button").click()
    letter = box.locator(".letter")
    await expect(letter.locator("h2")).to_have_text("面试邀请")
    await letter.get_by_text("您好").click()
    assert await letter.locator("script, img, iframe, [style], [onclick]").count() == 0
    await expect(letter.get_by_text("院徽")).to_be_visible()
    await expect(letter.get_by_role("link")).to_have_text(
        ["https://example.org/b", "打开面试页", "在微信里回复"]
    )
    assert "坏" not in await page.title()
    event = box.get_by_label("日程")
    await expect(event).to_contain_text("12月3日 星期四 10:00")
    await expect(event).to_contain_text("行政楼, 三楼")
    await box.get_by_role("button", name="看纯文本").click()
    await expect(box.locator(".plain")).to_contain_text("打开面试页：https://example.org/c/1")
    await box.get_by_role("button", name="收件箱").click()
    await expect(row).not_to_have_class("fresh")


async def test_a_cancelled_appointment_is_struck_out(k: KfBench, page: Page) -> None:
    await send(k, "https://example.org/c/1", "", EVENT.replace("PUBLISH", "CANCEL"))
    box = page.get_by_label("钱多多的手机").first
    await box.locator(".mails button").click()
    await expect(box.get_by_label("日程")).to_contain_text("日程已取消")
    await expect(box.get_by_label("日程")).to_have_class("appointment off")


async def test_a_link_opens_a_tab_and_an_entry_link_the_chat(k: KfBench, page: Page) -> None:
    await send(k, f"{k.b.base}/page/bell.svg", await k.link() + "&scene_param=iv42")
    box = page.get_by_label("钱多多的手机").first
    await box.locator(".mails button").click()
    async with page.expect_popup() as tab:
        await box.get_by_role("link", name="打开面试页").click()
    assert (await tab.value).url.endswith("/page/bell.svg")
    await box.get_by_role("link", name="在微信里回复").click()
    chat = page.get_by_label("小秦的手机")
    window = chat.get_by_label("小秦的客服窗口")
    await expect(window).to_contain_text("要等应聘者先说一句话")
    assert (await k.pulled())[0]["event"]["scene_param"] == "iv42"
    await chat.get_by_role("button", name="你好").click()
    await expect(window).to_contain_text("还能发 5 条 · 到")
    await k.text()
    await expect(window).to_contain_text("还能发 4 条")
    await expect(window.locator(".dots .left")).to_have_count(4)
    body = {"open_kfid": KFID, "external_userid": QIN, "state": 3, "servicer": "lixiaoyan"}
    await k.b.post("/sim/kf/sessions", body)
    await expect(window).to_have_text("人工接待中：李晓燕")


async def test_text_messages_have_links_and_no_line_to_write_in(k: KfBench, page: Page) -> None:
    entry = await k.link() + "&scene_param=iv42"
    words = {
        "content": f"【江城示范医院】钱多多您好，面试页：https://example.org/i/abc。微信：{entry}"
    }
    k.b.sim.phones.receive(f"sms:{NUMBER}", "text", "sms", words, "1", "江城示范医院")
    phone = page.get_by_label("钱多多 139****0101的手机")
    links = phone.get_by_role("link")
    await expect(links.first).to_have_attribute("href", "https://example.org/i/abc")
    await expect(phone.get_by_role("textbox")).to_be_hidden()
    await links.nth(1).click()
    await expect(page.get_by_label("小秦的手机")).to_be_visible()


async def test_all_phones_of_one_candidate_are_found_by_name(page: Page) -> None:
    await page.locator("#tabs .add").click()
    await page.locator("#picker").get_by_role("searchbox").fill("钱多多")
    await expect(page.locator("#picker li")).to_have_count(3)
    await page.locator("#picker").get_by_label("小秦").check()
    await expect(page.get_by_label("小秦的手机")).to_be_visible()
