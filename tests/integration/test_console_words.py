"""The console has a word for everything it may have to list."""

from __future__ import annotations

from bot import wire_form
from bot.app import read_rules
from bot.wiring import Services
from bot.work import Workshop
from models.clock import ManualClock
from models.ledger import DeliveryState
from models.shifts import RosterState
from tests.support import hospital as hospitals
from web.words import named, placed


async def test_everything_listed_has_a_word(
    services: Services, database_url: str, clock: ManualClock
) -> None:
    rules = read_rules(hospitals.settings(database_url))
    words = rules.catalogue.words("console")
    workshop = Workshop(database_url, services, rules, {}, clock)
    assert {purpose.name for purpose in services.ledger.purposes} <= set(words["purposes"])
    assert set(DeliveryState) == set(words["states"])
    assert set(RosterState) == set(words["rosters"])
    assert set(wire_form.KINDS) == set(words["kinds"])
    assert set(workshop.ticks.ticks) <= set(words["ticks"])


def test_a_problem_is_split_into_place_and_cure() -> None:
    cell = "第3行“10:00 周一”列(F3):班次“X”不在本病区班次表里。"
    assert placed(cell) == ("第3行“10:00 周一”列(F3)", "班次“X”不在本病区班次表里。")
    assert placed("第4行:没有工号。") == ("第4行", "没有工号。")
    assert placed("F3:这一格显示为错误。") == ("F3", "这一格显示为错误。")
    assert placed("文件是空的。") == ("", "文件是空的。")
    assert named("李小样:只隔0小时") == ("李小样", "只隔0小时")
    assert named("没有名字") == ("", "没有名字")
