"""Somebody begins, somebody leaves: lists with owners, and access that ends with the last day.

宋小范 is the HR head, 苏小聘 of the HR office, 赵小样 the ICU's head nurse, 李小样 a nurse.
"""

from __future__ import annotations

import re

import pytest

from models.clock import SHANGHAI
from tests.support.hospital import Hospital, Phone, beyond_the_robot

on_wecom = pytest.mark.parametrize("place", ["wecom"], indirect=True)


async def number(phone: Phone, title: str) -> str:
    """The number under which an item stands in 我的清单."""
    return (await phone.says("我的清单")).partition(f". {title}")[0].split()[-1]


async def test_a_newcomer_gets_a_list_and_ticks_it_off(hospital: Hospital) -> None:
    su, li, zhao = hospital.phones("su", "li", "zhao")
    said = await su.says("入职 李小样 1210")
    assert "护士入职清单，12月10日(周四)到岗，共6项" in said
    card = await li.expects_card("您的护士入职清单")
    assert "法规和医院制度学习(必做)：12月13日(周日)18:00前" in card.text
    assert "与您同班" in card.text
    now = await card.tap("做好了", selected=await number(li, "法规"))
    assert "岗位职责学习" in now
    assert "法规和医院制度学习" not in now
    assert "都做好了" in await card.tap("做好了", selected=await number(li, "岗位"))
    head = await zhao.expects_card("李小样的护士入职清单")
    assert "都做好了" in await head.tap("做好了")
    progress = await su.says("入职进度")
    assert "李小样(重症医学科)：3/6，50%，不能独自值班" in progress
    assert "发“入职进度”查看" in await su.says("入职 李小样")


@on_wecom
async def test_only_hr_opens_lists_and_the_head_sees_her_own(hospital: Hospital) -> None:
    su, zhao, liang, li = hospital.phones("su", "zhao", "liang", "li")
    assert "不在您的权限里" in await zhao.says("入职 李小样")
    await su.says("入职 李小样")
    assert "李小样" in await zhao.says("入职进度")
    assert "没有进行中的入职清单" in await liang.says("入职进度")
    assert "不在您的权限里" in await li.says("入职进度")
    assert "请写上姓名" in await su.says("入职")
    assert "没有找到“钱多多”" in await su.says("入职 钱多多")


@on_wecom
async def test_done_in_words_once_and_only_by_whom_it_concerns(hospital: Hospital) -> None:
    su, li, wang = hospital.phones("su", "li", "wang")
    await su.says("入职 李小样 1207")
    item = await number(li, "法规")
    assert "不在您的权限里" in await wang.says(f"做好 {item}")
    assert "您还有1项" in await li.says(f"做好 {item}")
    assert "不用再做" in await li.says(f"做好 {item}")
    assert "不在您的权限里" in await li.says(f"不适用 {item} 不想做")


@on_wecom
async def test_a_newcomer_is_not_left_alone_by_a_swap(hospital: Hospital) -> None:
    """On the 12th 李 is the only one on A who knows the work: nobody new takes her place."""
    su, li, yang = hospital.phones("su", "li", "yang")
    colleagues = await hospital.rows(
        "SELECT p.staff_no FROM shifts s JOIN persons p ON p.id = s.person_id "
        "WHERE s.day = '2026-12-12' AND s.code = 'A' AND p.name <> '李小样'"
    )
    assert len(colleagues) > 0
    for row in [*colleagues, {"staff_no": "S1007"}]:
        assert "护士入职清单" in await su.says(f"入职 {row['staff_no']}")
    await hospital.settle()
    await hospital.reads("yang")
    assert "不能独自值班" in await li.says("换班 1212A 杨")
    await yang.expects_nothing()


async def test_an_exit_needs_the_hr_head_and_makes_lists_that_day(hospital: Hospital) -> None:
    su, song, zhao, li = hospital.phones("su", "song", "zhao", "li")
    assert "已请人事负责人审批李小样的离职" in await su.says("离职 李小样 1210")
    await zhao.expects_nothing()
    approval = await song.expects_card("李小样离职请审批")
    assert "12月10日(周四)" in approval.text
    assert "宋小范已批准" in await approval.tap("批准")
    assert "工作交接" in (await zhao.expects_card("李小样的离职清单")).text
    await su.expects("李小样(S1002)的离职已批准")
    await su.expects_card("李小样的离职清单")
    shifts = await zhao.expects("李小样最后工作日是12月10日(周四)，之后还排着")
    assert "12月12日(周六) 白班A" in shifts.text
    assert "白班" in await li.says("本周")
    assert "工作到12月10日(周四)" in await su.says("离职进度")


