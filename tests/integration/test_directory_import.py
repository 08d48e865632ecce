"""A platform's directory meets the people who are known: found, suggested, new, never doubled."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot import sample
from bot.wiring import Services
from models import db
from services.actors import find
from services.people_import import PeopleDraft
from services.sources import DirectoryMember
from tests.support.accounts import accounts_of, is_active, on_dingtalk

LI = DirectoryMember(
    "D-li", "李小样", "护士", sample.ICU, leads=False, union_id="u-li", job_number="S1002"
)


def member(user_id: str, name: str, unit: str = sample.ICU, **more: str) -> DirectoryMember:
    return DirectoryMember(user_id, name, "护士", unit, leads=False, **more)


async def drafted(services: Services, *members: DirectoryMember) -> PeopleDraft:
    return await services.people.draft_members(members, "dingtalk")


async def applied(services: Services, *members: DirectoryMember) -> PeopleDraft:
    draft = await drafted(services, *members)
    await services.people.apply(draft, "test")
    return draft


async def people() -> int:
    count: int = await db.fetch_value("SELECT count(*) FROM persons")
    return count


async def test_somebody_known_on_wecom_gains_the_account_and_nothing_else(
    services: Services,
) -> None:
    before = await people()
    moved = replace(LI, unit="别的科", position="院长")
    draft = await applied(services, moved)
    assert (draft.new, draft.linked, draft.people) == (0, 1, 1)
    assert await people() == before
    assert await accounts_of("S1002") == {"wecom": ("li", None), "dingtalk": ("D-li", "u-li")}
    actor = await find("dingtalk", "d-LI")
    assert actor is not None
    assert actor == await find("wecom", "li")


async def test_a_mobile_that_one_person_has_recognises_them_and_is_shown(
    services: Services,
) -> None:
    draft = await applied(services, member("D-li", "李小样", mobile="+86-139 0001 0002"))
    assert await accounts_of("S1002") == {"wecom": ("li", None), "dingtalk": ("D-li", None)}
    assert draft.warnings == ("李小样(D-li)：按手机号认出是李小样(S1002)，将补上账号。",)


async def test_a_name_alone_is_only_a_suggestion(services: Services) -> None:
    before = await people()
    draft = await drafted(
        services,
        member("D1", "李小样", mobile="13700000000"),
        member("D2", "王小样", "急诊科", mobile="13700000001"),
    )
    assert not draft.rows
    assert not draft.links
    assert draft.warnings == (
        "李小样(D1，重症医学科)：可能就是李小样(S1002)，没有导入。如果是，请在人员名单的“钉钉userid”"
        "列填写D1；如果不是，请用人员名单加上此人和工号。",
        "王小样(D2，急诊科)：名单里有同名的王小样(S1003)，没有导入。如果是同一人，请在人员名单的"
        "“钉钉userid”列填写D2；如果不是，请用人员名单加上此人和工号。",
    )
    assert not draft.applicable
    assert await people() == before


async def test_a_newcomer_gets_the_job_number_and_can_talk_to_the_bot(services: Services) -> None:
    new = member("D9", "新小样", "急诊科", job_number="S9001", mobile="13900099001")
    draft = await applied(services, replace(new, leads=True))
    assert (draft.new, draft.linked) == (1, 0)
    actor = await find("dingtalk", "D9")
    assert actor is not None
    assert actor.staff_no == "S9001"
    assert actor.manages == {actor.unit_id}
    again = await drafted(services, replace(new, leads=True))
    assert (again.new, again.changed, again.linked) == (0, 0, 0)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (member("D1", "李小样", job_number="S1003"), "工号S1003在名单里是王小样(S1003)，姓名不同"),
        (member("D1", "高兴", mobile="13900010002"), "手机号与李小样(S1002)相同，但姓名不同"),
        (member("D1", "李小样", job_number="S1002"), "已经有另一个账号"),
        (
            member("D1", "李小样", mobile="13900010002"),
            "手机号对应的李小样(S1002)已经有另一个账号",
        ),
    ],
)
async def test_what_does_not_fit_is_left_out_and_named(
    services: Services, found: DirectoryMember, words: str
) -> None:
    if "另一个账号" in words:
        await on_dingtalk("li")
    before = await people()
    draft = await drafted(services, found, member("D9", "新小样", mobile="13900099009"))
    assert any(words in text for text in draft.warnings)
    assert [row.name for row in draft.rows] == ["新小样"]
    await services.people.apply(draft, "test")
    assert await people() == before + 1
    assert await find("dingtalk", "D1") is None


async def test_two_members_with_one_number_are_not_one_person(services: Services) -> None:
    draft = await applied(services, LI, replace(LI, user_id="D-li2", union_id="u-2"))
    assert any("工号S1002已经用于账号D-li" in text for text in draft.warnings)
    assert (await accounts_of("S1002"))["dingtalk"] == ("D-li", "u-li")


async def test_a_phone_of_two_people_recognises_nobody(services: Services) -> None:
    await db.execute(
        "UPDATE persons SET phone_index = (SELECT phone_index FROM persons WHERE staff_no = "
        "'S1002') WHERE staff_no = 'S1003'"
    )
    draft = await drafted(services, member("D1", "李小样", mobile="13900010002"))
    assert "手机号对应多人(李小样(S1002)、王小样(S1003))" in draft.warnings[0]
    assert draft.links == ()


async def test_who_left_is_not_let_in_by_another_directory(services: Services) -> None:
    await db.execute("UPDATE persons SET active = false WHERE staff_no = 'S1002'")
    draft = await drafted(services, LI)
    assert not draft.rows
    assert not draft.links
    assert "李小样(S1002)已经离职，没有导入" in draft.warnings[0]
    assert not await is_active("S1002")


async def test_an_account_that_a_leaver_had_is_not_the_next_ones(services: Services) -> None:
    await on_dingtalk("li", "D-li")
    await db.execute("UPDATE persons SET active = false WHERE staff_no = 'S1002'")
    draft = await drafted(services, member("D-li", "高兴", mobile="13700000000"))
    assert "这个账号原来是已离职的李小样(S1002)的" in draft.warnings[0]
    assert not draft.rows
    assert not draft.links


async def test_empty_fields_name_the_permission_to_tick(services: Services) -> None:
    draft = await drafted(services, member("D1", ""), LI)
    assert "有1人没有姓名" in draft.errors[0]
    assert "成员信息读权限" in draft.errors[0]
    assert not draft.applicable
    assert any("企业员工手机号信息" in text for text in draft.warnings)
    nobody = await drafted(services)
    assert "权限范围" in nobody.errors[0]


async def test_known_on_dingtalk_first_is_found_again_by_wecom(services: Services) -> None:
    await applied(services, member("D9", "新小样", job_number="S9001"))
    before = await people()
    new = DirectoryMember("S9001", "新小样", "护士", "急诊科", leads=False)
    draft = await services.people.draft_members([new], "wecom")
    await services.people.apply(draft, "test")
    assert await people() == before
    assert set(await accounts_of("S9001")) == {"wecom", "dingtalk"}
    unit = await db.fetch_value(
        "SELECT u.name FROM persons p JOIN units u ON u.id = p.unit_id WHERE staff_no = 'S9001'"
    )
    assert unit == "急诊科"  # the leading directory says where somebody works


async def test_a_manager_of_two_wards_keeps_both(services: Services) -> None:
    zhao = await find("wecom", "zhao")
    assert zhao is not None
    second = await db.fetch_value("SELECT id FROM units WHERE name = $1", sample.CARDIOLOGY)
    await db.execute(
        "INSERT INTO grants (person_id, role, unit_id) VALUES ($1, 'manager', $2)",
        zhao.person_id,
        second,
    )
    members = [DirectoryMember("zhao", "赵小样", "护士长", sample.ICU, leads=True)]
    await services.people.apply(await services.people.draft_members(members, "wecom"), "test")
    again = await find("wecom", "zhao")
    assert again is not None
    assert again.manages == {zhao.unit_id, second}
