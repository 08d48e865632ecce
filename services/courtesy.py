"""Is a rejection decent, exact and lawful? And may this question be asked of a candidate?

Words are looked for in a folded text (half width, simplified, no spaces), so that spelling does
not hide them. Departments, professions and patients are no attributes of the candidate; neither
are the candidate's own name and the hospital's. 不限性别 and the like are accepted: they say that
the attribute plays no part.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from services.calendar_days import weekday_name
from services.courtesy_dates import Written, written_dates
from services.courtesy_rules import CourtesyRules, WordRule
from services.courtesy_text import Folded, fold

LONGEST = 2000
_GREETING = re.compile(r"(?:尊敬的|亲爱的)?([\u3400-\u9fff]{1,12}?)[,:!]?(?:您好|你好)")
_HONORIFIC = re.compile(
    r"^(?:尊敬的|亲爱的)?[\u3400-\u9fff]{1,4}(?:女士|先生|小姐)(?=您好|你好|[:,]您|:)"
)
_INSTITUTION = re.compile(r"(?:院|所|中心|站|集团)$")


@dataclass(frozen=True, slots=True)
class Finding:
    """`rule` is a key of `outcomes/courtesy.toml`; `words` are quoted as they were written."""

    rule: str
    words: tuple[str, ...] = ()
    expected: str = ""


@dataclass(frozen=True, slots=True)
class Rejected:
    """What the text must agree with. `address` is without 您好, `days` further dates it may name.

    `strength` and `reason` are what HR chose: they must stand in the text as they are.
    """

    name: str
    address: str
    hospital: str
    interviewed: date
    strength: str
    reason: str
    days: tuple[date, ...] = ()


def check_rejection(text: str, about: Rejected, rules: CourtesyRules) -> tuple[Finding, ...]:
    """Everything that must be mended before the text may be sent; empty when it may."""
    if len(text) > LONGEST:
        return (Finding("too_long", expected=str(LONGEST)),)
    folded = fold(text, rules.characters)
    names = _names(about, rules)
    return (
        *_words_found(folded.masked(names) if names else folded, rules.protected),
        *_words_found(folded, rules.wording),
        *_symbols(text, rules),
        *_emptiness(folded, about, rules),
        *_greeting(folded, about, rules),
        *_dates(folded, about),
    )


def check_question(text: str, rules: CourtesyRules) -> tuple[Finding, ...]:
    """The protected attributes a question to a candidate, or a wish for one, goes into."""
    if len(text) > LONGEST:
        return (Finding("too_long", expected=str(LONGEST)),)
    folded = fold(text, rules.characters).masked(_HONORIFIC)
    return tuple(_words_found(folded, rules.protected))


def describe_finding(
    finding: Finding,
    texts: Mapping[str, Mapping[str, str]],
    *,
    question: bool = False,
) -> str:
    """Words found, source and suggestion, from the parsed `outcomes/courtesy.toml`.

    Raises KeyError when a text or a placeholder is missing.
    """
    form, rule = texts["form"], finding.rule
    protected = rule in texts["sources"]
    quoted = "".join(form["quoted"].format(word=word) for word in finding.words)
    suggestion = ("question" if question else "protected") if protected else rule
    return form["finding"].format(
        said=texts["said"][rule].format(words=quoted, expected=finding.expected),
        source=texts["sources"].get(rule, texts["sources"]["courtesy"]),
        suggestion=texts["suggestions"][suggestion],
    )


def _names(about: Rejected, rules: CourtesyRules) -> re.Pattern[str] | None:
    """The candidate's and the hospital's own names say nothing about anybody."""
    names = [about.name, about.address]
    if _INSTITUTION.search(about.hospital):
        names.append(about.hospital)
    plain = [fold(name, rules.characters).text for name in names]
    return re.compile("|".join(re.escape(name) for name in plain if len(name) > 1) or "(?!)")


def _words_found(folded: Folded, rules: tuple[WordRule, ...]) -> Iterator[Finding]:
    for rule in rules:
        here = folded.masked(rule.allowed) if rule.allowed else folded
        words = [here.quote(*found.span()) for found in rule.found.finditer(here.text)]
        if words:
            yield Finding(rule.name, tuple(dict.fromkeys(words)))


def _symbols(text: str, rules: CourtesyRules) -> Iterator[Finding]:
    """What folding would take away: faces, and blanks left to fill."""
    sarcasm = next(rule for rule in rules.wording if rule.name == "sarcasm")
    faces = [found[0] for found in sarcasm.found.finditer(text) if not found[0].isalnum()]
    if faces:
        yield Finding("sarcasm", tuple(dict.fromkeys(faces)))
    blanks = [found[0] for found in rules.placeholders.finditer(text.lower())]
    if blanks:
        yield Finding("placeholder", tuple(dict.fromkeys(blanks)))


def _emptiness(folded: Folded, about: Rejected, rules: CourtesyRules) -> Iterator[Finding]:
    if not rules.thanks.search(folded.text):
        yield Finding("thanks_missing")
    if not rules.result.search(folded.text):
        yield Finding("result_missing")
    strength = fold(about.strength, rules.characters).text
    if not strength or strength not in folded.text:
        yield Finding("strength_missing", expected=about.strength)
    elif len(rules.empty_words.sub("", strength)) < 2:
        yield Finding("strength_vague", expected=about.strength)
    yield from _reason(folded, about, rules)


def _reason(folded: Folded, about: Rejected, rules: CourtesyRules) -> Iterator[Finding]:
    """Vague words pass only beside a concrete reason that stands in the text."""
    reason = fold(about.reason, rules.characters).text
    stands = bool(reason) and reason in folded.text
    of_the_job = rules.job_words.search(rules.vague.sub("", reason)) is not None
    if not stands:
        yield Finding("reason_missing", expected=about.reason)
    elif not of_the_job:
        yield Finding("reason_not_job", expected=about.reason)
    if not (stands and of_the_job):
        words = [folded.quote(*found.span()) for found in rules.vague.finditer(folded.text)]
        if words:
            yield Finding("vague", tuple(dict.fromkeys(words)))


def _greeting(folded: Folded, about: Rejected, rules: CourtesyRules) -> Iterator[Finding]:
    right = {fold(name, rules.characters).text for name in (about.address, about.name)}
    found = _GREETING.match(folded.text)
    if found and found[1] not in right:
        yield Finding("name_wrong", (folded.quote(*found.span(1)),), about.address)
    elif not any(name in folded.text for name in right):
        yield Finding("name_missing", expected=about.address)


def _dates(folded: Folded, about: Rejected) -> Iterator[Finding]:
    """The interview's day must stand there; no other day may but those named in `days`.

    A day without its year that fits both means the interview's.
    """
    found = tuple(written_dates(folded.text))
    expected = f"{about.interviewed.month}月{about.interviewed.day}日"
    known = (about.interviewed, *about.days)
    wrong = [written for written in found if not any(map(written.fits, known))]
    if wrong:
        yield Finding("date_wrong", _quotes(folded, wrong), expected)
    elif not any(written.fits(about.interviewed) for written in found):
        yield Finding("date_missing", expected=expected)
    for written in found:
        meant = next((day for day in known if written.fits(day)), None)
        if meant and not written.weekday_fits(meant):
            yield Finding("weekday_wrong", _quotes(folded, [written]), weekday_name(meant))


def _quotes(folded: Folded, dates: list[Written]) -> tuple[str, ...]:
    return tuple(folded.quote(written.start, written.end) for written in dates)