async def test_access_ends_with_the_last_day_and_tasks_stay(hospital: Hospital) -> None:
    song, li, zhao, yang = hospital.phones("song", "li", "zhao", "yang")
    assert "请核对刚发给您的卡片" in await song.says("离职 李小样 1208")
    card = await song.expects_card("请核对：李小样离职")
    assert "已确认" in await card.tap("确认离职")
    await li.says("换班 1212A 杨")
    await yang.expects_card("换班")
    await hospital.at("2026-12-08T23:50")
    assert "我还不认识您" not in await li.says("我的班")
    await hospital.at("2026-12-09T00:05")
    said = await li.says("我的班")
    assert said == "这个账号现在不能使用护铃。如有疑问，请联系人事科。"
    rows = await hospital.rows(
        "SELECT r.at, r.detail FROM audit_rows r JOIN persons p ON 'persons:' || p.id = r.subject "
        "WHERE r.action = 'person.left' AND p.staff_no = 'S1002'"
    )
    assert [row["at"].astimezone(hospital.now().tzinfo).hour for row in rows] == [0]
    await hospital.at("2026-12-09T09:00")
    handover = await zhao.expects_card("李小样的离职清单")
    await handover.tap("做好了", selected=await number(zhao, "李小样：工作交接"))
    return_it = await number(zhao, "李小样：归还")
    assert "都做好了" in await handover.tap("做好了", selected=return_it)


async def test_an_exit_of_today_ends_at_once(hospital: Hospital) -> None:
    song, li, yang = hospital.phones("song", "li", "yang")
    await li.says("换班 1212A 杨")
    request = await yang.expects_card("换班")
    await song.says("离职 李小样 今天")
    card = await song.expects_card("立即停用")
    await card.tap("确认离职")
    assert "不能使用护铃" in await li.says("帮助")
    await yang.expects("没能在期限内定下来，已取消")
    assert "已经过期" in await request.tap("同意", force=True)
    assert "权限已经停用" in await song.says("取消离职 李小样")


@on_wecom
async def test_an_exit_is_taken_back_before_it_ends(hospital: Hospital) -> None:
    song, li, zhao = hospital.phones("song", "li", "zhao")
    await song.says("离职 李小样 1210")
    card = await song.expects_card("请核对")
    assert "已取消" in await card.tap("取消")
    assert "已经取消了" in await card.tap("确认离职", force=True)
    await song.says("离职 李小样 1210")
    await (await song.expects_card("请核对")).tap("确认离职")
    await zhao.expects_card("李小样的离职清单")
    assert "权限照常" in await song.says("取消离职 李小样")
    await hospital.at("2026-12-11T08:00")
    assert "班" in await li.says("我的班")


@on_wecom
async def test_what_an_exit_may_not_be(hospital: Hospital) -> None:
    song, su, zhao = hospital.phones("song", "su", "zhao")
    assert "不在您的权限里" in await zhao.says("离职 李小样 1210")
    assert "由另一位人事同事登记" in await su.says("离职 苏小聘 1210")
    assert "唯一的人事负责人" in await su.says("离职 宋小范 1210")
    assert "离职 王小明 1231" in await song.says("离职 李小样")
    assert "最晚一年后" in await song.says("离职 李小样 2029-01-01")
    await song.says("离职 李小样 1210")
    assert "还在等确认" in await su.says("离职 李小样 1211")


@on_wecom
async def test_what_is_late_goes_to_its_owner_the_head_and_the_hr_head(hospital: Hospital) -> None:
    su, li, zhao, song = hospital.phones("su", "li", "zhao", "song")
    await su.says("入职 李小样 1207")
    card = await li.expects_card("您的护士入职清单")
    await card.tap("做好了", selected=await number(li, "法规"))
    await hospital.at("2026-12-10T18:05")
    late = await li.expects_card("有1项过了期限")
    assert "岗位职责学习" in late.text
    await hospital.at("2026-12-11T18:10")
    told = await zhao.expects("李小样：岗位职责学习，由本人负责")
    assert "有1项过了期限，麻烦您催一下" in told.text
    await hospital.at("2026-12-14T08:00")
    await song.expects("李小样：岗位职责学习")
    assert "都做好了" in await late.tap("做好了")
    open_asks = await hospital.rows(
        "SELECT purpose FROM asks a JOIN persons p ON p.id = a.person_id "
        "WHERE p.staff_no = 'S1002' AND a.state = 'open' AND purpose LIKE 'checklists%'"
    )
    assert open_asks == []


