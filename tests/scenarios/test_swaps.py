"""换班: three people, three taps, and the roster is right.

ICU in December 2026, from the 7th: 李 A P 休 N 休 A A P 休 N · 杨 A A P 休 N 休 A A P 休 ·
陈 休 A A P 休 N 休 A A P.
"""

from __future__ import annotations

from tests.support.hospital import Hospital, beyond_the_robot


async def test_swap_needs_both_and_the_head_nurse(hospital: Hospital) -> None:
    li, yang, zhao = hospital.phones("li", "yang", "zhao")
    assert "已经问杨小样了" in await li.says("换班 1212A 杨")
    request = await yang.expects_card("李小样想和您换班")
    assert "已同意，等护士长批准" in await request.tap("同意")
    approval = await zhao.expects_card("换班请审批")
    assert "赵小样已批准" in await approval.tap("批准")
    await li.expects("换班已批准")
    await yang.expects("换班已批准")
    await hospital.expects_nothing_else()
    assert "12月12日(周六)  休息" in await li.says("我的班")
    assert "12月12日(周六)  白班A 08:00–16:00" in await yang.says("我的班")


async def test_the_roster_gets_a_version_that_holds_the_exchange(hospital: Hospital) -> None:
    li, yang, zhao = hospital.phones("li", "yang", "zhao")
    await li.says("换班 1212A 杨")
    await (await yang.expects_card("换班")).tap("同意")
    await (await zhao.expects_card("请审批")).tap("批准")
    versions = await hospital.rows("SELECT version, source, state FROM rosters ORDER BY version")
    assert [row["state"] for row in versions] == ["published", "published"]
    assert versions[-1]["source"].startswith("换班")
    seals = await hospital.rows("SELECT action FROM audit_rows WHERE action LIKE 'swap%'")
    assert [row["action"] for row in seals] == [
        "swap.asked",
        "swap.accepted",
        "swaps.approved",
        "swap.approved",
    ]


async def test_a_shift_may_be_paid_back_with_another(hospital: Hospital) -> None:
    li, zhang, zhao = hospital.phones("li", "zhang", "zhao")
    await li.says("换班 1213A 张 1211")
    request = await zhang.expects_card("替您上")
    assert "12月11日(周五)" in request.text
    await request.tap("同意")
    approval = await zhao.expects_card("请审批")
    assert "请留意" not in approval.text
    await approval.tap("批准")
    await li.expects("李小样上：12月11日(周五) 白班A")
    await zhang.expects("换班已批准")
    await hospital.expects_nothing_else()


async def test_a_strained_soft_rule_is_shown_to_the_approver(hospital: Hospital) -> None:
    li, wang, zhao = hospital.phones("li", "wang", "zhao")
    await li.says("换班 1210夜 王 1211")
    await (await wang.expects_card("换班")).tap("同意")
    approval = await zhao.expects_card("请审批")
    assert "请留意" in approval.text


async def test_a_rest_rule_refuses_with_its_name(hospital: Hospital) -> None:
    said = await hospital.phone("li").says("换班 1210夜 马")
    assert "换不了：马小样，" in said
    assert "8" in said
    await hospital.expects_nothing_else()


async def test_the_colleague_may_decline_and_the_asker_hears_it(hospital: Hospital) -> None:
    li, yang = hospital.phones("li", "yang")
    await li.says("换班 12月12日 杨小样")
    card = await yang.expects_card("换班")
    assert "已谢绝" in await card.tap("不方便")
    await li.expects("这次不方便换班")
    await hospital.expects_nothing_else()


async def test_the_head_nurse_may_refuse_and_both_hear_it(hospital: Hospital) -> None:
    li, yang, zhao = hospital.phones("li", "yang", "zhao")
    await li.says("换班 1212A 杨")
    await (await yang.expects_card("换班")).tap("同意")
    assert "赵小样未批准" in await (await zhao.expects_card("请审批")).tap("不批准")
    await li.expects("换班未批准")
    await yang.expects("换班未批准")
    await hospital.expects_nothing_else()


async def test_a_no_may_carry_a_listed_reason(hospital: Hospital) -> None:
    li, yang, zhao = hospital.phones("li", "yang", "zhao")
    await li.says("换班 1212A 杨")
    await (await yang.expects_card("换班")).tap("同意")
    await (await zhao.expects_card("请审批")).tap("不批准", selected="short_handed")
    await li.expects("护士长说明：当班人手不足")


@beyond_the_robot
async def test_a_deputy_decides_in_the_managers_place(hospital: Hospital) -> None:
    li, yang, zhao, ma = hospital.phones("li", "yang", "zhao", "ma")
    assert "由马小样代您审批" in await zhao.says("代理 马 1207 1211")
    await li.says("换班 1212A 杨")
    await (await yang.expects_card("换班")).tap("同意")
    await hospital.later("18h")
    approval = await ma.expects_card("请审批")
    assert "马小样已批准" in await approval.tap("批准")
    assert "马小样已批准" in await (await zhao.expects_card("换班请审批")).shows()
    assert "已取消代理" in await zhao.says("取消代理")


@beyond_the_robot
async def test_a_withdrawn_request_greys_the_cards_of_everybody(hospital: Hospital) -> None:
    li, yang, zhao = hospital.phones("li", "yang", "zhao")
    await li.says("换班 1212A 杨，孩子家长会")
    request = await yang.expects_card("原因：孩子家长会")
    await request.tap("同意")
    approval = await zhao.expects_card("请审批")
    assert "已撤回" in await li.says("撤回换班")
    assert "[申请人已撤回]" in await approval.shows()
    await yang.expects("李小样已撤回换班")
    assert "申请人已撤回" in await approval.tap("批准", force=True)
    await hospital.expects_nothing_else()


@beyond_the_robot
async def test_a_request_nobody_answers_ends_and_says_so(hospital: Hospital) -> None:
    li, yang = hospital.phones("li", "yang")
    await li.says("换班 1218A 杨")
    await hospital.later("49h")
    card = (await yang.messages())[0]
    assert "已过期" in card["text"]
    told = [message["text"] for message in await li.messages()]
    assert any("还没有回复" in text for text in told)
    assert any("没能在期限内定下来" in text for text in told)


async def test_somebody_elses_card_and_an_old_card_do_nothing(hospital: Hospital) -> None:
    li, yang, zhao = hospital.phones("li", "yang", "zhao")
    await li.says("换班 1212A 杨")
    request = await yang.expects_card("换班")
    await request.tap("同意")
    assert "已经同意过了" in await request.tap("同意", force=True)
    approval = await zhao.expects_card("请审批")
    await approval.tap("批准")
    assert "已在" in await approval.tap("批准", force=True)


async def test_what_is_not_understood_shows_the_way(hospital: Hospital) -> None:
    li = hospital.phone("li")
    assert "请写明哪天的什么班" in await li.says("换班")
    assert "没看懂日期" in await li.says("换班 那天 杨")
    assert "没有找到“诸葛”" in await li.says("换班 1212A 诸葛")
    assert "您在12月9日(周三)没有" in await li.says("换班 1209A 杨")
    await hospital.expects_nothing_else()
