"""Why there is no roster, in words: where people are missing, who is away, what contradicts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from models.duties import duty_of
from models.rest import Change, Rule
from services.rest_rules import check_change
from services.rostering.findings import Finding, Texts, day_text
from services.rostering.model import Outcome
from services.rostering.near_rules import near_rules
from services.rostering.problem import Need, Nurse
from services.rostering.sums import Sums

SHOWN = 5  # places where people are missing


class Explaining:
    """`rules` is rules/rest_rules.toml, parsed: it has the short names of the rules."""

    def __init__(self, sums: Sums, outcome: Outcome, texts: Texts, rules: Texts) -> None:
        self.sums = sums
        self.problem = sums.problem
        self.outcome = outcome
        self.texts: Texts = texts["impossible"]
        self.limits: Texts = texts["rules"]
        self.barred: Texts = texts["barred"]
        self.kinds: Texts = texts["kinds"]
        self.names: Texts = rules["names"]

    def findings(self) -> list[Finding]:
        said = [*self._short(), *self._together(), self.texts["cure"]]
        return [Finding(text) for text in said]

    def name_of(self, need: Need) -> str:
        """夜班, N班: a kind of shift or a code, as one says it."""
        return str(self.kinds.get(need.name, f"{need.name.removesuffix('班')}班"))

    def _short(self) -> Iterator[str]:
        """The fewest empty places, and for each day who cannot fill them."""
        told: set[tuple[int, date]] = set()
        for index, missing in self.outcome.short[:SHOWN]:
            number, day = self.sums.needs[index]
            need, least = self.problem.needs[number], self.sums.hard[index].least or 0
            senior = (number, index) in self.sums.seniors
            yield self.texts["short_senior" if senior else "short"].format(
                date=day_text(day),
                need=self.name_of(need),
                level=need.level,
                least=least,
                most=least - missing,
            )
            away = list(self._away(need, day)) if (number, day) not in told else []
            told.add((number, day))
            if away:
                names = "、".join(away)
                place = day_text(day)
                yield self.texts["away"].format(date=place, need=self.name_of(need), names=names)
        if len(self.outcome.short) > SHOWN:
            yield self.texts["more"].format(count=len(self.outcome.short) - SHOWN)

    def _away(self, need: Need, day: date) -> Iterator[str]:
        for nurse in self.problem.nurses:
            if day in nurse.leave:
                yield self.texts["leave"].format(name=nurse.name, label=nurse.leave[day])
            elif rule := self._barred(nurse, need, day):
                named = self.barred.get(rule.rule, self.names[rule.rule])
                yield self.texts["because"].format(name=nurse.name, rule=named)

    def _barred(self, nurse: Nurse, need: Need, day: date) -> Rule | None:
        """The hard rule that keeps them from every code that would count on this day."""
        rules = near_rules(self.problem.rules)
        near = [d for d in nurse.fixed if abs(d.day - day) <= timedelta(days=3)]
        found: Rule | None = None
        for use in self.problem.uses:
            if use.label not in need.codes:
                continue
            duty = duty_of(use, day)
            assert duty is not None
            broken = check_change(near, Change(add=(duty,)), nurse.conditions, rules)
            hard = next((violation.rule for violation in broken if violation.hard), None)
            if hard is None:
                return None
            found = hard
        return found

    def _together(self) -> Iterator[str]:
        groups = [text for group in self.outcome.groups if (text := self._group(group))]
        if groups:
            yield self.texts["together"] + "；".join(groups) + "。"

    def _group(self, group: str) -> str:
        kind, _, name = group.partition(":")
        if kind == "need":
            return self._need(self.problem.needs[int(name)])
        rule = next((rule for rule in self.problem.rules if rule.rule == name), None)
        if rule is None:
            return ""
        values: dict[str, Any] = {"limit": f"{rule.limit:g}", "days": rule.days}
        text: str = self.limits.get(name, self.names.get(name, name))
        return text.format_map(values)

    def _need(self, need: Need) -> str:
        days = ""
        if len(need.weekdays) < 7:
            days = "(周" + "、".join("一二三四五六日"[day] for day in sorted(need.weekdays)) + ")"
        senior = ""
        if need.senior:
            senior = self.texts["senior"].format(level=need.level, count=need.senior)
        return str(
            self.texts["need"].format(
                need=self.name_of(need), days=days, least=need.least, senior=senior
            )
        )
