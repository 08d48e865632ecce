"""Who cannot tap a button writes it, with the card's short code; nobody else can."""

from __future__ import annotations

import pytest

from models import db
from models.answer_codes import code_of
from tests.support.hospital import Hospital


async def code_for(user: str) -> str:
    """The short code of the newest card that was sent to a person."""
    task = await db.fetch_value(
        "SELECT s.task_id FROM sends s JOIN deliveries d ON d.send_id = s.id "
        "JOIN identities i ON i.person_id = d.person_id WHERE i.user_id = $1 "
        "ORDER BY s.id DESC LIMIT 1",
        user,
    )
    return code_of(task)


async def test_a_swap_is_agreed_and_approved_in_words(hospital: Hospital) -> None:
    sun, wang, zhao = hospital.phones("sun", "wang", "zhao")
    await sun.says("换班 1214A 王")
    await wang.expects_card("想和您换班")
    reply = await wang.says(f"同意 #{await code_for('wang')}")
    assert reply == "孙小样想和您换班：已同意，等护士长批准"
    await zhao.expects_card("换班请审批")
    assert "已批准" in await zhao.says(f"批准 #{(await code_for('zhao')).lower()}")
    await sun.expects("批准")
    assert await db.fetch_value("SELECT state FROM swaps") == "approved"


async def test_a_reason_is_chosen_by_its_number(hospital: Hospital) -> None:
    sun, wang, zhao = hospital.phones("sun", "wang", "zhao")
    await sun.says("换班 1214A 王")
    await (await wang.expects_card("想和您换班")).tap("同意")
    card = await zhao.expects_card("换班请审批")
    assert card.body["card"]["selects"], card.text
    option = card.body["card"]["selects"][0]["options"][1]
    reply = await zhao.says(f"不批准 #{await code_for('zhao')} {option['id']}")
    assert reply.startswith("换班请审批：赵小样未批准")
    reason = await db.fetch_value("SELECT reason FROM approvals")
    assert reason == option["text"]


@pytest.mark.parametrize("thief", ["liu", "sun", "song"])
async def test_a_code_is_of_no_use_to_others(hospital: Hospital, thief: str) -> None:
    sun, wang = hospital.phones("sun", "wang")
    await sun.says("换班 1214A 王")
    await wang.expects_card("想和您换班")
    await hospital.phone(thief).says(f"同意 #{await code_for('wang')}")
    assert await db.fetch_value("SELECT state FROM swaps") == "asked"


async def test_words_that_are_no_button_of_the_card_say_so(hospital: Hospital) -> None:
    sun, wang = hospital.phones("sun", "wang")
    await sun.says("换班 1214A 王")
    await wang.expects_card("想和您换班")
    reply = await wang.says(f"随便 #{await code_for('wang')}")
    assert reply == "这张卡片上没有这个选项，请照按钮上的文字写。"
    await wang.says(f"不方便 #{await code_for('wang')}")
    assert await db.fetch_value("SELECT state FROM swaps") == "declined"


async def test_the_same_words_twice_change_nothing_more(hospital: Hospital) -> None:
    sun, wang = hospital.phones("sun", "wang")
    await sun.says("换班 1214A 王")
    await wang.expects_card("想和您换班")
    words = f"同意 #{await code_for('wang')}"
    await wang.says(words)
    assert await wang.says(words) == "已经同意过了，正在等护士长批准。"
    assert await db.fetch_value("SELECT count(*) FROM approvals") == 1
