"""Photos are stored, fetched without a transaction, and handled in the order of what is said."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from aiohttp import ClientSession, web

from bot.channels import Failure, SendFailed, TooLarge
from bot.events import MediaSent, TextSaid
from bot.media import Fetcher
from bot.pipeline import ATTEMPTS
from bot.platforms.downloads import Downloads
from bot.rules import Rules
from bot.wiring import Services, build
from models import db, sealed
from models.clock import ManualClock
from services.refusals import Refusal
from tests.support.photos import HEIC, jpeg

DOWN = SendFailed(Failure.RETRY, reason="away")


@dataclass
class Shelf:
    """Where photos lie; `answers` come one after the other, and then the photo."""

    answers: deque[bytes | Exception] = field(default_factory=deque)
    asked: list[str] = field(default_factory=list)

    async def fetch(self, event: MediaSent, most: int) -> bytes:
        assert not db.in_a_transaction()
        self.asked.append(event.event_id)
        answer = self.answers.popleft() if self.answers else jpeg()
        if isinstance(answer, Exception):
            raise answer
        return answer


@dataclass
class Place:
    services: Services
    shelf: Shelf
    clock: ManualClock

    async def sends(self, number: int = 1, kind: str = "image", user: str = "li") -> str:
        """What is answered at once."""
        event = MediaSent(
            platform="wecom",
            app="main",
            event_id=f"e{number}",
            user=user,
            at=self.clock.now(),
            kind=kind,
            media_id="m",
        )
        reply = await self.services.pipeline.take(event)
        return getattr(reply, "content", "")

    async def says(self, text: str, number: int) -> None:
        event = TextSaid(
            platform="wecom",
            app="main",
            event_id=f"t{number}",
            user="li",
            at=self.clock.now(),
            text=text,
        )
        await self.services.pipeline.take(event)

    async def works(self) -> None:
        await self.services.pipeline.handle_parked("wecom:li")

    async def told(self) -> list[str]:
        """The answers that came later, oldest first."""
        rows = await db.fetch(
            "SELECT context FROM messages WHERE purpose = 'replies.late' ORDER BY id"
        )
        return [sealed.open_json("messages.context", row["context"])["text"] for row in rows]

    async def states(self) -> list[str]:
        return [row["state"] for row in await db.fetch("SELECT state FROM inbox ORDER BY id")]


@pytest.fixture
def place(database_url: str, rules: Rules, clock: ManualClock) -> Place:
    shelf = Shelf()
    services = build(rules, clock, fetcher=Fetcher({("wecom", "main"): shelf}))
    return Place(services, shelf, clock)


async def test_a_photo_is_acknowledged_before_it_is_fetched(place: Place) -> None:
    assert (await place.sends()).startswith("收到，正在打开看")
    assert (place.shelf.asked, await place.states()) == ([], ["pending"])
    await place.works()
    assert (place.shelf.asked, await place.states()) == (["e1"], ["done"])
    assert await db.fetch_value("SELECT count(*) FROM evidence") == 1


async def test_a_doubled_photo_is_answered_alike_and_fetched_once(place: Place) -> None:
    first = await place.sends()
    assert await place.sends() == first
    await place.works()
    assert await place.sends() == first
    await place.works()
    assert place.shelf.asked == ["e1"]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (TooLarge(1), "最大10兆"),
        (HEIC, "截个图"),
        (b"MZ" + bytes(300), "JPG或PNG"),
        (jpeg()[:-2], "不完整"),
        (Refusal("photo_gone"), "已经取不到"),
    ],
)
async def test_what_the_sender_can_mend_is_told_at_once(
    place: Place, answer: bytes | Exception, words: str
) -> None:
    place.shelf.answers.append(answer)
    await place.sends()
    await place.works()
    (told,) = await place.told()
    assert words in told
    assert await place.states() == ["done"]


async def test_a_platform_that_is_away_is_asked_again(place: Place) -> None:
    place.shelf.answers.extend([DOWN, DOWN])
    await place.sends()
    for _ in range(3):
        await place.works()
        place.clock.advance(timedelta(seconds=5))
    assert (len(place.shelf.asked), await place.states()) == (3, ["done"])


async def test_who_sent_it_is_told_when_it_could_not_be_had(place: Place) -> None:
    place.shelf.answers.extend([DOWN] * ATTEMPTS)
    await place.sends()
    for _ in range(ATTEMPTS):
        await place.works()
        place.clock.advance(timedelta(minutes=2))
    assert await place.states() == ["dead"]
    assert await place.told() == ["您刚才发的照片或文件没能取到，没有保存。请再发一次。"]


async def test_words_wait_for_the_photo_before_them(place: Place) -> None:
    place.shelf.answers.append(DOWN)
    await place.sends()
    await place.says("撤回换班", 2)  # changes something, so that its turn matters
    await place.works()
    assert await place.states() == ["pending", "pending"]
    place.clock.advance(timedelta(seconds=5))
    await place.works()
    assert await place.states() == ["done", "done"]
    photo, words = await db.fetch("SELECT kind, state FROM inbox ORDER BY id")
    assert (photo["kind"], words["kind"]) == ("MediaSent", "TextSaid")
    [told] = await place.told()
    assert told.startswith("您没有正在进行的换班")


@pytest.mark.parametrize(("kind", "user"), [("voice", "li"), ("image", "nobody")])
async def test_nothing_else_is_fetched(place: Place, kind: str, user: str) -> None:
    assert (await place.sends(kind=kind, user=user)).startswith("收到。这类")
    await place.works()
    assert place.shelf.asked == []


@pytest.mark.parametrize(
    ("status", "size", "raised"),
    [
        (200, 5, None),
        (200, 11, TooLarge),
        (403, 5, Refusal),
        (404, 5, Refusal),
        (302, 5, SendFailed),
        (500, 5, SendFailed),
    ],
)
async def test_a_download_is_bounded_and_follows_nobody(
    status: int, size: int, raised: type[Exception] | None
) -> None:
    async def serve(request: web.Request) -> web.Response:
        assert request.raw_path == "/f?Signature=a%2Fb%2B"  # letter by letter
        headers = {"Location": "http://169.254.169.254/"} if status == 302 else {}
        return web.Response(body=bytes(size), status=status, headers=headers)

    app = web.Application()
    app.router.add_get("/f", serve)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    async with ClientSession() as session:
        downloads = Downloads(session, lambda name: name, base)
        try:
            if raised is None:
                assert await downloads.get(f"{base}/f?Signature=a%2Fb%2B", 10) == bytes(size)
            else:
                with pytest.raises(raised):
                    await downloads.get(f"{base}/f?Signature=a%2Fb%2B", 10)
        finally:
            await runner.cleanup()


@pytest.mark.parametrize(
    "address", ["", "file:///etc/passwd", "ftp://x/y", "https://u:p@x.cn/", "http:///x", "x"]
)
async def test_no_odd_address_is_asked(address: str) -> None:
    async with ClientSession() as session:
        with pytest.raises(SendFailed) as failed:
            await Downloads(session, lambda name: name).get(address, 10)
    assert failed.value.failure is Failure.REQUEST


async def test_what_leads_elsewhere_is_never_asked_in_the_clear() -> None:
    """Only the trial's own host may be: another one's address becomes https."""
    async with ClientSession() as session:
        downloads = Downloads(session, lambda name: name, "http://127.0.0.1:9")
        url = downloads._url("http://oss.example.org/a?b=%2F")
        assert str(url) == "https://oss.example.org/a?b=%2F"
        assert downloads._url("http://127.0.0.1:9/a").scheme == "http"
