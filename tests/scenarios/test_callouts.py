"""紧急支援: a sentence, a preview, many phones, and the numbers that the launcher sees.

Monday 2026-12-07, 14:00. Of the ICU's nurses those who have no shift this afternoon, tonight or
tomorrow morning may come.
"""

from __future__ import annotations

import pytest

from tests.support.callouts import SKILLS
from tests.support.hospital import Hospital, Message, Phone, beyond_the_robot
from tests.support.minutes import said_at

# The words of a branch; the main sentences are said on every platform.
ONE_PLACE = pytest.mark.parametrize("place", ["wecom"], indirect=True)


@pytest.fixture
async def hospital(hospital: Hospital) -> Hospital:
    for statement in SKILLS:
        await hospital.rows(statement)
    return hospital


async def launched(
    hospital: Hospital, who: str, sentence: str
) -> tuple[Phone, Message, dict[str, Message]]:
    """Said, checked and sent: the launcher, their board, and the card of everybody asked."""
    launcher = hospital.phone(who)
    await launcher.says(sentence)
    preview = await launcher.expects_card("请核对")
    assert "已发出" in await preview.tap("发出")
    board = await launcher.expects_card("/")
    return launcher, board, await cards(hospital, who)


async def cards(hospital: Hospital, launcher: str) -> dict[str, Message]:
    """The unread call-out cards on everybody else's phone."""
    await hospital.settle()
    found = {}
    for user in await hospital.everybody():
        phone = hospital.phone(user)
        unread = [m for m in await phone.messages() if m["seq"] not in phone.read]
        if user != launcher and unread:
            found[user] = await phone.expects_card("到楼东")
    return found


async def test_a_sentence_asks_many_and_the_first_yes_count(hospital: Hospital) -> None:
    zhao = hospital.phone("zhao")
    await zhao.says("紧急支援 楼东 2人 重症 16:00到 原因 批量伤员")
    preview = await zhao.expects_card("请核对：楼东要2人，16:00到")
    assert "批量伤员" in preview.text
    assert "重症" in preview.text
    assert "12月7日(周一)16:00到" in preview.text
    assert "那时有班" in preview.text
    assert "按通用数据(本院的回复还不够多)" in preview.text
    await hospital.expects_nothing_else()
    assert said_at("14:00已发出", await preview.tap("发出"))
    board = await zhao.expects_card("楼东：0/2人")
    asked = await cards(hospital, "zhao")
    assert len(asked) >= 3
    (a, one), (b, two), (_, three), *_ = asked.items()
    assert "赵小样请您支援。自愿参加，不方便也没关系。" in one.text
    assert "已确认：您16:00到楼东" in await one.tap("可以参加")
    assert "已回复不行，谢谢" in await three.tap("不行")
    assert "已确认：您16:30到楼东" in await two.tap("晚点到", selected="30")
    told = await zhao.expects("楼东的支援人数已够：2/2人，其中1人晚到，最晚16:30。")
    assert "没回复的同事不用来" in told.text
    assert "楼东：2/2人" in await board.tap("刷新")
    for phone in hospital.phones(a, b):  # whose card waits while they sleep after a night
        assert "感染防控和防护用品(必做)，12月9日(周三)前" in await phone.says("我的清单")
    await hospital.settle()
    # Their training lists; who sleeps after a night shift gets theirs later.
    assert len(await hospital.rows("SELECT id FROM checklists WHERE state = 'open'")) == 2
    await hospital.reads(a, b)
    await hospital.expects_nothing_else()


async def test_who_is_too_late_is_thanked_and_a_place_given_back_is_asked_for(
    hospital: Hospital,
) -> None:
    zhao, _, asked = await launched(hospital, "zhao", "紧急支援 楼东 1人 重症 16:00到")
    (a, one), (b, two), *_ = asked.items()
    await one.tap("可以参加")
    await zhao.expects("人数已够：1/1人")
    assert "人已齐，这次不用来，谢谢您" in await two.tap("可以参加", force=True)
    assert "名额让给别的同事" in await hospital.phone(a).says("我来不了了")
    await zhao.expects("来不了了，楼东现在0/1人。正在继续问人。")
    again = await hospital.phone(b).expects_card("紧急支援：16:00到楼东")
    assert "已确认" in await again.tap("可以参加")
    await zhao.expects("人数又够：1/1人。已停止询问，没回复的同事不用来。先前来不了的1人已补上。")


