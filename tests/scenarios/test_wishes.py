"""想休: what people would like, said before a month is rostered. December is published."""

from __future__ import annotations

from tests.support.hospital import Hospital


async def test_a_wish_is_said_seen_and_taken_back(hospital: Hospital) -> None:
    li = hospital.phone("li")
    said = await li.says("想休 1月8日")
    assert "记下了" in said
    assert "1月8日(周五) 想休" in said
    said = await li.says("想休 1月20日到22日")
    assert "1月8日(周五) 想休" in said
    assert "1月20日(周三)至1月22日(周五) 想休" in said
    assert "1月12日(周二) 想上A" in await li.says("想上 1月12日 A班")
    listed = await li.says("我的愿望")
    assert listed.count("·") == 3
    assert "已取消：1月8日(周五)" in await li.says("取消愿望 1月8日")
    assert (await li.says("我的愿望")).count("·") == 2
    await li.says("取消愿望")
    assert "还没有登记愿望" in await li.says("我的愿望")
    await hospital.expects_nothing_else()


async def test_wishes_that_cannot_be_kept_are_refused_with_the_way_on(hospital: Hospital) -> None:
    li = hospital.phone("li")
    assert "12月20日(周日)的班表已经发布" in await li.says("想休 12月20日")
    assert "想调班请发“换班”" in await li.says("想休 12月20日")
    assert "没看懂" in await li.says("想休")
    assert "没看懂“那天”" in await li.says("想休 那天")
    assert "班次“X”不在您病区的班次表里" in await li.says("想上 1月8日 X")
    assert "日期不对" in await li.says("想休 1月10日到8日")
    assert "没有找到可以取消的愿望" in await li.says("取消愿望 1月8日")
    await hospital.expects_nothing_else()
