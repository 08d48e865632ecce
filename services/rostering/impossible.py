"""Why there is no roster, in words: where people are missing, who is away, what contradicts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from models.duties import duty_of
from models.rest import Change, Rule
from services.rest_rules import check_change
from services.rostering.findings import Finding, Texts, days_text
from services.rostering.model import Outcome
from services.rostering.near_rules import near_rules
from services.rostering.problem import Need, Nurse
from services.rostering.sums import Sums

SHOWN = 5  # kinds of places where people are missing


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
        """The fewest empty places, then who cannot fill them; equal days are said together."""
        places: dict[tuple[int, bool, int, int], list[date]] = {}
        away: dict[tuple[int, tuple[str, ...]], list[date]] = {}
        for index, missing in self.outcome.short:
            number, day = self.sums.needs[index]
            least = self.sums.hard[index].least or 0
            senior = (number, index) in self.sums.seniors
            places.setdefault((number, senior, least, least - missing), []).append(day)
            names = tuple(self._away(self.problem.needs[number], day))
            said = away.setdefault((number, names), []) if names else []
            said += [day] if day not in said else []
        yield from [self._place(*key, days) for key, days in list(places.items())[:SHOWN]]
        left = sum(len(days) for days in list(places.values())[SHOWN:])
        if left:
            yield self.texts["more"].format(count=left)
        for (number, names), days in list(away.items())[:SHOWN]:
            need = self.name_of(self.problem.needs[number])
            said_days, people = days_text(days), "、".join(names)
            yield self.texts["away"].format(date=said_days, need=need, names=people)

    def _place(self, number: int, senior: bool, least: int, most: int, days: list[date]) -> str:
        need = self.problem.needs[number]
        values = {
            "date": days_text(days),
            "each": self.texts["each"] if len(days) > 1 else "",
            "need": self.name_of(need),
            "level": need.level,
            "least": least,
            "most": most,
        }
        text: str = self.texts["short_senior" if senior else "short"].format_map(values)
        return text

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