async def test_people_answer_in_words(hospital: Hospital) -> None:
    zhao, _, asked = await launched(hospital, "zhao", "紧急支援 楼东 2人 重症 15:00到")
    (a, _), (b, _), (c, _), *_ = asked.items()
    said = await hospital.phone(a).says("我80分钟到")
    assert said_at("已记下：您15:20到楼东，谢谢！路上注意安全。", said)
    assert "这次不行，没关系" in await hospital.phone(b).says("来不了")
    assert "您15:00到楼东" in await hospital.phone(c).says("可以参加")
    told = await zhao.expects("人数已够：2/2人，其中1人晚到")
    assert f"最晚{said.removeprefix('已记下：您')[:5]}" in told.text
    progress = await zhao.says("支援进展")
    assert "楼东：2/2人，15:00集合" in progress
    assert "人已齐" in progress
    assert "现在没有等您回复的支援" in await hospital.phone("song").says("我40分钟到")


async def test_cancelling_tells_those_who_said_yes(hospital: Hospital) -> None:
    zhao, board, asked = await launched(hospital, "zhao", "紧急支援 楼东 2人 重症 16:00到")
    (a, one), (_, two), *_ = asked.items()
    await one.tap("可以参加")
    assert "感染防控" in await hospital.phone(a).says("我的清单")
    assert "答应来的1人正在收到通知" in await zhao.says("取消支援 楼东 病人已转出")
    told = await hospital.phone(a).expects("16:00到楼东的支援取消了，请不用来了。")
    assert "原因：病人已转出。" in told.text
    assert "已经取消" in await two.tap("可以参加", force=True)
    assert "支援已经取消" in await board.tap("取消支援", force=True)
    await hospital.settle()
    assert "没有要做的" in await hospital.phone(a).says("我的清单")
    await hospital.reads(a)
    await hospital.expects_nothing_else()


@ONE_PLACE
async def test_a_second_call_out_for_the_place_is_refused_with_who_and_when(
    hospital: Hospital,
) -> None:
    await launched(hospital, "zhao", "紧急支援 楼东 1人 重症 16:00到")
    said = await hospital.phone("song").says("紧急支援 楼东 5人 重症 17:00到")
    assert said_at("楼东已经有一次支援在进行：赵小样12月7日(周一)14:00发起的", said)


@ONE_PLACE
async def test_the_preview_can_be_changed_and_dropped(hospital: Hospital) -> None:
    zhao = hospital.phone("zhao")
    await zhao.says("紧急支援 楼东 2人 重症 16:00到")
    first = await zhao.expects_card("楼东要2人")
    await zhao.says("改为 3人 17:30到")
    second = await zhao.expects_card("请核对：楼东要3人，17:30到")
    assert "已改，请看新的核对" in await first.tap("发出", force=True)
    assert "已取消，没有发出" in await second.tap("取消")
    assert "已取消，没有发出" in await second.tap("发出", force=True)
    assert await hospital.rows("SELECT id FROM call_outs") == []
    await hospital.expects_nothing_else()


