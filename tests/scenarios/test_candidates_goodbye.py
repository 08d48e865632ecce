"""After a refusal: keep or delete the CV, points for how it was, nothing left after erasure."""

from __future__ import annotations

from models import db
from tests.support.candidates import Candidate, RecruitingHospital


async def refused(house: RecruitingHospital) -> Candidate:
    """石小试 is in the chat, the head of the ward has approved, and the words have come."""
    shi = house.candidate("石小试")
    await shi.writes_first()
    card = await house.phone("liang").expects_card("请审批发给")
    await card.tap("批准")
    await shi.expects("未能录用")
    return shi


async def test_a_one_keeps_the_cv_and_a_rating_is_asked_later(house: RecruitingHospital) -> None:
    shi = await refused(house)
    await shi.says("1")
    await shi.expects("您的简历我们保留到")
    await house.until("2026-12-08T15:00")
    await shi.says("好的")  # the window is open again
    await house.until("2026-12-08T18:00")
    await shi.expects("请回复1到5的数字")
    await shi.says("5")
    await shi.expects("谢谢")
    (row,) = await house.rows("SELECT choice, rating FROM outcomes")
    assert (row["choice"], row["rating"]) == ("keep", 5)


async def test_a_two_deletes_with_a_receipt_and_leaves_no_data(house: RecruitingHospital) -> None:
    shi = await refused(house)
    who = await shi.id()
    await shi.says("2")
    receipt = await shi.expects("删除编号")
    assert "24小时内全部删除" in receipt.text
    await house.time_moves("1h")
    row = await db.fetch_one("SELECT * FROM candidates WHERE id = $1", who)
    assert row is not None
    assert row["erased_at"] is not None
    assert [row[name] for name in ("name", "phone", "email", "phone_index")] == [None] * 4
    (outcome,) = await house.rows("SELECT text, facts, choice FROM outcomes")
    assert (outcome["text"], outcome["facts"], outcome["choice"]) == (None, None, "delete")
    await shi.says("你好")  # now a stranger
    greeting = await shi.expects("这里是示例医院招聘服务")
    assert "石" not in greeting.text


async def test_the_right_moment_decides_what_a_number_means(house: RecruitingHospital) -> None:
    """A bare 2 before any refusal deletes nobody."""
    tian = house.candidate("田小试")
    await tian.writes_first("2")
    row = await db.fetch_one("SELECT erased_at FROM candidates WHERE id = $1", await tian.id())
    assert row is not None
    assert row["erased_at"] is None
