"""A new licence from a nurse's photo to the record: the office compares and accepts on a card."""

from __future__ import annotations

import re
from datetime import date

import pytest

from models import db
from services.licence_records import LicenceFacts
from services.offices import Office, people_of
from tests.support.console import stranger
from tests.support.hospital import Hospital, Phone, beyond_the_robot
from tests.support.photos import HEIC, jpeg, pdf

PHOTO = jpeg("李小样的护士执业证书")
ACCEPT = "original"

# The words of a branch; the main sentences are said on every platform.
ONE_PLACE = pytest.mark.parametrize("place", ["wecom"], indirect=True)


async def holds(hospital: Hospital, userid: str, kind: str = "nurse") -> None:
    """A licence on record that ends on 20 December, thirteen days from now."""
    person = await db.fetch_value(
        "SELECT person_id FROM identities WHERE user_id = $1 AND platform = $2",
        userid,
        hospital.platform.name,
    )
    facts = LicenceFacts(person, kind, valid_to=date(2026, 12, 20))
    await hospital.bot.services.licences.records.put("test", facts, "test")


async def office(hospital: Hospital) -> Phone:
    """The phone of who is asked to compare."""
    people = await people_of(Office.NURSING)
    userid = await db.fetch_value(
        "SELECT user_id FROM identities WHERE person_id = $1 AND platform = $2",
        people[0],
        hospital.platform.name,
    )
    return hospital.phone(userid)


async def test_a_nurse_sends_her_new_licence_and_the_ladder_ends(hospital: Hospital) -> None:
    await holds(hospital, "li")
    li, checker = hospital.phone("li"), await office(hospital)
    await li.sends_photo(PHOTO)
    question = await li.expects_card("护士执业证书：新的有效期到哪一天？")
    assert "2026年12月20日" in question.text
    told = await li.says("到2031年12月20日")
    assert "已交" in told
    assert "核对：护士执业证书，有效期到2031年12月20日。" in told
    picture = await checker.expects("[图片]")
    card = await checker.expects_card("李小样的新证请核对")
    assert picture.body["seq"] < card.body["seq"]
    assert "2031年12月20日" in card.text
    assert "请先选核对方式" in await card.tap("通过", selected="none")
    assert "已核对通过" in await card.tap("通过", selected=ACCEPT)
    done = await li.expects("护士执业证书已核对更新：有效期到2031年12月20日。")
    assert "下次最晚2031年11月20日前申请延续" in done.text
    (row,) = await hospital.rows("SELECT * FROM licences WHERE state = 'current'")
    assert (row["valid_to"], row["verified_against"]) == (date(2031, 12, 20), "原件")
    assert "2031年12月20日" in await li.says("我的证")


@ONE_PLACE
async def test_which_licence_is_asked_with_a_card(hospital: Hospital) -> None:
    await holds(hospital, "li")
    await holds(hospital, "li", "bls")
    li, checker = hospital.phone("li"), await office(hospital)
    await li.sends_photo(PHOTO)
    card = await li.expects_card("收到照片，是哪个证？")
    await card.tap("就是这个", selected="bls")
    await li.expects_card("BLS：新的有效期到哪一天？")
    assert "比现在登记的" in await li.says("2026年12月15日")
    assert "已交" in await li.says("2028年12月")
    assert "2028年12月31日" in (await checker.expects_card("新证请核对")).text


@ONE_PLACE
async def test_words_before_the_photo_are_remembered(hospital: Hospital) -> None:
    li, checker = hospital.phone("li"), await office(hospital)
    assert "好的，BLS" in await li.says("BLS过了，有效期到2028年12月")
    await li.expects("请再把新的BLS拍照或截图发给我")
    await li.sends_photo(PHOTO)
    await li.expects("核对：BLS，有效期到2028年12月31日。")
    card = await checker.expects_card("新证请核对")
    assert "以前没有登记过这个证" in card.text
    assert "未通过" in await card.tap("不通过", selected="unclear")
    await li.expects("BLS这次没有通过核对：照片看不清。")


async def test_a_colleagues_photo_is_refused_and_nothing_is_kept(hospital: Hospital) -> None:
    li, wang = hospital.phones("li", "wang")
    await li.sends_photo(PHOTO)
    await li.expects_card("是哪个证？")
    await wang.sends_photo(PHOTO)
    await wang.expects("别的同事已经发过，没有保存")
    await hospital.settle()
    (count,) = await hospital.rows("SELECT count(*) AS n FROM evidence")
    assert count["n"] == 1
    (refused,) = await hospital.rows("SELECT * FROM audit_rows WHERE action = 'act.refused'")
    assert refused["subject"] == "renewal_copied"


@ONE_PLACE
async def test_an_unreadable_file_is_told_and_no_renewal_begins(hospital: Hospital) -> None:
    li = hospital.phone("li")
    await li.sends_photo(HEIC, "a.jpg", kind="image")
    await li.expects("截个图")
    assert await hospital.rows("SELECT 1 FROM renewals") == []
    await hospital.expects_nothing_else()


@beyond_the_robot
async def test_a_photo_sent_by_mistake_is_taken_back(hospital: Hospital) -> None:
    await holds(hospital, "li")
    li, checker = hospital.phone("li"), await office(hospital)
    await li.sends_photo(PHOTO)
    assert "已收回" in await (await li.expects_card("新的有效期到哪一天？")).tap("发错了")
    await li.sends_photo(PHOTO)
    await li.expects_card("新的有效期到哪一天？")
    await li.says("2031年12月20日")
    card = await checker.expects_card("新证请核对")
    assert "已收回护士执业证书" in await li.says("撤回新证")
    assert "对方已改动或收回" in await card.shows()
    assert "不用审批了" in await card.tap("通过", selected=ACCEPT, force=True)


async def test_a_pdf_goes_by_a_page_where_the_chat_cannot_carry_it(hospital: Hospital) -> None:
    await holds(hospital, "li")
    li, checker = hospital.phone("li"), await office(hospital)
    said = await li.says("上传")
    assert "72小时内有效" in said
    found = re.search(r"/u/[\w.-]+", said)
    assert found is not None
    async with stranger(hospital) as page:
        form = re.search(r'name="token" value="([^"]+)"', (await page.opens(found[0])).text)
        assert form is not None
        page.token = form[1]
        told = await page.uploads(found[0], "新证.pdf", pdf(), kind="nurse", until="2031-12-20")
    assert "已交护理部核对" in told.text
    await checker.expects_card("李小样的新证请核对")