@on_wecom
async def test_who_leaves_at_once_counts_the_same_shifts_for_all(hospital: Hospital) -> None:
    """Access ends now: today's shift is one that nobody will work."""
    song, zhao = hospital.phones("song", "zhao")
    one, *_ = await hospital.rows(
        "SELECT p.name, p.staff_no FROM shifts s JOIN persons p ON p.id = s.person_id "
        "JOIN units u ON u.id = s.unit_id WHERE s.state = 'planned' AND s.day = $1 "
        "AND s.starts_at > $2 AND u.name = '重症医学科' ORDER BY p.id",
        hospital.now().astimezone(SHANGHAI).date(),
        hospital.now(),
    )
    await song.says(f"离职 {one['staff_no']} 今天")
    card = await song.expects_card(f"请核对：{one['name']}离职")
    count = re.search(r"还排了(\d+)个班", card.text)
    assert count is not None
    await card.tap("确认离职")
    await zhao.expects(f"还排着{count[1]}个班")


@on_wecom
async def test_nobody_is_reminded_of_a_shift_after_their_last_day(hospital: Hospital) -> None:
    """李 has P on the 8th and N on the 10th, from midnight."""
    song, li = hospital.phones("song", "li")
    await song.says("离职 李小样 1209")
    await (await song.expects_card("请核对：李小样离职")).tap("确认离职")
    await hospital.at("2026-12-09T21:10:00+08:00")
    said = [message["text"] for message in await li.messages() if "排班提醒" in message["text"]]
    assert any("12月8日" in text for text in said)
    assert not any("12月10日" in text for text in said)


@beyond_the_robot
async def test_who_is_gone_from_the_directory_leaves_a_list_to_its_owners_once(
    hospital: Hospital,
) -> None:
    song, su, zhao = hospital.phones("song", "su", "zhao")
    await hospital.leaves("li")
    handover = await zhao.expects_card("李小样的离职清单")
    assert "工作交接：12月7日(周一)18:00前" in handover.text
    assert "出具离职证明" in (await su.expects_card("李小样的离职清单")).text
    await zhao.expects("李小样已不在岗，还排着")
    assert "已经登记过离职，工作到12月7日(周一)" in await song.says("离职 李小样 1231")
    assert "李小样" in await song.says("离职进度")
    lists = await hospital.rows("SELECT state FROM checklists WHERE template = 'exit'")
    assert [row["state"] for row in lists] == ["open"]


@beyond_the_robot
async def test_many_gone_at_once_are_asked_about_on_one_card(hospital: Hospital) -> None:
    song = hospital.phone("song")
    for user in ("li", "wang", "zhang", "liu", "chen"):
        await hospital.leaves(user)
    card = await song.expects_card("通讯录里一次少了")
    assert "离职清单还没有发" in card.text
    assert "宋小范：确实离职，离职清单已发出" in await card.tap("确实离职")
    assert "陈小样" in await song.says("离职进度")


async def test_what_was_not_done_after_all_is_opened_again(hospital: Hospital) -> None:
    su, li, zhao = hospital.phones("su", "li", "zhao")
    await su.says("入职 李小样 1207")
    item = await number(li, "法规")
    await li.says(f"做好 {item}")
    await hospital.reads()
    assert "请写明重新打开的理由" in await su.says(f"重新打开 {item}")
    assert "不在您的权限里" in await hospital.phone("wang").says(f"重新打开 {item} 没学")
    said = await su.says(f"重新打开 {item} 没有参加考核")
    assert "已重新打开李小样的“法规和医院制度学习”" in said
    assert "不能让其独自值班" in said
    assert "法规和医院制度学习" in (await li.expects_card("您的护士入职清单")).text
    assert "还没有做好" in await su.says(f"重新打开 {item} 再来一次")
    await li.says(f"做好 {item}")
    own = await li.says(f"重新打开 {item} 还差一项")
    assert own == (
        "已重新打开您的“法规和医院制度学习”。做完之前要有同事与您同班，已发布的班里要独自上的，会告诉护士长。"
    )
    assert "最近30天没有您做好的项目" in await zhao.says("重新打开")
