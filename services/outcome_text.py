"""Results in words: written from facts, judged before anybody approves them.

What is approved is what is sent, so a text is first brought into the form in which every channel
carries it unchanged, and kept short enough for the shortest of them.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from message_templates.catalogue import Catalogue
from message_templates.environment import clock_time, day, harmless, local_day
from models.clock import SHANGHAI, Clock
from models.outcomes import OutcomeKind
from services.candidate_facts import FactsMissing, OfferFacts, RejectionFacts, facts_for
from services.courtesy import Finding, Rejected, check_question, check_rejection, describe_finding
from services.courtesy_rules import CourtesyRules
from services.courtesy_text import fold
from services.hospital import Hospital
from services.interviewed import Interviewed
from services.refusals import Refusal
from services.salutation import AddressRules
from services.score_notes import ScoreNote

# A message of WeCom and of customer service takes 2048 bytes (D90236, D94677), and the approver
# gets the text with a heading of ours.
MOST_BYTES = 1800
CODE = 6  # characters of the hash by which a text and its card are told to belong together
LONGEST_KEPT = 3  # years a CV may be offered to be kept
TEMPLATES = {
    OutcomeKind.REJECTED: "outcomes/drafts/rejection",
    OutcomeKind.PASSED: "outcomes/drafts/offer",
}


@dataclass(frozen=True, slots=True)
class OutcomeDraft:
    """`findings` are sentences that say what must be mended; empty when it may be prepared.

    `facts` are those it was written from, the computed ones too, as they go back in.
    """

    text: str
    findings: tuple[str, ...]
    facts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Case:
    """What a text is judged against."""

    interview: Interviewed
    kind: OutcomeKind
    facts: RejectionFacts | OfferFacts


class OutcomeTexts:
    def __init__(
        self,
        catalogue: Catalogue,
        rules: CourtesyRules,
        address_rules: AddressRules,
        hospital: Hospital,
        clock: Clock,
    ) -> None:
        self.catalogue = catalogue
        self.rules = rules
        self.address_rules = address_rules
        self.hospital = hospital
        self.clock = clock

    def case(self, interview: Interviewed, kind: OutcomeKind, given: Mapping[str, str]) -> Case:
        """Raises Refusal: a day that is none, or no interview that could be written about."""
        if interview.starts_at is None or interview.erased:
            raise Refusal("interview_unknown")
        build = self._rejection if kind == OutcomeKind.REJECTED else self._offer
        return Case(interview, kind, build(interview, interview.starts_at, given))

    def _rejection(
        self, interview: Interviewed, starts: datetime, given: Mapping[str, str]
    ) -> RejectionFacts:
        return RejectionFacts(
            address=interview.address(self.address_rules),
            interviewed=starts,
            hospital=self.hospital.name,
            post=interview.post,
            strength=given.get("strength", "").strip(),
            requirement=given.get("requirement", "").strip(),
            experience=given.get("experience", "").strip(),
            advice=given.get("advice", "").strip(),
            keep_until=self._keep_until(given),
            office=interview.office,
            phone=interview.facts.get("phone", ""),
        )

    def _offer(
        self, interview: Interviewed, starts: datetime, given: Mapping[str, str]
    ) -> OfferFacts:
        return OfferFacts(
            address=interview.address(self.address_rules),
            interviewed=starts,
            hospital=self.hospital.name,
            post=interview.post,
            next_step=given.get("next_step", "").strip().rstrip("。"),
            answer_by=self._answer_by(given),
            contact=given.get("contact", "").strip() or interview.facts.get("contact", ""),
            phone=interview.facts.get("phone", ""),
            office=interview.office,
        )

    def write(self, case: Case) -> str:
        """The text of these facts. Raises Refusal("outcome_facts_missing")."""
        try:
            facts = facts_for(case.facts)
        except FactsMissing as missing:
            names = self.catalogue.words("outcomes/facts")
            raise Refusal(
                "outcome_facts_missing", names=[names[name] for name in missing.names]
            ) from missing
        return canonical(self.catalogue.text(TEMPLATES[case.kind], facts).content)

    def judge(self, case: Case, text: str) -> tuple[str, ...]:
        """What must be mended before it may be approved, each with its source and a way on."""
        texts = self.catalogue.words("outcomes/courtesy")
        return tuple(describe_finding(finding, texts) for finding in self._findings(case, text))

    def _findings(self, case: Case, text: str) -> Iterator[Finding]:
        if len(text.encode()) > MOST_BYTES:
            yield Finding("too_long", expected=str(MOST_BYTES // 3))
            return
        if isinstance(case.facts, RejectionFacts):
            yield from check_rejection(text, self._rejected(case, case.facts), self.rules)
            yield from _choice(text, case.facts)
        else:
            yield from check_question(text, self.rules)
            yield from _offer(text, case.facts)

    def _rejected(self, case: Case, facts: RejectionFacts) -> Rejected:
        return Rejected(
            name=case.interview.name,
            address=facts.address,
            hospital=facts.hospital,
            interviewed=local_day(facts.interviewed),
            strength=facts.strength,
            reason=facts.requirement,
            days=(facts.keep_until,),
        )

    def noted(self, strength: str, notes: Mapping[int, ScoreNote]) -> bool:
        """Whether an interviewer really wrote of this strength."""
        wanted = fold(strength, self.rules.characters).text
        return bool(wanted) and any(
            wanted in fold(f"{note.strength}\n{note.comment}", self.rules.characters).text
            for note in notes.values()
        )

    def _keep_until(self, given: Mapping[str, str]) -> date:
        """The day that was drafted, else a year from today."""
        today = self.clock.now().astimezone(SHANGHAI).date()
        if not given.get("keep_until"):
            return _years_on(today, 1)
        until = _day(given["keep_until"])
        if not today < until <= _years_on(today, LONGEST_KEPT):
            raise Refusal("outcome_day", years=LONGEST_KEPT)
        return until

    def _answer_by(self, given: Mapping[str, str]) -> datetime:
        """The moment HR chose; it must lie ahead. Raises Refusal."""
        if not given.get("answer_by"):
            raise Refusal(
                "outcome_facts_missing",
                names=[self.catalogue.words("outcomes/facts")["answer_by"]],
            )
        try:
            at = datetime.fromisoformat(given["answer_by"])
        except ValueError as error:
            raise Refusal("outcome_day", years=LONGEST_KEPT) from error
        at = at if at.tzinfo else at.replace(tzinfo=SHANGHAI)
        if at <= self.clock.now():
            raise Refusal("outcome_day", years=LONGEST_KEPT)
        return at


_REJECTION = ("strength", "requirement", "experience", "advice")


def as_given(case: Case) -> dict[str, str]:
    """The facts HR gave or that were computed for them, as JSON-able texts."""
    facts = case.facts
    if isinstance(facts, RejectionFacts):
        said = {key: getattr(facts, key) for key in _REJECTION}
        return said | {"keep_until": facts.keep_until.isoformat()}
    return {
        "next_step": facts.next_step,
        "answer_by": facts.answer_by.astimezone(SHANGHAI).isoformat(),
        "contact": facts.contact,
    }


def canonical(text: str) -> str:
    """The form that no template and no channel changes: plain lines without hidden characters."""
    lines = "\n".join(unicodedata.normalize("NFC", text).splitlines())
    plain = "".join(
        letter if letter == "\n" else " " if letter == "\t" else letter
        for letter in lines
        if letter in "\n\t" or not unicodedata.category(letter).startswith("C")
    )
    kept = "\n".join(line.rstrip() for line in plain.split("\n")).strip()
    return str(harmless(kept))


def hash_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def code_of(text_hash: str) -> str:
    """7F3A21: stands on the text and on its card."""
    return text_hash[:CODE].upper()


def printed(until: date) -> str:
    """As the rejection prints it: 2027年11月25日."""
    return f"{until.year}年{until.month}月{until.day}日"


def _choice(text: str, facts: RejectionFacts) -> Iterator[Finding]:
    """The question about the CV is part of every rejection: later answers refer to it."""
    missing = [part for part in ("回复1", "回复2", printed(facts.keep_until)) if part not in text]
    if missing:
        yield Finding("choice_missing", expected="、".join(missing))


def _offer(text: str, facts: OfferFacts) -> Iterator[Finding]:
    until = f"{day(facts.answer_by)}{clock_time(facts.answer_by)}"
    if until not in text:
        yield Finding("answer_by_missing", expected=until)
    if facts.phone not in text:
        yield Finding("contact_missing", expected=facts.phone)
    if facts.address not in text:
        yield Finding("name_missing", expected=facts.address)


def _years_on(today: date, years: int) -> date:
    try:
        return today.replace(year=today.year + years)
    except ValueError:  # 29 February
        return today.replace(year=today.year + years, day=28)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Refusal("outcome_day", years=LONGEST_KEPT) from error
