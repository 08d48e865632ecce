"""The page behind a card's link: looking is free, pressing is the tap, and nothing else is."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import async_playwright

from bot.platforms.dingtalk.links import PLACE, AnswerLinks
from models import sealed
from models.clock import ManualClock
from tests.support import browser
from tests.support.answering import Visitor, visitor
from tests.support.hospital import RING, START, Hospital

REMINDER, ACKNOWLEDGE = "shifts.reminder", "shifts.acknowledge"
APPROVAL = "swaps.approval"


@pytest.fixture
async def page(hospital: Hospital) -> AsyncIterator[Visitor]:
    async with visitor(hospital) as someone:
        yield someone


async def reminded(hospital: Hospital) -> str:
    """Somebody whom the evening reminded of tomorrow."""
    await hospital.at("20:31")
    rows = await hospital.rows(
        "SELECT d.address FROM deliveries d JOIN messages m ON m.id = d.message_id "
        "WHERE m.purpose = 'shifts.reminder' ORDER BY d.id LIMIT 1"
    )
    return str(rows[0]["address"])


async def approving(hospital: Hospital) -> None:
    li, yang = hospital.phones("li", "yang")
    await li.says("换班 1212A 杨")
    await (await yang.expects_card("李小样想和您换班")).tap("同意")
    await hospital.settle()


async def answered(hospital: Hospital) -> int:
    rows = await hospital.rows("SELECT count(*) AS n FROM asks WHERE answered_at IS NOT NULL")
    return int(rows[0]["n"])


async def test_looking_changes_nothing_and_pressing_answers(
    hospital: Hospital, page: Visitor
) -> None:
    user = await reminded(hospital)
    link = await page.link(user, ACKNOWLEDGE, REMINDER)
    for _ in range(3):
        seen = await page.opens(link)
        assert seen.status == 200
        assert "12月8日(周二)" in seen.text
        assert ">收到</button>" in seen.text
    assert await answered(hospital) == 0
    told = await page.presses(link)
    assert "已收到 20:31" in told.text
    assert await answered(hospital) == 1


async def test_a_second_press_and_a_second_look_tell_the_same(
    hospital: Hospital, page: Visitor
) -> None:
    link = await page.link(await reminded(hospital), ACKNOWLEDGE, REMINDER)
    await page.opens(link)
    first = await page.presses(link)
    await hospital.later("5m")
    for again in (await page.presses(link), await page.opens(link)):
        assert again.status == 200
        assert "已收到 20:31" in again.text
        assert "<form" not in again.text
    assert "已收到 20:31" in first.text
    events = await hospital.rows("SELECT kind FROM inbox WHERE event_id LIKE 'wecom:link:%'")
    assert [row["kind"] for row in events] == ["CardTapped"]


async def test_a_decision_takes_its_reason_along(hospital: Hospital, page: Visitor) -> None:
    await approving(hospital)
    link = await page.link("zhao", "swaps.refuse", APPROVAL)
    seen = await page.opens(link)
    assert "换班请审批" in seen.text
    assert 'type="radio"' in seen.text
    option = seen.text.split('type="radio"')[2].split('value="')[1].split('"')[0]
    told = await page.presses(link, reason=option)
    assert "赵小样未批准" in told.text
    rows = await hospital.rows("SELECT payload FROM inbox WHERE event_id LIKE 'wecom:link:%'")
    assert len(rows) == 1
    await hospital.phone("li").expects("未批准")


async def test_unknown_options_are_left_out(hospital: Hospital, page: Visitor) -> None:
    await approving(hospital)
    link = await page.link("zhao", "swaps.approve", APPROVAL)
    await page.opens(link)
    assert "已批准" in (await page.presses(link, reason="'; drop", other="x")).text


async def test_a_link_says_who_and_nobody_else_may_use_a_card_with_it(
    hospital: Hospital, page: Visitor
) -> None:
    user = await reminded(hospital)
    task = (
        await hospital.rows(
            "SELECT s.task_id FROM sends s JOIN deliveries d ON d.send_id = s.id "
            "WHERE d.address = $1",
            user,
        )
    )[0]["task_id"]
    for stranger in ("zhao", "nobody"):
        foreign = page.links.url(task, ACKNOWLEDGE, stranger)
        assert (await page.opens(foreign)).status == 410
        assert (await page.presses(foreign)).status == 410
    assert (await page.opens(page.links.url(task, "swaps.approve", user))).status == 410
    assert (await page.opens(page.links.url("no-such-card", ACKNOWLEDGE, user))).status == 410
    assert await answered(hospital) == 0


async def test_an_old_or_altered_link_is_friendly(hospital: Hospital, page: Visitor) -> None:
    link = await page.link(await reminded(hospital), ACKNOWLEDGE, REMINDER)
    altered = link[:-3] + ("AAA" if not link.endswith("AAA") else "BBB")
    for path in (altered, "/a/k1.x", "/a/" + "x" * 3000, "/a/k1." + "A" * 200, "/a/%00"):
        seen = await page.opens(path)
        assert seen.status == 410
        assert "这个链接已经失效" in seen.text
        assert (await page.presses(path)).status == 410
    assert await page.uploads(link) == 400
    assert await answered(hospital) == 0


async def test_the_headers_keep_it_to_itself(hospital: Hospital, page: Visitor) -> None:
    link = await page.link(await reminded(hospital), ACKNOWLEDGE, REMINDER)
    for seen in (await page.opens(link), await page.presses(link), await page.opens("/a/k1.x")):
        assert seen.headers["Cache-Control"] == "no-store"
        assert seen.headers["Referrer-Policy"] == "no-referrer"
        assert "default-src 'self'" in seen.headers["Content-Security-Policy"]
        assert "Set-Cookie" not in seen.headers


@pytest.mark.browser
@browser.needs_chromium
async def test_it_works_on_a_phone(hospital: Hospital, page: Visitor, tmp_path: Path) -> None:
    await approving(hospital)
    link = await page.link("zhao", "swaps.refuse", APPROVAL)
    async with async_playwright() as player:
        chromium = await player.chromium.launch(
            executable_path=browser.CHROMIUM, args=browser.FLAGS
        )
        phone = await chromium.new_page(viewport={"width": 360, "height": 740})
        complaints: list[str] = []
        phone.on("pageerror", lambda error: complaints.append(str(error)))
        phone.on("console", lambda line: complaints.append(line.text))
        await phone.goto(page.base + link)
        wide = await phone.evaluate("document.documentElement.scrollWidth")
        await phone.screenshot(path=tmp_path / "answer.png", full_page=True)
        await phone.get_by_role("radio").nth(1).check()
        await phone.get_by_role("button", name="不批准").click()
        await phone.get_by_text("赵小样未批准").wait_for()
        await phone.screenshot(path=tmp_path / "told.png", full_page=True)
        await phone.goto(f"{page.base}/a/k1.x")
        await phone.get_by_text("这个链接已经失效").wait_for()
        await phone.screenshot(path=tmp_path / "spent.png", full_page=True)
        await chromium.close()
    assert wide <= 360
    assert [line for line in complaints if "410" not in line] == []


# The link itself, without a hospital.


@pytest.fixture
def clock() -> ManualClock:
    sealed.install(RING)
    return ManualClock(START)


def test_a_link_opens_to_what_it_was_made_for(clock: ManualClock) -> None:
    links = AnswerLinks("https://ward.example/", clock)
    url = links.url("task-1", "swaps.accept", "0169")
    assert url.startswith("https://ward.example/a/k1.")
    token = url.rpartition("/")[2]
    answer = links.open(token)
    assert answer is not None
    assert (answer.platform, answer.task_id, answer.verb, answer.user) == (
        "dingtalk",
        "task-1",
        "swaps.accept",
        "0169",
    )
    readable = base64.urlsafe_b64decode(token[3:] + "==")
    assert b"0169" not in readable
    assert links.url("task-1", "swaps.accept", "0169") != url


def test_a_link_lives_three_days(clock: ManualClock) -> None:
    links = AnswerLinks("", clock)
    token = links.url("t", "v", "u").rpartition("/")[2]
    clock.advance(timedelta(hours=72) - timedelta(seconds=1))
    assert links.open(token) is not None
    clock.advance(timedelta(seconds=1))
    assert links.open(token) is None


def test_a_value_sealed_for_another_place_is_no_link(clock: ManualClock) -> None:
    said = json.dumps(["dingtalk", "t", "v", "u", int(START.timestamp()) + 999])
    links = AnswerLinks("", clock)

    def opens(place: str, text: str) -> bool:
        key_id, _, body = RING.seal(place, text).partition(":")
        return links.open(f"{key_id}.{body.rstrip('=')}") is not None

    assert opens(PLACE, said)
    assert not opens("platform_tokens.token", said)
    assert not opens(PLACE, '["dingtalk","t","v"]' + " " * 40)
    assert not opens(PLACE, json.dumps([*json.loads(said)[:4], "never"]))


async def test_who_has_left_reads_no_card_any_more(hospital: Hospital, page: Visitor) -> None:
    await approving(hospital)
    link = await page.link("zhao", "swaps.approve", APPROVAL)
    assert "换班请审批" in (await page.opens(link)).text
    await hospital.rows(
        "UPDATE persons SET active = false FROM identities i "
        "WHERE i.person_id = persons.id AND i.user_id = 'zhao' RETURNING 1"
    )
    seen = await page.opens(link)
    assert seen.status == 410
    assert "换班请审批" not in seen.text
