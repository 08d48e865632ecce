"""The upload page: one person's, for a while; the same checks as in chat, whatever is sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from io import BytesIO

import pytest
from aiohttp import ClientSession, FormData, web

from bot import http
from bot.rules import Rules
from bot.wiring import Services
from models import db
from models.clock import ManualClock
from services.upload_links import LIVES, MOST_USES
from tests.support.console import Reader, Seen
from tests.support.deciding import actor
from tests.support.photos import HEIC, jpeg, pdf
from tests.support.renewing import Room
from web import sent_file
from web.console import STATIC
from web.upload import UploadPages, routes

UNTIL = "2031-12-20"


@dataclass
class Browser(Reader):
    """Without script and cookies: opens the page, fills the form in."""

    async def sends(self, path: str, data: bytes, kind: str = "nurse", until: str = UNTIL) -> Seen:
        body = FormData(quote_fields=False)
        for key, value in {"token": self.token, "kind": kind, "until": until}.items():
            body.add_field(key, value)
        body.add_field("file", BytesIO(data), filename="新证.pdf", content_type="application/pdf")
        async with self.session.post(self.base + path, data=body) as reply:
            return Seen(reply.status, await reply.text(), reply.headers, reply.url.path)


@dataclass(frozen=True)
class Desk:
    """A browser at the page, and the renewals behind it."""

    browser: Browser
    room: Room
    services: Services

    async def link(self, user: str = "li") -> str:
        url = await self.services.renewals.uploads.links.address(await actor(user))
        return url[url.index("/u/") :]

    async def files(self) -> int:
        count: int = await db.fetch_value("SELECT count(*) FROM evidence")
        return count


@asynccontextmanager
async def served(services: Services, rules: Rules, clock: ManualClock) -> AsyncIterator[Browser]:
    app = http.make_app(http.resting_channels(clock))
    desk = services.renewals
    pages = UploadPages(desk.uploads, desk.forms, rules.catalogue, rules.hospital)
    app.add_routes([*routes(pages), web.static("/console/static", STATIC)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        async with ClientSession() as session:
            yield Browser(session, f"http://127.0.0.1:{port}")
    finally:
        await runner.cleanup()


@pytest.fixture
async def desk(services: Services, rules: Rules, clock: ManualClock) -> AsyncIterator[Desk]:
    room = Room(services, clock)
    await room.record("li")
    async with served(services, rules, clock) as browser:
        yield Desk(browser, room, services)


async def test_a_pdf_reaches_the_office_as_one_from_chat_does(desk: Desk) -> None:
    link = await desk.link()
    page = await desk.browser.opens(link)
    assert (page.status, page.headers["X-Robots-Tag"]) == (200, "noindex, nofollow")
    assert "李＊＊您好" in page.text
    assert "李小样" not in page.text
    done = await desk.browser.sends(link, pdf())
    assert "已交护理部核对：护士执业证书，有效期到2031年12月20日" in done.text
    shown = await desk.room.shown()
    assert (shown["person"], shown["until"], shown["file"]) == ("李小样", "2031年12月20日", "pdf")
    await desk.room.decides(await desk.room.approval(), await desk.room.checker(), "original")
    current = await desk.room.current("li")
    assert current is not None
    assert current["valid_to"].isoformat() == UNTIL


async def test_looking_changes_nothing_and_the_same_file_twice_is_one(desk: Desk) -> None:
    link = await desk.link()
    for _ in range(3):
        await desk.browser.opens(link)
    assert await desk.files() == 0
    await desk.browser.sends(link, pdf())
    again = await desk.browser.sends(link, pdf())
    assert again.status == 422
    assert "正在护理部核对" in again.text
    assert await desk.room.states() == ["sent"]
    assert await desk.files() == 1


async def test_what_is_missing_is_asked_on_in_the_chat(desk: Desk) -> None:
    link = await desk.link()
    await desk.browser.opens(link)
    done = await desk.browser.sends(link, pdf(), until="")
    assert "回复新的有效期" in done.text
    assert (await desk.room.newest())["state"] == "draft"
    told = await desk.room.says("li", "2031年12月20日")
    assert told is not None
    assert told.step == "sent"


@pytest.mark.parametrize(
    ("data", "until", "status", "words"),
    [
        (HEIC, UNTIL, 422, "HEIC"),
        (b"%PDF-1.4 " + bytes(300), UNTIL, 422, "文件不完整"),
        (b"MZ" + bytes(300), UNTIL, 422, "JPG或PNG照片，或PDF文件"),
        (b"", UNTIL, 422, "没有收到文件"),
        (pdf() + bytes(11 << 20), UNTIL, 413, "文件太大，没有保存：最大10兆"),
        (pdf(), f"杨小样 {UNTIL}", 422, "杨小样"),
        (pdf(), "2031-02-30", 200, "日历上没有这一天"),
    ],
)
async def test_what_is_no_licence_of_theirs_is_refused_with_the_cure(
    desk: Desk, data: bytes, until: str, status: int, words: str
) -> None:
    link = await desk.link()
    await desk.browser.opens(link)
    seen = await desk.browser.sends(link, data, until=until)
    assert (seen.status, words in seen.text) == (status, True), seen.text
    kept = 1 if status == 200 else 0
    assert await desk.files() == kept


async def test_forged_spent_and_foreign_links_open_nothing(desk: Desk, clock: ManualClock) -> None:
    link, others = await desk.link("li"), await desk.link("yang")
    await desk.browser.opens(link)
    for path in (link[:-2] + "xx", "/u/abc", "/u/" + "a" * 300, link.replace("/u/", "/c/")):
        assert (await desk.browser.opens(path)).status in (404, 410), path
    stolen = await desk.browser.sends(others, pdf())
    assert stolen.status == 403, "a form of another page"
    assert "页面放得太久了" in stolen.text
    clock.advance(LIVES)
    gone = await desk.browser.sends(link, pdf())
    assert gone.status == 410
    assert "发“上传”，取一个新的链接" in gone.text
    assert await desk.files() == 0


async def test_who_has_left_sends_nothing_and_a_link_is_not_for_ever(desk: Desk) -> None:
    link = await desk.link()
    await desk.browser.opens(link)
    await db.execute("UPDATE upload_links SET uses = $1", MOST_USES)
    often = await desk.browser.sends(link, pdf())
    assert (often.status, "取一个新的链接" in often.text) == (429, True)
    await db.execute("UPDATE upload_links SET uses = 0")
    await db.execute("UPDATE persons SET active = false WHERE staff_no = 'S1002'")
    assert (await desk.browser.sends(link, pdf())).status == 410
    assert await desk.files() == 0


async def test_the_link_is_one_until_it_was_used(desk: Desk) -> None:
    await asyncio.gather(desk.link(), desk.link())
    assert await db.fetch_value("SELECT count(*) FROM upload_links") == 1
    link = await desk.link()
    await desk.browser.opens(link)
    await desk.browser.sends(link, jpeg(), until="")
    await desk.link()
    assert await db.fetch_value("SELECT count(*) FROM upload_links") == 2


async def test_twenty_at_once_are_one_request_to_the_office(desk: Desk) -> None:
    link = await desk.link()
    await desk.browser.opens(link)
    seen = await asyncio.gather(*[desk.browser.sends(link, pdf()) for _ in range(8)])
    assert sorted(one.status for one in seen) == [200, *[422] * 7]
    assert await desk.room.states() == ["sent"]


async def test_slow_lines_hold_up_nobody_but_their_own(desk: Desk) -> None:
    """Ten uploads of one link stop in the middle; another person's goes through at once."""
    slow, quick = await desk.link(), await desk.link("wang")
    await desk.room.record("wang")
    await desk.browser.opens(slow)
    stuck, stop = asyncio.Semaphore(0), asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        head = "Content-Disposition: form-data; name="
        yield f'--b\r\n{head}"token"\r\n\r\n{desk.browser.token}\r\n--b\r\n'.encode()
        yield f'{head}"file"; filename="x.pdf"\r\n\r\n%PDF-1.4 {"x" * 100_000}'.encode()
        stuck.release()
        await stop.wait()

    async def sends_slowly(session: ClientSession) -> None:
        kind = {"Content-Type": "multipart/form-data; boundary=b"}
        async with session.post(desk.browser.base + slow, data=body(), headers=kind) as reply:
            assert reply.status == 422

    async with ClientSession() as session, asyncio.TaskGroup() as lines:
        for _ in range(10):
            lines.create_task(sends_slowly(session))
        for _ in range(2):
            await stuck.acquire()
        await desk.browser.opens(quick)
        async with asyncio.timeout(20):
            done = await desk.browser.sends(quick, pdf())
        assert done.status == 200
        stop.set()


async def test_a_line_that_falls_silent_is_given_up(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sent_file, "SILENCE", 0.05)
    link = await desk.link()
    await desk.browser.opens(link)

    async def body() -> AsyncIterator[bytes]:
        head = "Content-Disposition: form-data; name="
        yield f'--b\r\n{head}"token"\r\n\r\n{desk.browser.token}\r\n--b\r\n'.encode()
        yield f'{head}"file"; filename="x.pdf"\r\n\r\n%PDF'.encode()
        await asyncio.Event().wait()

    kind = {"Content-Type": "multipart/form-data; boundary=b"}
    url = desk.browser.base + link
    async with desk.browser.session.post(url, data=body(), headers=kind) as reply:
        assert (reply.status, "没有收到文件" in await reply.text()) == (422, True)
