"""A hospital that chats on WeCom and plans on DingTalk: rosters pulled, directories compared."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot import sample
from bot.events import MemberChanged
from models import db
from services.actors import find
from simulator.dingtalk.org import Org
from tests.support import hospital as hospitals
from tests.support.accounts import accounts_of, is_active, on_dingtalk
from tests.support.hospital import Hospital

ICU = [one for one in sample.PEOPLE if one.unit == sample.ICU]
NURSES = [one for one in ICU if one.role == "护士"]


def plan(first: date, days: int) -> list[dict[str, object]]:
    """Every nurse of the ICU works A on the first day and rests on the others."""
    return [
        {"userid": f"ding-{one.userid}", "date": str(first + timedelta(days=offset))}
        | ({"rest": True} if offset else {"on": "08:00", "off": "16:00"})
        for one in NURSES
        for offset in range(days)
    ]


def organisation() -> dict[str, object]:
    return {
        "dingtalk": {
            "corpid": sample.DING_CORP_ID,
            "client_id": sample.DING_CLIENT_ID,
            "client_secret": sample.DING_SECRET,
            "agent_id": sample.DING_AGENT_ID,
            "departments": [
                {"id": 1, "name": "示例医院", "parent": 0},
                {"id": 2, "name": sample.ICU, "parent": 1},
            ],
            "members": [
                {
                    "userid": f"ding-{one.userid}",
                    "name": one.name,
                    "departments": [2],
                    "job_number": one.staff_no,
                    "leader": one.role == "护士长",
                }
                for one in ICU
            ],
            "schedules": plan(date(2026, 12, 9), 6),
        }
    }


def connected(address: str) -> Mapping[str, object]:
    return {
        "dingtalk_corp_id": sample.DING_CORP_ID,
        "dingtalk_client_id": sample.DING_CLIENT_ID,
        "dingtalk_client_secret": SecretStr(sample.DING_SECRET),
        "dingtalk_op_user_id": "ding-zhao",
        "dingtalk_api": address,
        "dingtalk_old_api": address,
    }


def organised(both: Hospital) -> Org:
    org = both.sim.world.ding
    assert org is not None
    return org


@pytest.fixture
async def both(seeded_url: str, tmp_path: Path) -> AsyncIterator[Hospital]:
    more, also = organisation(), connected
    async with hospitals.opened(seeded_url, tmp_path, more=more, also=also) as hospital:
        for one in ICU:
            await on_dingtalk(one.userid)
        yield hospital


async def test_a_head_nurse_pulls_looks_and_publishes(both: Hospital) -> None:
    zhao, li = both.phones("zhao", "li")
    assert await zhao.says("拉取钉钉排班 1209 1214") == (
        "好的，正在从钉钉读取重症医学科12月9日(周三)至12月14日(周一)的排班，读完就告诉您。"
    )
    answer = await zhao.expects("的钉钉排班")
    assert answer.text.startswith(
        "重症医学科 12月9日(周三)至12月14日(周一)的钉钉排班\n已读取：改动"
    )
    assert "赵小样：钉钉没有12月9日(周三)至12月14日(周一)的排班，这几天保持原样。" in answer.text
    link = re.search(r"/in/([\w-]+)\?roster=(\d+)", answer.text)
    assert link is not None
    token, roster = link.groups()
    page = f"http://127.0.0.1:{both.bot.port}/in/{token}?roster={roster}"
    async with both.session.post(page, allow_redirects=False) as entered:
        assert entered.headers["Location"] == f"/console/rosters/{roster}"
    await li.expects_nothing()
    head = await find("wecom", "zhao")
    assert head is not None
    await both.bot.services.rosters.publish(head, int(roster), override="测试")
    await li.expects("排班变动")
    assert "12月9日(周三) 白班A 08:00–16:00" in re.sub(" +", " ", await li.says("我的班"))


async def test_what_is_unclear_is_asked_and_others_are_refused(both: Hospital) -> None:
    zhao, li = both.phones("zhao", "li")
    assert await zhao.says("拉取钉钉排班") == (
        "请写明月份，例如：拉取钉钉排班 12月；或起止日期：拉取钉钉排班 1201 1215。"
        "您管多个病区时，先写病区名：重症医学科。"
    )
    assert "不在您的权限里" in await li.says("拉取钉钉排班 12月")
    assert "正在从钉钉读取重症医学科12月1日(周二)至12月31日(周四)" in await zhao.says(
        "拉取钉钉排班 12月"
    )
    assert "1月1日(周五)至1月31日(周日)" in await zhao.says("拉取钉钉排班 重症医学科 1月")
    song = both.phone("song")
    assert "先写病区名：" in await song.says("拉取钉钉排班 12月")
    assert "心内科12月1日" in await song.says("拉取钉钉排班 心内科12月")
    said = await song.expects("没有读成")
    assert "这个病区的人在名单里都没有钉钉账号" in said.text
    assert "最多" not in said.text


async def test_too_far_is_refused_at_once_with_the_reason(both: Hospital) -> None:
    said = await both.phone("zhao").says("拉取钉钉排班 2027年12月")
    assert said == "钉钉只能读到前后180天以内的排班，请缩短日期范围。"


async def test_a_fault_of_the_platform_is_an_answer_with_its_cure(both: Hospital) -> None:
    del organised(both).members["ding-zhao"]  # in whose name rosters are read
    zhao = both.phone("zhao")
    await zhao.says("拉取钉钉排班 12月")
    said = await zhao.expects("没有读成")
    assert "11月30日(周一)至12月6日(周日)(13人)的排班读不到：40035" in said.text
    assert (
        "已经读到的也没有写入，班表没有变动。请信息科核对 WARDBELL_DINGTALK_OP_USER_ID"
        in said.text
    )
    assert await db.fetch("SELECT 1 FROM rosters WHERE preview ->> 'origin' = 'dingtalk'") == []


async def test_without_attendance_it_says_what_to_configure(both: Hospital) -> None:
    both.bot.services.attendance_pull.windows = None
    said = await both.phone("zhao").says("拉取钉钉排班 12月")
    assert said.startswith("医院还没有接入钉钉考勤。")


async def test_help_shows_the_commands_that_make_sense_here(both: Hospital) -> None:
    head = await both.phone("zhao").says("帮助")
    nurse = await both.phone("li").says("帮助")
    assert "拉取钉钉排班 12月 — 从钉钉考勤读取排班，核对后发布" in head
    assert "拉取钉钉排班" not in nurse
    assert "消息渠道 — 看消息发到哪里" in nurse


async def test_a_person_chooses_where_messages_go(both: Hospital) -> None:
    li, ma = both.phones("li", "ma")
    assert await li.says("消息渠道") == (
        "现在您的消息先发到：企业微信。要换的话，可以发：\n· 消息用钉钉"
    )
    assert await li.says("消息用钉钉") == (
        "好的，以后的消息先发到钉钉，发不到时再换别的渠道。要看现在用哪个，发“消息渠道”。"
    )
    assert "先发到：钉钉。要换的话，可以发：\n· 消息用企业微信" in await li.says("消息渠道")
    assert await li.says("消息用机器人") == (
        "医院还没有接入企业微信机器人，消息仍按原来的渠道发送。"
    )
    await db.execute("DELETE FROM identities WHERE platform = 'dingtalk' AND user_id = 'ding-ma'")
    assert await ma.says("消息用钉钉") == (
        "名单里还没有您的钉钉账号，请联系人事科登记后再换。消息仍按原来的渠道发送。"
    )


async def test_the_directory_of_the_simulator_finds_everybody_by_number(both: Hospital) -> None:
    await db.execute("DELETE FROM identities WHERE platform = 'dingtalk'")
    services = both.bot.services
    members = await services.directories.check.directories["dingtalk"].members()
    draft = await services.people.draft_members(members, "dingtalk")
    assert (draft.new, draft.changed, draft.linked) == (0, 0, len(ICU))
    await services.people.apply(draft, "test")
    found = await accounts_of("S1002")
    assert found["dingtalk"] == ("ding-li", "union-ding-li")


async def test_the_night_compares_rosters_and_directories(both: Hospital) -> None:
    zhao, song = both.phones("zhao", "song")
    await zhao.says("拉取钉钉排班 1209 1214")
    answer = await zhao.expects("已读取")
    roster = re.search(r"\?roster=(\d+)", answer.text)
    head = await find("wecom", "zhao")
    assert roster is not None
    assert head is not None
    await both.bot.services.rosters.publish(head, int(roster[1]), override="测试")
    first = organised(both).schedules[0]
    first.on, first.off = "16:00", "00:00"  # 李 works P on the 9th instead of A
    await both.reads()
    await both.at("07:10")
    told = await zhao.expects("钉钉排班与护铃班表不一致")
    assert told.text == (
        "重症医学科：钉钉排班与护铃班表不一致，护铃没有自动改动\n"
        "· 李小样 12月9日(周三)：班表A，钉钉P\n"
        "以钉钉为准的话，请发“拉取钉钉排班 12月”，核对后发布。"
    )
    unread = [m["text"] for m in await song.messages() if "通讯录核对" in m["text"]]
    assert unread == []
    assert await is_active("S1002")


def member_changed(event_id: str, change: str, member: str) -> MemberChanged:
    at = datetime(2026, 12, 7, 6, tzinfo=UTC)
    return MemberChanged(
        platform="dingtalk",
        app="main",
        event_id=event_id,
        user="",
        at=at,
        change=change,
        member=member,
    )


async def test_who_leaves_dingtalk_works_on_under_wecom(both: Hospital) -> None:
    pipeline = both.bot.services.pipeline
    for _ in range(2):  # the platform repeats itself
        await pipeline.take(member_changed("e1", "deleted", "ding-li"))
    assert set(await accounts_of("S1002")) == {"wecom"}
    assert "您接下来7天的班" in await both.phone("li").says("我的班")


async def test_a_changed_member_is_asked_about_by_a_job(both: Hospital) -> None:
    await both.bot.services.pipeline.take(member_changed("e2", "updated", "ding-li"))
    await both.settle()
    assert (await accounts_of("S1002"))["dingtalk"] == ("ding-li", "union-ding-li")
