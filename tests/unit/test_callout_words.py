"""What launchers write, taken apart; and when people say they come."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest

from bot.routes import all_routes
from config import policies
from handlers.callout_words import Pieces, Unclear, changed, read_eta, read_pieces, wish_of
from models.callouts import CallKind
from models.clock import SHANGHAI
from services.callout_wish import place_key
from services.licence_kinds import load_licence_kinds
from services.skills import Skills, load_skills

NOW = datetime(2026, 12, 7, 12, 0, tzinfo=SHANGHAI)
LASTS = timedelta(hours=8)


@pytest.fixture(scope="module")
def skills() -> Skills:
    kinds = load_licence_kinds(policies.read("licence_kinds.toml"))
    return load_skills(policies.read("skills.toml"), kinds)


def at(hour: int, minute: int = 0, day: int = 7) -> datetime:
    return datetime(2026, 12, day, hour, minute, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("text", "place", "needed", "skill", "report_at"),
    [
        ("楼东 20 重症 14:00到", "楼东", 20, "icu", at(14)),
        ("楼东 20人 重症 14:00到", "楼东", 20, "icu", at(14)),
        ("楼东，20名，ICU护士，14：00到", "楼东", 20, "icu", at(14)),
        ("楼东 要20名 重症护士 下午2点前到", "楼东", 20, "icu", at(14)),
        ("3号楼 5人 急诊 14点半到", "3号楼", 5, "emergency", at(14, 30)),
        ("楼东 20 重症 2小时内到", "楼东", 20, "icu", at(14)),
        ("楼东 20 半小时内到", "楼东", 20, "", at(12, 30)),
        ("楼东 20 重症 一个半小时内到", "楼东", 20, "icu", at(13, 30)),
        ("门诊 二楼 3人 护士 明天8:00到", "门诊 二楼", 3, "nurse", at(8, 0, 8)),
        ("楼东 20 重症 11:00到", "楼东", 20, "icu", at(11, 0, 8)),
        ("楼东 20 重症 14:00", "楼东", 20, "icu", at(14)),
        ("20人 重症 14:00到 楼东", "楼东", 20, "icu", at(14)),
    ],
)
def test_sentences(
    skills: Skills, text: str, place: str, needed: int, skill: str, report_at: datetime
) -> None:
    wish = wish_of(read_pieces(normal(text), skills, NOW), LASTS)
    assert (wish.place, wish.needed, wish.skill) == (place, needed, skill)
    assert wish.report_at == report_at
    assert wish.ends_at == report_at + LASTS
    assert wish.kind is CallKind.VOLUNTARY


@pytest.mark.parametrize(
    ("text", "place", "reason"),
    [
        ("楼东 3人 重症 14:00到 批量伤员", "楼东", "批量伤员"),
        ("楼东 3人 14:00到 重症", "楼东", ""),  # a skill is none
        ("3人 重症 14:00到 楼东", "楼东", ""),  # a place is none
        ("门诊 二楼 3人 重症 14:00到 原因 停电", "门诊 二楼", "停电"),
    ],
)
def test_a_word_after_the_time_says_why(
    skills: Skills, text: str, place: str, reason: str
) -> None:
    wish = wish_of(read_pieces(normal(text), skills, NOW), LASTS)
    assert (wish.place, wish.reason) == (place, reason)


def normal(text: str) -> str:
    """As the router passes it on."""
    return re.sub(r"\s+", " ", text.replace("，", ",").replace("：", ":"))


def test_kind_end_and_reason(skills: Skills) -> None:
    text = "指令 楼东 20人 重症 14:00到 到22:00 原因 批量伤员，10人"
    wish = wish_of(read_pieces(text, skills, NOW), LASTS)
    assert wish.kind is CallKind.ORDERED
    assert (wish.report_at, wish.ends_at) == (at(14), at(22))
    assert wish.reason == "批量伤员，10人"
    drill = wish_of(read_pieces("演练 楼东 20人 14:00到 支援4小时", skills, NOW), LASTS)
    assert drill.kind is CallKind.DRILL
    assert drill.ends_at == at(18)
    night = wish_of(read_pieces("楼东 2人 22:00到 到6:00", skills, NOW), LASTS)
    assert night.ends_at == at(6, 0, 8)


@pytest.mark.parametrize(
    ("text", "missing"),
    [("", "place"), ("20 14:00到", "place"), ("楼东 14:00到", "needed"), ("楼东 20", "time"),
     ("楼东 20 重症 25:00到", "time")],
)  # fmt: skip
def test_what_is_missing_is_named(skills: Skills, text: str, missing: str) -> None:
    with pytest.raises(Unclear, match=missing):
        wish_of(read_pieces(text, skills, NOW), LASTS)


def test_a_change_keeps_what_is_not_said(skills: Skills) -> None:
    wish = wish_of(read_pieces("楼东 20 重症 14:00到", skills, NOW), LASTS)
    other = changed(wish, read_pieces("30人 15:00到", skills, NOW))
    assert (other.place, other.needed, other.skill) == ("楼东", 30, "icu")
    assert (other.report_at, other.ends_at) == (at(15), at(23))
    with pytest.raises(Unclear):
        changed(wish, Pieces())


@pytest.mark.parametrize(
    ("text", "eta"),
    [
        ("我40分钟到", at(12, 40)),
        ("40分钟到", at(12, 40)),
        ("我大概半小时后到", at(12, 30)),
        ("一个半小时到", at(13, 30)),
        ("我14:40到", at(14, 40)),
        ("下午两点到", None),
        ("我下午2点半能到医院", at(14, 30)),
        ("晚点到，还要20分钟到", at(12, 20)),
    ],
)
def test_when_somebody_comes(text: str, eta: datetime | None) -> None:
    found = all_routes().patterns
    matching = [route for one, route in found.items() if one.fullmatch(normal(text))]
    assert bool(matching) == (eta is not None)
    if eta is not None:
        assert read_eta(normal(text), NOW) == eta


@pytest.mark.parametrize(
    "text", ["我的班", "我到了", "到", "14:40", "我40分钟到不了", "明天到" * 9]
)
def test_what_is_no_time_of_coming_is_left_to_others(text: str) -> None:
    assert not any(one.fullmatch(text) for one in all_routes().patterns)


def test_a_place_is_the_same_however_it_is_written() -> None:
    same = {place_key(CallKind.VOLUNTARY, text) for text in ("楼东", " 楼 东 ", "楼-东", "楼东。")}
    assert len(same) == 1
    assert place_key(CallKind.DRILL, "楼东") not in same
    assert place_key(CallKind.ORDERED, "Ｂ区") == place_key(CallKind.VOLUNTARY, "b区")
