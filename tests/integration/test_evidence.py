"""The store of evidence: sealed, kept once, opened by few, deleted when it is not needed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.rotation import FILES, reseal
from bot.wiring import Services
from models import db, sealed
from models.clock import ManualClock
from models.sealed import KeyRing
from services.actors import Actor, find
from services.evidence import Evidence
from services.refusals import Refusal
from tests.support.photos import jpeg, pdf, png

PHOTO = jpeg("li")
NAME = "C:\\照片\\执业证.JPEG"


async def actor(userid: str) -> Actor:
    found = await find("wecom", userid)
    assert found is not None
    return found


async def stored(evidence: Evidence, userid: str = "li", data: bytes = PHOTO) -> int:
    return await evidence.store((await actor(userid)).person_id, data, "image/jpeg", NAME)


async def acts() -> list[tuple[str, str]]:
    rows = await db.fetch(
        "SELECT action, actor FROM audit_rows WHERE action LIKE 'evidence.%' ORDER BY id"
    )
    return [(row["action"], row["actor"]) for row in rows]


async def test_a_file_is_kept_once_and_sealed(services: Services) -> None:
    evidence = services.evidence
    first, again = await stored(evidence), await stored(evidence)
    other = await stored(evidence, "wang")
    assert (first == again, other == first) == (True, False)
    (row,) = await db.fetch("SELECT body, filename, size FROM evidence WHERE id = $1", first)
    assert (row["filename"], row["size"]) == ("执业证.jpg", len(PHOTO))
    assert row["body"].startswith("k1:")
    assert [action for action, _ in await acts()] == ["evidence.stored"] * 2
    li, wang = await actor("li"), await actor("wang")
    digest = await evidence.digest_of(first)
    assert await evidence.others_who_sent(digest, li.person_id) == [wang.person_id]


async def test_what_a_file_is_called_does_not_count(services: Services) -> None:
    li = await actor("li")
    number = await services.evidence.store(li.person_id, pdf(), "image/jpeg", "photo.jpg")
    file = await services.evidence.open(li, number)
    assert (file.media_type, file.filename, file.data) == ("application/pdf", "photo.pdf", pdf())
    with pytest.raises(Refusal, match="photo_unreadable"):
        await services.evidence.store(li.person_id, b"MZ" + bytes(200), "image/png", "a.png")


@pytest.mark.parametrize(
    ("who", "sees"),
    [
        ("li", True),  # whose it is
        ("zhao", True),  # the head nurse of the ward
        ("song", True),  # the HR head
        ("qin", True),  # the nursing department
        ("wang", False),  # a colleague
        ("liang", False),  # the head nurse of another ward
    ],
)
async def test_who_may_open_a_file(services: Services, who: str, sees: bool) -> None:
    number = await stored(services.evidence)
    by = await actor(who)
    if sees:
        assert (await services.evidence.open(by, number)).data == PHOTO
        assert (await acts())[-1] == ("evidence.opened", str(by))
        assert (await services.evidence.about(by, number)).owner == "李小样"
        return
    for ask in (services.evidence.open, services.evidence.about):
        with pytest.raises(Refusal, match="not_allowed"):
            await ask(by, number)
    assert [action for action, _ in await acts()] == ["evidence.stored"]


async def test_there_is_no_difference_between_hidden_and_absent(services: Services) -> None:
    with pytest.raises(Refusal, match="not_allowed"):
        await services.evidence.open(await actor("song"), 9_999)


async def test_what_is_not_needed_is_deleted_with_proof(
    services: Services, clock: ManualClock
) -> None:
    evidence = services.evidence
    draft, proof = await stored(evidence), await stored(evidence, "wang", png())
    until = clock.now().date() + timedelta(days=400)
    await evidence.keep(proof, until)
    await evidence.keep(proof, until - timedelta(days=200))  # never shorter
    assert await evidence.forget_old() == 0
    clock.advance(timedelta(days=31))
    assert await evidence.forget_old() == 1
    assert [row["id"] for row in await db.fetch("SELECT id FROM evidence")] == [proof]
    assert await evidence.to_send(draft) is None
    assert (await acts())[-1] == ("evidence.forgotten", "system")
    clock.advance(timedelta(days=371))
    assert await evidence.forget_old() == 1


async def test_what_somebody_still_decides_upon_stays(
    services: Services, clock: ManualClock
) -> None:
    evidence, li = services.evidence, await actor("li")
    number = await stored(evidence)
    await db.execute(
        "INSERT INTO renewals (person_id, evidence_id, state, sent_at) "
        "VALUES ($1, $2, 'sent', $3)",
        li.person_id,
        number,
        clock.now(),
    )
    clock.advance(timedelta(days=60))
    assert await evidence.forget_old() == 0
    await db.execute("UPDATE renewals SET state = 'refused'")
    assert await evidence.forget_old() == 1
    assert await db.fetch("SELECT 1 FROM renewals") == []


async def test_a_current_licence_keeps_what_proved_it(
    services: Services, clock: ManualClock
) -> None:
    li, number = await actor("li"), await stored(services.evidence)
    await db.execute(
        "INSERT INTO licences (person_id, kind, evidence_id, state, created_at) "
        "VALUES ($1, 'bls', $2, 'current', $3)",
        li.person_id,
        number,
        clock.now(),
    )
    clock.advance(timedelta(days=3000))
    assert await services.evidence.forget_old() == 0


async def test_files_are_resealed_a_few_at_a_time(services: Services) -> None:
    numbers = [await stored(services.evidence, data=jpeg(str(n))) for n in range(FILES + 2)]
    sealed.install(KeyRing({"k1": bytes(32), "k2": bytes(31) + b"2"}, current="k2"))
    assert (await reseal())["evidence.body"] == FILES + 2
    rows = await db.fetch("SELECT body FROM evidence")
    assert all(row["body"].startswith("k2:") for row in rows)
    file = await services.evidence.open(await actor("li"), numbers[-1])
    assert file.data == jpeg(str(FILES + 1))
