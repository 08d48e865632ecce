"""The evening before: who is told, what, when, and what happens with those who do not answer."""

from __future__ import annotations

from tests.support.hospital import Hospital, beyond_the_robot
from tests.support.minutes import said_at


async def test_each_nurse_on_duty_tomorrow_is_told_once_and_nobody_else(
    hospital: Hospital,
) -> None:
    on_duty = await hospital.rows(
        "SELECT i.user_id, s.hours FROM shifts s JOIN identities i ON i.person_id = s.person_id "
        "WHERE s.state = 'planned' AND s.starts_at >= '2026-12-07T16:00Z' "
        "AND s.starts_at < '2026-12-08T16:00Z'"
    )
    assert len(on_duty) == 8
    await hospital.at("20:30")
    for row in on_duty:
        message = await hospital.phone(row["user_id"]).expects_card("12月8日(周二)")
        assert row["hours"] in message.text
        assert "重症医学科" in message.text
    await hospital.expects_nothing_else()


async def test_nothing_is_sent_before_the_window_opens(hospital: Hospital) -> None:
    await hospital.at("20:00")
    await hospital.expects_nothing_else()


async def test_a_tap_on_received_greys_the_card_and_stops_the_nag(hospital: Hospital) -> None:
    await hospital.at("20:31")
    rows = await hospital.rows(
        "SELECT i.user_id FROM asks a JOIN identities i ON i.person_id = a.person_id"
    )
    for row in rows:
        card = await hospital.phone(row["user_id"]).expects_card("收到")
        assert said_at("已收到 20:31", await card.tap("收到"))
        assert "[收到]" not in await card.shows()
    await hospital.at("21:40")
    await hospital.expects_nothing_else()


async def test_the_silent_are_nagged_at_nine_and_listed_once_at_half_past(
    hospital: Hospital,
) -> None:
    await hospital.at("20:31")
    await hospital.reads()
    await hospital.at("21:05")
    silent = [p for p in await hospital.get("/sim/phones") if p["unread"]]
    assert len(silent) == 8
    await hospital.reads()
    await hospital.at("21:45")
    report = await hospital.phone("zhao").expects("8人已提醒，8人还没确认")
    assert "李小样" not in report.text or "12月8日" in report.text
    await hospital.at("22:30")
    await hospital.expects_nothing_else()


@beyond_the_robot
async def test_received_may_be_written_as_well_as_tapped(hospital: Hospital) -> None:
    li = hospital.phone("li")
    assert "没有等您确认的排班" in await li.says("收到")
    await hospital.at("20:31")
    card = await li.expects_card("12月8日(周二)")
    assert "12月8日(周二) 中班 16:00–24:00" in await li.says("好的")
    assert "已收到" in await card.shows()
