"""The labelled texts: `cases.toml` put into a decent rejection, and questions as they are."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from services.courtesy import Finding, Rejected, check_question, check_rejection
from services.courtesy_rules import load_courtesy_rules
from tests.unit.sheet_cases import ROOT

RAW = tomllib.loads((ROOT / "config/policies/courtesy.toml").read_text("utf-8"))
RULES = load_courtesy_rules(RAW)
TEXTS: dict[str, dict[str, str]] = tomllib.loads(
    (ROOT / "message_templates/zh_CN/outcomes/courtesy.toml").read_text("utf-8")
)
ABOUT = Rejected(
    name="李一",
    address="李护士",
    hospital="示例医院",
    interviewed=date(2026, 11, 25),
    strength="急诊分诊",
    reason="需要轮值夜班",
    days=(date(2027, 11, 25),),
)
DECENT = {
    "greeting": "李护士您好：",
    "thanks": "感谢您11月25日来示例医院参加急诊科护士面试。",
    "strength": "您在急诊分诊方面给面试组留下了很好的印象。",
    "extra": "",
    "reason": "本次岗位需要轮值夜班，与您目前以白班为主的经历不完全匹配，",
    "result": "因此这次未能录用，非常抱歉。",
    "close": "祝您工作顺利。示例医院人事处 0512-60000000",
}


@dataclass(frozen=True, slots=True)
class Case:
    """`rule` is what must be found; "" when nothing may be."""

    rule: str
    text: str
    question: bool = False

    def findings(self) -> tuple[Finding, ...]:
        if self.question:
            return check_question(self.text, RULES)
        return check_rejection(self.text, ABOUT, RULES)

    def is_right(self) -> bool:
        found = {finding.rule for finding in self.findings()}
        return self.rule in found if self.rule else not found


def decent(**changed: str) -> str:
    return "".join({**DECENT, **changed}.values())


def cases() -> Iterator[Case]:
    raw: dict[str, Any] = tomllib.loads((Path(__file__).parent / "cases.toml").read_text("utf-8"))
    for part in (raw, raw["second"], raw["third"], raw["fourth"]):
        for rule, sentences in part["refuse"].items():
            yield from (Case(rule, decent(extra=sentence)) for sentence in sentences)
        for sentences in part["accept"].values():
            yield from (Case("", decent(extra=sentence)) for sentence in sentences)
    for label, questions in raw["questions"].items():
        rule = label.removeprefix("refuse_").removeprefix("accept")
        yield from (Case(rule, question, question=True) for question in questions)
    for whole in raw["whole"]:
        changed = dict(whole.get("swap", {}))
        if "drop" in whole:
            changed[whole["drop"]] = ""
        yield Case(whole["rule"], decent(**changed))
