"""A picture goes out as itself where a channel shows it, and otherwise as where to look at it."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from bot.channels import Failure, File, SendFailed, Sent
from bot.wiring import Services
from models import db
from models.cards import Text
from models.clock import ManualClock
from services.actors import find
from tests.support.delivering import Platform, post_office
from tests.support.photos import jpeg, pdf


@dataclass
class Shows(Platform):
    """A platform that can show files."""

    files: list[File] = field(default_factory=list)
    failing: deque[SendFailed] = field(default_factory=deque)

    async def send_file(self, file: File, to: Sequence[str], *, key: str) -> Sent:
        self.files.append(file)
        if self.failing:
            raise self.failing.popleft()
        return Sent("f1")


async def queued(services: Services, data: bytes = b"") -> int:
    li, song = await find("wecom", "li"), await find("wecom", "song")
    assert li is not None
    assert song is not None
    async with db.transaction():
        number = await services.evidence.store(li.person_id, data or jpeg(), "", "IMG_1.JPG")
        await services.pictures.show(number, [song.person_id], "李小样的护士执业证书")
    return number


async def sent_through(
    url: str, services: Services, clock: ManualClock, platform: Platform
) -> tuple[list[object], str]:
    """The words that were sent, and what became of the delivery."""
    async with post_office(url, services, clock, through=platform) as post:
        await post.works()
    (row,) = await db.fetch("SELECT state FROM deliveries ORDER BY id DESC LIMIT 1")
    return [call.content for call in platform.calls], row["state"]


@pytest.mark.parametrize(
    ("data", "name"),
    [(jpeg(), "李小样的护士执业证书.jpg"), (pdf(), "李小样的护士执业证书.pdf")],
)
async def test_the_file_itself_is_shown_under_a_telling_name(
    database_url: str, services: Services, clock: ManualClock, data: bytes, name: str
) -> None:
    await queued(services, data)
    platform = Shows()
    assert await sent_through(database_url, services, clock, platform) == ([], "accepted")
    assert [(file.data, file.filename) for file in platform.files] == [(data, name)]


async def test_where_it_cannot_be_shown_one_reads_where_to_look(
    database_url: str, services: Services, clock: ManualClock
) -> None:
    number = await queued(services)
    (words,), state = await sent_through(database_url, services, clock, Platform())
    assert isinstance(words, Text)
    assert words.content.startswith("李小样的护士执业证书\n")
    assert words.content.endswith(f"/console/evidence/{number}")
    assert state == "accepted"


async def test_a_platform_that_refuses_the_file_still_brings_the_words(
    database_url: str, services: Services, clock: ManualClock
) -> None:
    await queued(services)
    platform = Shows(failing=deque([SendFailed(Failure.REQUEST, code=45001)]))
    (words,), state = await sent_through(database_url, services, clock, platform)
    assert isinstance(words, Text)
    assert (len(platform.files), state) == (1, "accepted")


async def test_a_picture_of_unknown_fate_is_not_sent_twice(
    database_url: str, services: Services, clock: ManualClock
) -> None:
    """Uploaded anew it has another id, so that no duplicate check would know it."""
    await queued(services)
    platform = Shows(failing=deque([SendFailed(Failure.UNKNOWN)]))
    assert await sent_through(database_url, services, clock, platform) == ([], "unknown")
    assert len(platform.files) == 1


async def test_what_was_deleted_meanwhile_is_not_announced(
    database_url: str, services: Services, clock: ManualClock
) -> None:
    number = await queued(services)
    await db.execute("DELETE FROM evidence WHERE id = $1", number)
    platform = Shows()
    assert await sent_through(database_url, services, clock, platform) == ([], "withdrawn")
    assert platform.files == []
