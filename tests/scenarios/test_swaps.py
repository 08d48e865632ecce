"""换班: three people, three taps, and the roster is right."""

from __future__ import annotations

from tests.support.hospital import Hospital


async def test_swap_needs_both_and_the_head_nurse(hospital: Hospital) -> None:
    li, chen, zhao = hospital.phones("li", "chen", "zhao")
    assert "已经问陈小样了" in await li.says("换班 1210A 陈")
    request = await chen.expects_card("李小样想和您换班")
    assert "已同意,等护士长批准" in await request.tap("同意")
    approval = await zhao.expects_card("换班请审批")
    assert "赵小样已批准" in await approval.tap("批准")
    await li.expects("换班已批准")
    await chen.expects("换班已批准")
    assert "已批准,班已换好" in await request.shows()
    await hospital.expects_nothing_else()
