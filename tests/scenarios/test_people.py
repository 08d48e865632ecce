"""Who may do what, who is greeted, and who has left."""

from __future__ import annotations

import pytest

from tests.support.hospital import Hospital, beyond_the_robot


async def test_help_shows_each_what_they_may_do(hospital: Hospital) -> None:
    nurse = await hospital.phone("li").says("帮助")
    head = await hospital.phone("zhao").says("帮助")
    assert "换班" in nurse
    assert "控制台" not in nurse
    assert "未确认" not in nurse
    assert "控制台" in head
    assert "未确认" in head


async def test_help_speaks_of_candidates_only_to_those_who_meet_them(hospital: Hospital) -> None:
    lines = (
        "人才库",
        "结果待办",
        "候选人待办",
        "叫号",
        "面试安排",
        "没来 姓名",
        "报到 姓名",
        "评分",
    )
    office = await hospital.phone("song").says("帮助")
    head = await hospital.phone("zhao").says("帮助")
    assert [line for line in lines if line not in office] == []
    assert [line for line in lines if line in head] == []


async def test_help_is_never_cut_off_and_explains_one_on_request(hospital: Hospital) -> None:
    song, li = hospital.phones("song", "li")
    said = await song.says("帮助")
    assert len(said.encode()) <= 2048
    assert "例如：帮助 换班" in said.splitlines()[-1]
    assert "入职 王小明 1210" in said
    one = await song.says("帮助 换班")
    assert "换班 1205夜 王 — 请同事替您上12月5日的夜班" in one
    assert "接下来7天的班" not in one
    assert "我的班 — 接下来7天的班" in await li.says("帮助")


async def test_a_stranger_is_told_what_to_do_and_learns_nothing(hospital: Hospital) -> None:
    await hospital.rows("DELETE FROM identities WHERE user_id = 'ma'")
    said = await hospital.phone("ma").says("我的班")
    assert "我还不认识您" in said
    assert "班A" not in said


@pytest.mark.parametrize("place", ["wecom"], indirect=True)
async def test_who_left_the_visible_range_has_no_access(hospital: Hospital) -> None:
    await hospital.post("/sim/phones/li/event", {"event": "unsubscribe"})
    assert "现在不能使用护铃" in await hospital.phone("li").says("我的班")


@beyond_the_robot
async def test_who_is_deleted_from_the_directory_is_out_at_once(hospital: Hospital) -> None:
    await hospital.leaves("li")
    rows = await hospital.rows("SELECT active FROM persons WHERE staff_no = 'S1002'")
    assert [row["active"] for row in rows] == [False]
    await hospital.at("20:31")
    left = await hospital.rows(
        "SELECT 1 FROM deliveries d JOIN persons p ON p.id = d.person_id "
        "WHERE NOT p.active AND d.state <> 'failed'"
    )
    assert left == []


async def test_every_message_answers_why_it_was_sent(hospital: Hospital) -> None:
    wang = hospital.phone("wang")
    assert "最近没有发给您的消息" in await wang.says("为什么发给我")
    await hospital.at("20:31")
    li = hospital.phone("li")
    await li.expects("12月8日")
    said = await li.says("为什么发给我")
    assert "提前一晚" in said
    assert "护士长能看到" in said
    assert "更正" in said


async def test_my_week_runs_from_monday_to_sunday(hospital: Hospital) -> None:
    said = await hospital.phone("li").says("本周")
    assert "12月7日(周一)" in said
    assert "12月13日(周日)" in said
    assert "12月14日" not in said


async def test_full_width_and_spaces_are_the_same_words(hospital: Hospital) -> None:
    assert "您接下来7天的班" in await hospital.phone("li").says("  我的班 ")


async def test_only_managers_get_a_way_into_the_console(hospital: Hospital) -> None:
    assert "/in/" in await hospital.phone("zhao").says("控制台")
    assert "不在您的权限里" in await hospital.phone("li").says("控制台")


@pytest.mark.parametrize("place", ["wecom"], indirect=True)
async def test_entering_for_the_first_time_is_welcomed(hospital: Hospital) -> None:
    done = await hospital.post("/sim/phones/li/event", {"event": "subscribe"})
    assert "李小样，您好！我是护铃" in done["reply"]
