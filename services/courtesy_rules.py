"""The words of the courtesy check, read once from the parsed `courtesy.toml`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True, slots=True)
class WordRule:
    """What `found` matches is refused, unless it lies within what `allowed` matches."""

    name: str
    found: re.Pattern[str]
    allowed: re.Pattern[str] | None = None


@dataclass(frozen=True, slots=True)
class CourtesyRules:
    """`protected` holds for rejections and questions; everything else for rejections."""

    protected: tuple[WordRule, ...]
    wording: tuple[WordRule, ...]
    vague: re.Pattern[str]
    thanks: re.Pattern[str]
    result: re.Pattern[str]
    placeholders: re.Pattern[str]
    job_words: re.Pattern[str]
    empty_words: re.Pattern[str]
    characters: Mapping[int, str]


def load_courtesy_rules(data: Mapping[str, Mapping[str, object]]) -> CourtesyRules:
    """Raises ValueError naming the table and pattern that is wrong, KeyError for a missing one."""
    vague = data["vague"]
    literal = {
        key: sorted(map(re.escape, _texts(vague[key], key)), key=len, reverse=True)
        for key in ("job_words", "empty_words")
    }
    return CourtesyRules(
        protected=_rules(data["protected"]),
        wording=_rules(data["wording"]),
        vague=_pattern(vague["patterns"], "vague"),
        thanks=_pattern(vague["thanks"], "thanks"),
        result=_pattern(vague["result"], "result"),
        placeholders=_pattern(vague["placeholders"], "placeholders"),
        job_words=_pattern(literal["job_words"], "job_words"),
        empty_words=_pattern(literal["empty_words"], "empty_words"),
        characters=_characters(data["characters"]),
    )


def _rules(tables: Mapping[str, object]) -> tuple[WordRule, ...]:
    rules = []
    for name, table in tables.items():
        if not isinstance(table, Mapping):
            raise ValueError(f"courtesy.toml: {name} is no table")
        allowed = table.get("allowed")
        found = _pattern(table["patterns"], name)
        rules.append(WordRule(name, found, _pattern(allowed, name) if allowed else None))
    return tuple(rules)


def _pattern(value: object, name: str) -> re.Pattern[str]:
    return _compiled(tuple(_texts(value, name)), name)


@cache
def _compiled(texts: tuple[str, ...], name: str) -> re.Pattern[str]:
    for text in texts:
        try:
            re.compile(text)
        except re.error as error:
            raise ValueError(f"courtesy.toml: {name}: {text!r}: {error}") from error
    return re.compile("|".join(f"(?:{text})" for text in texts))


def _texts(value: object, name: str) -> Sequence[str]:
    if not isinstance(value, Sequence) or isinstance(value, str) or not value:
        raise ValueError(f"courtesy.toml: {name} is a list of texts, not {value!r}")
    return [str(text) for text in value]


def _characters(table: Mapping[str, object]) -> Mapping[int, str]:
    traditional, simplified = str(table["traditional"]), str(table["simplified"])
    if len(traditional) != len(simplified):
        raise ValueError("courtesy.toml: traditional and simplified differ in length")
    pairs = dict(zip(map(ord, traditional), simplified, strict=True))
    return {**pairs, ord("未"): "没", ord("沒"): "没"}