@ONE_PLACE
async def test_who_may_not_come_any_more_reads_why_and_whom_to_ask(hospital: Hospital) -> None:
    """Leave was noted after the card went out; taken back, the same card takes the place."""
    zhao, board, asked = await launched(hospital, "zhao", "紧急支援 楼东 2人 重症 16:00到")
    a, card = next(iter(asked.items()))
    await hospital.rows(
        "INSERT INTO wishes (person_id, kind, first_day, last_day, said_at) "
        "SELECT person_id, 'leave', '2026-12-07', '2026-12-07', now() FROM identities "
        f"WHERE user_id = '{a}'"
    )
    shown = await card.tap("可以参加")
    assert "现在不能记您到楼东" in shown
    assert "那天已登记您休假。这次先不记您，请不要过来。有疑问请联系赵小样" in shown
    told = await zhao.expects("愿意来楼东，但问过之后情况有变(休假或即将离职)，没有算进人数")
    assert "正在继续问人。" in told.text
    assert "1人想来但不符合条件" in await board.tap("刷新")
    assert "请不要过来。有疑问请联系赵小样" in await hospital.phone(a).says("可以参加")
    await hospital.rows("UPDATE wishes SET withdrawn_at = now()")
    assert "紧急支援" not in await hospital.phone(a).says("我的班")
    assert "已记下：您16:00到楼东" in await hospital.phone(a).says("可以参加")
    assert "紧急支援(楼东) 16:00–" in await hospital.phone(a).says("我的班")


@ONE_PLACE
async def test_an_order_reads_otherwise_and_only_hr_may_give_it(hospital: Hospital) -> None:
    sentence = "紧急支援 指令 楼东 1人 重症 16:00到"
    assert "不在您的权限里" in await hospital.phone("zhao").says(sentence)
    _, _, asked = await launched(hospital, "song", sentence)
    card = next(iter(asked.values()))
    assert "依据《护士条例》第十九条，请服从安排" in card.text
    assert "自愿" not in card.text
    assert "已确认" in await card.tap("收到，前往")


@ONE_PLACE
async def test_a_drill_says_that_nobody_has_to_come(hospital: Hospital) -> None:
    zhao, _, asked = await launched(hospital, "zhao", "演练 紧急支援 楼东 2人 重症 16:00到")
    card = next(iter(asked.values()))
    assert "这是演练，不用真的来。" in card.text
    assert "已记下您能到。这是演练" in await card.tap("可以参加")
    await hospital.at("16:00")
    await zhao.expects("楼东的演练结束")


@ONE_PLACE
async def test_what_is_not_understood_shows_the_way(hospital: Hospital) -> None:
    zhao = hospital.phone("zhao")
    assert "没看懂到哪里" in await zhao.says("紧急支援")
    assert "没看懂要几个人" in await zhao.says("紧急支援 楼东 重症 16:00到")
    assert "没看懂几点到" in await zhao.says("紧急支援 楼东 20人 重症")
    assert said_at("集合时间要在14:10以后", await zhao.says("紧急支援 楼东 2人 重症 5分钟内到"))
    assert "没有等您确认的支援" in await zhao.says("改为 3人")
    assert "不用取消" in await zhao.says("取消支援")
    assert "不在您的权限里" in await hospital.phone("li").says("紧急支援 楼东 2人 重症 16:00到")
    assert "紧急支援 楼东 20人" in await zhao.says("帮助")
    assert "紧急支援" not in await hospital.phone("li").says("帮助")


@beyond_the_robot
async def test_at_the_quota_the_silent_see_it_and_nobody_is_rung_again(
    hospital: Hospital,
) -> None:
    _, board, asked = await launched(hospital, "zhao", "紧急支援 楼东 1人 重症 16:00到")
    (_, one), (b, two), *_ = asked.items()
    before = len(await hospital.phone(b).messages())
    await one.tap("可以参加")
    assert "人已齐，不用来了，谢谢" in await two.shows()
    assert len(await hospital.phone(b).messages()) == before
    assert "已确认：您16:00到楼东" in await one.shows()  # their own answer stays
    assert "楼东：1/1人，已齐" in await board.shows()  # on WeCom the one redraw an open card has
    await board.tap("刷新")  # brings another
    await hospital.at("16:00")
    assert "16:00已结束" in await board.shows()


@pytest.mark.parametrize("place", ["dingtalk"], indirect=True)
async def test_where_cards_may_be_redrawn_the_board_keeps_up_by_itself(
    hospital: Hospital,
) -> None:
    _, board, asked = await launched(hospital, "zhao", "紧急支援 楼东 2人 重症 16:00到")
    await next(iter(asked.values())).tap("可以参加")
    await hospital.later("20s")
    assert "楼东：1/2人" in await board.shows()
    assert "1人" in await board.shows()
