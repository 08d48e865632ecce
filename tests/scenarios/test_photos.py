"""A nurse sends a photo: it is fetched, looked at, and answered in the order things were said."""

from __future__ import annotations

import hashlib

from bot.events import MediaFetched
from bot.routing import Router
from models.cards import Text
from services.actors import Actor
from services.evidence import Evidence
from tests.support.hospital import Hospital
from tests.support.photos import HEIC, jpeg

PHOTO = jpeg("李娜的执业证")


def keeping(hospital: Hospital) -> list[MediaFetched]:
    """Let the bot store what comes and say so, as a feature would."""
    heard: list[MediaFetched] = []
    router = Router()

    @router.event(MediaFetched)
    async def keep(event: MediaFetched, actor: Actor, evidence: Evidence) -> Text:
        heard.append(event)
        number = await evidence.store(
            actor.person_id, event.data, event.media_type, event.filename
        )
        return Text(f"已保存{number}")

    hospital.bot.services.router.events[MediaFetched] = router.events[MediaFetched]
    return heard


async def test_a_photo_is_fetched_and_kept(hospital: Hospital) -> None:
    heard, li = keeping(hospital), hospital.phone("li")
    assert await li.sends_photo(PHOTO, "微信图片.jpg") == "收到，正在打开看，稍后回复您。"
    await li.expects("已保存")
    (event,) = heard
    assert (event.data, event.media_type, event.url, event.aes_key) == (
        PHOTO,
        "image/jpeg",
        "",
        "",
    )
    (row,) = await hospital.rows("SELECT digest, body FROM evidence")
    assert row["digest"] == hashlib.sha256(PHOTO).hexdigest()
    assert "JFIF" not in row["body"]
    await hospital.expects_nothing_else()


async def test_a_photo_that_cannot_be_used_is_refused_with_a_cure(hospital: Hospital) -> None:
    heard, li = keeping(hospital), hospital.phone("li")
    await li.sends_photo(HEIC, "a.jpg", kind="image")
    await li.expects("截个图")
    assert heard == []


async def test_what_is_said_after_a_photo_is_heard_after_it(hospital: Hospital) -> None:
    heard, li = keeping(hospital), hospital.phone("li")
    await li.sends_photo(PHOTO, caption="有效期到2031年12月31日")
    await hospital.settle()
    assert len(heard) == 1
    kinds = [row["kind"] for row in await hospital.rows("SELECT kind FROM inbox ORDER BY id")]
    words = [event.caption for event in heard]
    together = words == ["有效期到2031年12月31日"] and kinds == ["MediaSent"]
    assert together or kinds == ["MediaSent", "TextSaid"]
    said = [message["text"] for message in await li.messages()]
    assert next(i for i, text in enumerate(said) if "已保存" in text) <= len(said) - 1
