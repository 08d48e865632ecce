"""The console has a word for everything it may have to list."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

from bot import wire_form
from bot.app import read_rules
from bot.wiring import Services
from bot.work import Workshop
from models.callouts import AnswerState, CallKind, CallState
from models.candidates import Stage
from models.clock import ManualClock
from models.interviews import InterviewState
from models.ledger import DeliveryState
from models.outcomes import OutcomeKind, OutcomeState
from models.postings import PostingState
from models.shifts import RosterState
from services.candidate_facts import InvitationFacts
from services.console import case_timeline
from services.decline_reasons import DeclineReason
from services.import_drafts import Change, Kind, StaffingKind
from tests.support import hospital as hospitals
from web.words import named, placed

ROOT = Path(__file__).parents[2]


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


def test_everything_recruiting_lists_has_a_word(database_url: str) -> None:
    words = read_rules(hospitals.settings(database_url)).catalogue.words("console")
    assert set(PostingState) == set(words["postings"])
    assert set(Stage) == set(words["stages"])
    assert set(InterviewState) == set(words["interviews"])
    assert set(OutcomeKind) == set(words["outcome_kinds"])
    assert set(DeclineReason) == set(words["decline_reasons"])
    assert set(OutcomeState) == set(words["outcomes"])
    kinds = {*Kind, *StaffingKind}
    assert kinds == set(words["sheets"]) == set(words["sheet_heads"])
    assert kinds == set(words["sheet_columns"])
    assert set(Change) == set(words["changes"])
    assert set(Stage) <= set(words["cells"])
    missing = {field.name for field in fields(InvitationFacts)} - set(words["invitation_facts"])
    assert missing == set()
    events = set(re.findall(r", '([a-z_]+)'(?: AS event)?, ", case_timeline._TIMELINE))
    assert "applied" in events
    assert events == set(words["events"]) == set(case_timeline.ORDER)


def test_every_act_of_the_audit_log_has_a_word(database_url: str) -> None:
    """Read from the calls of `audit.record`: a name in full, or what it begins with."""
    words = read_rules(hospitals.settings(database_url)).catalogue.words("console")["actions"]
    named = set(_recorded())
    assert len(named) > 50, "the calls are found"
    assert {act for act in named if not act.endswith("*")} - set(words) == set()
    begun = {act[:-1] for act in named if act.endswith("*")}
    assert [act for act in begun if not any(word.startswith(act) for word in words)] == []


def _recorded() -> Iterator[str]:
    for folder in ("bot", "handlers", "scheduler", "services", "web"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield from _of_module(ast.parse(path.read_text("utf-8")))


def _of_module(module: ast.Module) -> Iterator[str]:
    for call in ast.walk(module):
        match call:
            case ast.Call(
                func=ast.Attribute(value=ast.Name("audit"), attr="record"),
                args=[_, _, ast.Constant(str(act)), *_],
            ):
                yield act
            case ast.Call(
                func=ast.Attribute(value=ast.Name("audit"), attr="record"),
                args=[_, _, ast.JoinedStr(values=[ast.Constant(str(act)), *_]), *_],
            ):
                yield f"{act}*"
            case _:
                pass


def test_a_problem_is_split_into_place_and_cure() -> None:
    cell = "第3行“10:00 周一”列(F3)：班次“X”不在本病区班次表里。"
    assert placed(cell) == ("第3行“10:00 周一”列(F3)", "班次“X”不在本病区班次表里。")
    assert placed("第4行：没有工号。") == ("第4行", "没有工号。")
    assert placed("F3：这一格显示为错误。") == ("F3", "这一格显示为错误。")
    assert placed("文件是空的。") == ("", "文件是空的。")
    assert named("李小样：只隔0小时") == ("李小样", "只隔0小时")
    assert named("没有名字") == ("", "没有名字")


def test_everything_of_call_outs_has_a_word(database_url: str) -> None:
    rules = read_rules(hospitals.settings(database_url))
    words = rules.catalogue.words("console")
    assert set(CallState) == set(words["call_states"])
    assert set(CallKind) == set(words["call_kinds"]) == set(words["call_kind_means"])
    assert set(AnswerState) == set(words["call_answers"])
