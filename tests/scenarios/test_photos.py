"""A nurse sends a photo: it is fetched, looked at, and answered in the order things were said."""

from __future__ import annotations

import hashlib

from bot.events import MediaFetched
from bot.routing import Router
from models import db
from models.cards import Text
from services.actors import Actor, find
from services.evidence import Evidence
from tests.support.console import signed_in
from tests.support.hospital import Hospital, Message
from tests.support.photos import HEIC, jpeg, pdf

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


async def shown(hospital: Hospital, data: bytes, caption: str) -> int:
    """A file of 李小样's, on its way to the HR head."""
    services, name = hospital.bot.services, hospital.platform.name
    li, song = await find(name, "li"), await find(name, "song")
    assert li is not None
    assert song is not None
    pictures = services.pictures
    async with db.transaction():
        number = await services.evidence.store(li.person_id, data, "", "a")
        await pictures.show(number, [song.person_id], caption)
    return number


async def seen(hospital: Hospital, picture: Message) -> bytes:
    """What the phone shows."""
    media = picture.body["content"]["media_id"]
    async with hospital.session.get(f"{hospital.address}/sim/media/{media}") as reply:
        assert reply.status == 200
        return await reply.read()


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
    assert sum("已保存" in text for text in said) == 1
    if not together:
        assert "已保存" in said[-2]  # and last the answer to the words


async def test_who_checks_sees_the_photo_itself(hospital: Hospital) -> None:
    li, song = hospital.phone("li"), hospital.phone("song")
    await song.says("帮助")  # the robot may write only to whom has written
    await hospital.reads()
    number = await shown(hospital, jpeg("新证"), "李小样的护士执业证书")
    picture = await song.expects("护士执业证书")
    assert picture.body["kind"] == "image"
    assert await seen(hospital, picture) == jpeg("新证")
    await li.expects_nothing()
    async with signed_in(hospital, "song") as operator:
        page = await operator.opens(f"/console/evidence/{number}")
        assert "李小样发来的照片" in page.text
        async with operator.session.get(f"{operator.base}/console/evidence/{number}/file") as file:
            assert await file.read() == jpeg("新证")
    assert file.headers["Content-Type"] == "image/jpeg"
    assert file.headers["X-Content-Type-Options"] == "nosniff"
    assert file.headers["Cache-Control"] == "no-store"
    assert file.headers["Content-Disposition"].startswith("inline")


async def test_a_paper_comes_as_a_file_to_open(hospital: Hospital) -> None:
    song = hospital.phone("song")
    await song.says("帮助")
    await hospital.reads()
    number = await shown(hospital, pdf(), "李小样的护士执业证书")
    paper = await song.expects("李小样的护士执业证书.pdf")
    assert paper.body["kind"] == "file"
    async with signed_in(hospital, "song") as operator:
        file = await operator.opens(f"/console/evidence/{number}/file")
    assert file.headers["Content-Disposition"].startswith("attachment")
