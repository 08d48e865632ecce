"""After the interview: scores on cards, who still waits, a manager who reads before she approves.

It is Monday, 7 December 2026, 14:00; the interview was this morning. 朱小例 recruits, 李小样 and
王小样 interviewed, 赵小样 heads the ward.
"""

from __future__ import annotations

from datetime import timedelta

from bot.results import Results
from models import db
from tests.support.hospital import START, Hospital, beyond_the_robot
from tests.support.minutes import said_at
from tests.support.results import REJECTED, REJECTION, Seen, hr, interview

CHOSEN = {"skill": "8", "talk": "9", "verdict": "reserve"}


async def over(hospital: Hospital) -> Seen:
    """An interview that ended this morning; its interviewers are asked."""
    seen = await interview(START - timedelta(hours=3), platform=hospital.platform.name)
    await hospital.settle()
    return seen


def results(hospital: Hospital) -> Results:
    return hospital.bot.services.recruiting.results


async def asked(hospital: Hospital, seen: Seen) -> None:
    """HR prepares a rejection from the draft."""
    outcomes, by = results(hospital).outcomes, await hr(hospital.platform.name)
    draft = await outcomes.draft(by, seen.id, REJECTED, REJECTION)
    async with db.transaction():
        await outcomes.prepare(by, seen.id, REJECTED, draft.facts, draft.text)


async def scores(hospital: Hospital) -> list[db.Row]:
    return await hospital.rows("SELECT scores::text, verdict FROM scorecards ORDER BY id")


async def test_interviewers_score_on_the_card_and_in_words(hospital: Hospital) -> None:
    li, wang = hospital.phones("li", "wang")
    await over(hospital)
    card = await li.expects_card("请给李小试评分")
    assert "还没有选分数或结论" in await card.tap("提交")
    assert "已提交 专业8 沟通9 备选" in await card.tap("提交", selected=CHOSEN)
    assert "再补一句" not in await li.says("评分 李小试 优势：急诊分诊有条理 评语：夜班经历较少")
    await wang.expects_card("请给李小试评分")
    assert "1. 李小试，重症监护护士，12月7日(周一)" in await wang.says("评分")
    assert "没看懂“还行”" in await wang.says("评分 李 专业7 还行")
    assert "专业7 沟通6.5 不录用" in await wang.says("评分 李 专业7 沟通6.5 不录用")
    rows = await scores(hospital)
    assert [row["verdict"] for row in rows] == ["reserve", "decline"]
    await hospital.expects_nothing_else()


async def test_who_did_not_come_is_said_on_the_card(hospital: Hospital) -> None:
    (li,) = hospital.phones("li")
    seen = await over(hospital)
    card = await li.expects_card("请给李小试评分")
    assert "没来面试" in await card.tap("提交", selected={"verdict": "absent"})
    [row] = await hospital.rows("SELECT state FROM interviews WHERE id = $1", seen.id)
    assert row["state"] == "no_show"
    assert "没有要评分的面试" in await li.says("评分")


async def test_somebody_elses_interview_cannot_be_scored(hospital: Hospital) -> None:
    (zhang,) = hospital.phones("zhang")
    await over(hospital)
    assert "没有要评分的面试" in await zhang.says("评分 李 专业8 沟通9 录用")
    assert await scores(hospital) == []


async def test_the_manager_reads_the_text_and_then_approves_it(hospital: Hospital) -> None:
    li, wang, zhao, zhu = hospital.phones("li", "wang", "zhao", "zhu")
    seen = await over(hospital)
    await li.says("评分 1 专业8 沟通9 备选 优势：急诊分诊有条理")
    await wang.says("评分 1 专业7 沟通7 不录用")
    assert "1. 李小试，重症监护护士，12月7日(周一)面试" in await zhu.says("结果待办")
    await asked(hospital, seen)
    text = await zhao.expects("下面是准备发给李护士的全文")
    assert "因此这次未能录用，非常抱歉" in text.text
    card = await zhao.expects_card("请审批发给李护士的婉拒信")
    assert "全文已重新发给您" in await card.tap("再看全文")
    assert said_at("14:00重发", (await zhao.expects("下面是准备发给李护士的全文")).text)
    assert "赵小样已批准" in await card.tap("批准")
    await zhu.expects("婉拒信已批准")
    sent = await hospital.rows(
        "SELECT state FROM outcomes WHERE interview_id = $1 AND sent_at IS NOT NULL", seen.id
    )
    assert [row["state"] for row in sent] == ["sent"]
    assert "没有等着答复的应聘者" in await zhu.says("结果待办")


async def test_a_no_with_its_reason_reaches_hr(hospital: Hospital) -> None:
    li, wang, zhao, zhu = hospital.phones("li", "wang", "zhao", "zhu")
    seen = await over(hospital)
    await li.says("评分 1 专业8 沟通9 备选 优势：急诊分诊有条理")
    await wang.says("评分 1 专业7 沟通7 不录用")
    await asked(hospital, seen)
    card = await zhao.expects_card("请审批")
    assert "赵小样未批准" in await card.tap("不批准", selected="wording")
    await zhu.expects("没有获批：语气请再温和些")
    [row] = await hospital.rows("SELECT state FROM outcomes")
    assert row["state"] == "refused"


@beyond_the_robot
async def test_hr_takes_an_approved_rejection_back_before_it_leaves(hospital: Hospital) -> None:
    li, wang, zhao, zhu = hospital.phones("li", "wang", "zhao", "zhu")
    seen = await over(hospital)
    await li.says("评分 1 专业8 沟通9 备选 优势：急诊分诊有条理")
    await wang.says("评分 1 专业7 沟通7 不录用")
    await hospital.at("21:10")
    await asked(hospital, seen)
    await (await zhao.expects_card("请审批")).tap("批准")
    card = await zhu.expects_card("将在12月8日(周二)08:30发给李护士")
    assert "已撤回，没有发出" in await card.tap("撤回")
    await hospital.at("09:30")
    [row] = await hospital.rows("SELECT state, sent_at FROM outcomes")
    assert (row["state"], row["sent_at"]) == ("withdrawn", None)
    assert await hospital.rows("SELECT 1 FROM deliveries WHERE candidate_id IS NOT NULL") == []
