"""What a renewal leaves open is shown or asked: shared files, names that two professions use."""

from __future__ import annotations

import pytest

from bot.wiring import Services
from models import db
from models.clock import ManualClock
from services.refusals import Refusal
from services.renewals import Heard, Step
from tests.integration.test_licence_reminders import facts_of
from tests.support.deciding import actor
from tests.support.photos import jpeg, pdf
from tests.support.renewing import Room

UNTIL = "到2031年12月20日"


@pytest.fixture
def room(services: Services, clock: ManualClock) -> Room:
    return Room(services, clock)


async def sends(room: Room, user: str, data: bytes, words: str = UNTIL) -> Heard:
    by = await actor(user)
    async with db.transaction():
        file = await room.services.evidence.store(by.person_id, data, "", "新证.pdf")
        return await room.services.renewals.renewals.receive(by, file, words)


async def test_a_pdf_of_several_people_is_the_offices_to_judge(room: Room) -> None:
    for user in ("li", "wang", "yang"):
        await room.record(user)
        assert (await sends(room, user, pdf("三人合订"))).step is Step.SENT
    rows = await db.fetch("SELECT id FROM approvals WHERE kind = 'renewals' ORDER BY id")
    notes = [(await room.services.approvals.facts(row["id"]))["notes"] for row in rows]
    assert notes == [
        [],
        ["同一个文件李小样也发过。请找到王小样的那一页再核对；找不到就点“不通过”。"],
        ["同一个文件李小样、王小样也发过。请找到杨小样的那一页再核对；找不到就点“不通过”。"],
    ]
    for row in rows:
        await room.decides(row["id"], await room.checker(), "original")
    assert await room.states() == ["accepted"] * 3


@pytest.mark.parametrize(
    ("data", "texts", "kept"),
    [
        (pdf(), ["只看了PDF文件", "文件看不清"], "PDF文件"),
        (jpeg(), ["只看了照片", "照片看不清"], "照片"),
    ],
)
async def test_the_choices_speak_of_what_was_sent(
    room: Room, data: bytes, texts: list[str], kept: str
) -> None:
    await room.record("li")
    checker = await room.checker()
    await sends(room, "li", data)
    shown = {each["id"]: each["text"] for each in (await room.shown())["reasons"]}
    assert [shown["photo"], shown["unclear"]] == texts
    refused = await room.decides(await room.approval(), checker, "unclear", approve=False)
    assert refused["reason"] == texts[1]
    await sends(room, "li", data, "有效期到2031年12月31日")
    await room.decides(await room.approval(), checker, "photo")
    assert (await room.newest())["against"] == kept


async def test_a_colleagues_photo_is_still_refused_and_says_what_to_do(room: Room) -> None:
    await room.record("li")
    await sends(room, "li", jpeg())
    with pytest.raises(Refusal, match="renewal_copied") as refused:
        await sends(room, "wang", jpeg())
    words = room.services.pipeline.dispatcher.worded(refused.value)
    assert "几个人合在一起的，请发PDF" in words


@pytest.mark.parametrize(
    ("title", "held", "kind"),
    [
        ("主管护师", "", "nurse"),
        ("主治医师", "", "doctor"),
        ("", "doctor", "doctor"),
        ("护士长", "doctor", "doctor"),  # what somebody holds says more than a title
    ],
)
async def test_whose_licence_a_shared_name_means_follows_from_the_person(
    room: Room, title: str, held: str, kind: str
) -> None:
    await db.execute("UPDATE persons SET title = $1 WHERE staff_no = 'S1002'", title)
    if held:
        await room.record("li", held)
    await sends(room, "li", pdf(), "新的执业证")
    assert (await room.newest())["kind"] == kind


async def test_where_nothing_tells_it_two_are_offered(room: Room) -> None:
    await db.execute("UPDATE persons SET title = '' WHERE staff_no = 'S1002'")
    assert (await sends(room, "li", pdf(), f"执业证{UNTIL}")).step is Step.WHICH
    (facts,) = await facts_of(room.services, "renewals.which")
    assert [each["id"] for each in facts.context["options"]] == ["nurse", "doctor"]
    told = await room.says("li", "执业证")
    assert told is not None
    assert told.problem is not None
    words = room.services.renewals.asks.worded(told.problem)
    assert words == "是护士执业证书，还是医师执业证书？请回复全名。"
    told = await room.says("li", "医师执业证书")
    assert told is not None
    assert (await room.newest())["kind"] == "doctor"


async def test_words_before_the_photo_ask_which_profession_at_once(room: Room) -> None:
    await db.execute("UPDATE persons SET title = '' WHERE staff_no = 'S1002'")
    told = await room.says("li", f"执业证{UNTIL}")
    assert told is not None
    assert told.step is Step.AGAIN
    assert await room.states() == []
