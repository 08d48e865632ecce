"""A notice that a group did not get: the console names the group and its unit."""

from __future__ import annotations

from bot import sample
from tests.support.console import signed_in
from tests.support.groups import bind_webhook
from tests.support.hospital import Hospital


async def test_the_console_names_the_group_and_its_unit(hospital: Hospital) -> None:
    await bind_webhook(sample.ICU, "key-1")
    zhao = hospital.phone("zhao")
    await zhao.says("群通知 今晚20点停水")
    await (await zhao.expects_card("请核对")).tap("发送")
    await hospital.rows(
        "UPDATE deliveries SET state = 'failed', reason = 'invalid webhook url', code = 93000 "
        "WHERE group_id IS NOT NULL"
    )
    async with signed_in(hospital, "song") as song:
        dead = await song.opens("/console/dead")
        listed = await song.opens("/console/deliveries?state=failed")
        [row] = await hospital.rows("SELECT id FROM deliveries WHERE group_id IS NOT NULL")
        one = await song.opens(f"/console/deliveries/{row['id']}")
        for page in (dead, listed, one):
            assert page.status == 200
            assert "重症医学科通知群" in page.text
            assert "重症医学科的群" in page.text
            assert "群通知" in page.text
            assert "今晚20点停水" not in page.text
        assert "企业微信群" in one.text
        await song.sends(f"/console/failed/{row['id']}/again")
        assert "重症医学科通知群" not in (await song.opens("/console/dead")).text
    async with signed_in(hospital, "liang") as liang:
        assert "重症医学科通知群" not in (await liang.opens("/console/deliveries")).text
        hidden = await liang.opens(f"/console/deliveries/{row['id']}")
        assert hidden.status == 404


async def test_the_manager_hears_of_a_dead_group_once(hospital: Hospital) -> None:
    await bind_webhook(sample.ICU, "key-1")
    zhao = hospital.phone("zhao")

    async def fails() -> None:
        await zhao.says("群通知 今晚20点停水")
        await (await zhao.expects_card("请核对")).tap("发送")
        await hospital.rows(
            "UPDATE deliveries SET state = 'failed', code = 93000 WHERE group_id IS NOT NULL"
        )

    await fails()
    told = await zhao.expects("有通知没能发到重症医学科的群“重症医学科通知群”")
    assert "请信息科用新地址重新绑定" in told.text
    assert "病区的群没有收到通知" in await zhao.says("为什么发给我")
    await fails()
    await hospital.expects_nothing_else()
