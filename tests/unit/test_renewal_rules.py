"""What a new date of a licence may be."""

from __future__ import annotations

from datetime import date

import pytest

from services.licence_kinds import LicenceKind
from services.offices import Office
from services.renewal_rules import OnRecord, judge, looks_short, with_cycle
from services.renewal_words import Claim

TODAY = date(2026, 12, 7)
NURSE = LicenceKind(
    "nurse", ("护士执业证书",), 5, False, 30, (), 0, 0, True, Office.NURSING, (), ""
)
CYCLE = LicenceKind("check", ("定期考核",), 3, True, 0, (), 0, 0, False, Office.MEDICAL, (), "")
ENDLESS = LicenceKind("q", ("资格证",), None, False, 0, (), 0, 0, False, Office.NURSING, (), "")
RECORD = OnRecord(date(2027, 1, 10))


@pytest.mark.parametrize(
    ("kind", "record", "claim", "problem"),
    [
        (NURSE, RECORD, Claim(end=date(2032, 1, 10)), None),
        (NURSE, RECORD, Claim(end=date(2032, 1, 31)), None),
        (NURSE, RECORD, Claim(end=date(2027, 1, 11)), None),
        (NURSE, RECORD, Claim(end=date(2027, 1, 10)), "renewal_not_later"),
        (NURSE, RECORD, Claim(end=date(2026, 12, 31)), "renewal_not_later"),
        (NURSE, RECORD, Claim(end=date(2026, 12, 6)), "renewal_past"),
        (NURSE, None, Claim(end=TODAY), None),
        (NURSE, RECORD, Claim(end=date(2032, 3, 1)), "renewal_too_long"),
        (NURSE, None, Claim(end=date(2031, 12, 7)), None),
        (NURSE, None, Claim(end=date(2041, 10, 31)), "renewal_too_long"),
        (NURSE, RECORD, Claim(perpetual=True), "renewal_has_term"),
        (NURSE, None, Claim(perpetual=True), "renewal_has_term"),
        (NURSE, OnRecord(date(2024, 2, 29)), Claim(end=date(2031, 12, 7)), None),
        (ENDLESS, None, Claim(perpetual=True), None),
        (ENDLESS, None, Claim(end=date(2060, 1, 1)), None),
        (ENDLESS, OnRecord(perpetual=True), Claim(perpetual=True), None),
        (ENDLESS, OnRecord(perpetual=True), Claim(end=date(2060, 1, 1)), "renewal_was_perpetual"),
        (NURSE, OnRecord(), Claim(end=date(2031, 12, 7)), None),
    ],
)
def test_a_claim_is_judged_against_kind_and_record(
    kind: LicenceKind, record: OnRecord | None, claim: Claim, problem: str | None
) -> None:
    found = judge(kind, record, claim, TODAY)
    assert (found.key if found else None) == problem


def test_a_cycle_counts_from_the_day_it_was_done() -> None:
    done = with_cycle(Claim(began=date(2026, 11, 20)), CYCLE, TODAY)
    assert (done.end, done.began) == (date(2029, 11, 19), date(2026, 11, 20))
    assert with_cycle(Claim(end=date(2026, 11, 20)), CYCLE, TODAY).end == date(2029, 11, 19)
    assert with_cycle(Claim(end=date(2029, 6, 1)), CYCLE, TODAY).end == date(2029, 6, 1)
    assert with_cycle(Claim(end=date(2026, 11, 20)), NURSE, TODAY).end == date(2026, 11, 20)


def test_a_term_much_shorter_than_usual_is_worth_a_look() -> None:
    assert looks_short(NURSE, RECORD, date(2028, 1, 10))
    assert not looks_short(NURSE, RECORD, date(2031, 12, 7))
    assert not looks_short(NURSE, None, date(2027, 1, 10))
    assert not looks_short(ENDLESS, RECORD, date(2027, 1, 11))
