"""The monthly report against months made by hand: each number was counted on paper first."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot import database
from models import db
from services.decline_reasons import DeclineReason
from services.recruiting_numbers import Counts, Fate, Metric, Month, Share
from services.recruiting_report import count
from tests.support.recruiting_month import Bench, at

NOVEMBER = Month(2026, 11)
NOW = at(1, 9, 10, month=12)


@pytest.fixture
async def bench(empty_url: str) -> AsyncIterator[Bench]:
    async with database.opened(empty_url):
        yield await Bench.of()


async def total(month: Month = NOVEMBER) -> Counts:
    return (await count(month, NOW)).total


def shares(counts: Counts) -> dict[str, tuple[int, int]]:
    found = {metric: counts.share(metric) for metric in Metric}
    return {metric.value: (share.part, share.whole) for metric, share in found.items()}


async def test_a_month_without_anything_says_so_and_divides_nothing(bench: Bench) -> None:
    report = await count(NOVEMBER, NOW)
    assert report.empty
    assert report.units == ()
    assert set(shares(report.total).values()) == {(0, 0)}
    assert report.total.share(Metric.SHOWN).percent is None


async def test_shown_are_those_somebody_said_came_of_all_confirmed(bench: Bench) -> None:
    for day in (3, 4, 5):
        await bench.interview("急诊科", "held", at(day, 9))
    await bench.interview("急诊科", "confirmed", at(6, 9), arrived=at(6, 8, 50))  # came, still in
    await bench.interview("急诊科", "no_show", at(6, 10))
    await bench.interview("急诊科", "confirmed", at(6, 11))  # nobody said anything
    for state in ("invited", "choosing", "declined", "cancelled", "expired"):
        await bench.interview("急诊科", state, at(7, 9))  # never due
    found = await total()
    assert (found.interviews, found.attended, found.absent, found.unrecorded) == (6, 4, 1, 1)
    assert found.share(Metric.SHOWN) == Share(4, 6)
    assert found.share(Metric.SHOWN).percent == 67


async def test_a_month_ends_at_midnight_in_shanghai(bench: Bench) -> None:
    await bench.interview("急诊科", "held", at(30, 23, 59), minutes=1)  # 15:59 UTC
    await bench.interview("急诊科", "held", at(1, 0, 0, month=12), minutes=1)  # 16:00 UTC
    await bench.interview("急诊科", "held", at(1, 0, 0))
    await bench.interview("急诊科", "held", at(31, 23, 59, month=10))
    assert (await total()).interviews == 2
    assert (await total(NOVEMBER.after)).interviews == 1
    assert (await total(NOVEMBER.before)).interviews == 1


async def test_an_interview_that_is_not_over_is_not_yet_counted(bench: Bench) -> None:
    await bench.interview("急诊科", "confirmed", at(30, 10))
    for now, counted in ((at(30, 10, 29), 0), (at(30, 10, 30), 1)):
        assert (await count(NOVEMBER, now)).total.interviews == counted


async def test_a_missed_time_is_counted_although_they_came_another_day(bench: Bench) -> None:
    still = await bench.interview("急诊科", "no_show", at(6, 9))
    await bench.missed(still, at(6, 9, 20))  # the same absence, not a second one
    came = await bench.interview("急诊科", "held", at(16, 9))
    await bench.missed(came, at(6, 9, 20))
    again = await bench.interview("急诊科", "no_show", at(18, 9))
    await bench.missed(again, at(6, 9, 20))
    await bench.missed(again, at(18, 9, 20))
    gave_up = await bench.interview("急诊科", "declined", at(6, 9))
    await bench.missed(gave_up, at(6, 9, 20))
    before = await bench.interview("急诊科", "held", at(3, 9))
    await bench.missed(before, at(30, 9, 20, month=10))
    found = await total()
    # still 1; came 1 + 1; again 1 + 1; gave_up 1; before 1
    assert (found.interviews, found.attended, found.absent) == (7, 2, 5)
    assert found.unrecorded == 0
    assert (await total(NOVEMBER.before)).absent == 1


async def test_each_result_that_was_due_is_in_time_or_named(bench: Bench) -> None:
    due = at(20, 17, 30)
    rows = {
        Fate.ON_TIME: (at(20, 10), at(20, 17, 30), "accepted"),  # on the very minute
        Fate.LATE: (at(20, 17), at(20, 17, 31), "accepted"),
        Fate.UNKNOWN: (at(19, 10), at(19, 10), "unknown"),
        Fate.FAILED: (at(19, 10), at(19, 10), "failed"),
        Fate.SENDING: (at(20, 17), at(20, 17), "queued"),
    }
    named = {}
    for fate, (sent, told, state) in rows.items():
        one = await bench.interview("急诊科", "held", at(17, 9), due=due, name="李小暖")
        await bench.result(one, sent, told=told, state=state)
        named[one.application_id] = fate
    waiting = await bench.interview("儿科", "held", at(17, 9), due=due, name="欧阳晴")
    await bench.result(waiting, None)  # approved, never sent
    named[waiting.application_id] = Fate.OVERDUE
    report = await count(NOVEMBER, NOW, names=True)
    assert report.total.share(Metric.ON_TIME) == Share(1, 6)
    assert {one.application_id: one.fate for one in report.missed} == {
        key: fate for key, fate in named.items() if fate is not Fate.ON_TIME
    }
    assert {(one.unit, one.who) for one in report.missed} == {
        ("急诊科", "李**"),
        ("儿科", "欧**"),
    }
    late = next(one for one in report.missed if one.fate is Fate.LATE)
    assert late.told_at == at(20, 17, 31)
    assert {one.who for one in (await count(NOVEMBER, NOW)).missed} == {""}


async def test_a_rung_that_failed_does_not_matter_when_the_next_arrived(bench: Bench) -> None:
    one = await bench.interview("急诊科", "held", at(17, 9), due=at(20, 17, 30))
    sent = await bench.result(one, at(19, 10), told=at(19, 10), state="failed")
    await bench.said(one, "outcomes.rejection", sent, at(19, 15), "seen", "sms")
    assert (await total()).share(Metric.ON_TIME) == Share(1, 1)


async def test_other_messages_to_the_candidate_prove_nothing_about_the_result(
    bench: Bench,
) -> None:
    one = await bench.interview("急诊科", "held", at(17, 9), due=at(20, 17, 30))
    sent = await bench.result(one, at(19, 10), told=at(19, 10), state="failed")
    await bench.said(one, "ratings.ask", sent, at(19, 11))
    await bench.said(one, "outcomes.rejection", sent + 1000, at(19, 11))
    (missed,) = (await count(NOVEMBER, NOW)).missed
    assert missed.fate is Fate.FAILED


async def test_results_belong_to_the_month_they_are_due_in(bench: Bench) -> None:
    await bench.interview("急诊科", "held", at(30, 9), due=at(3, 17, 30, month=12))
    await bench.interview("急诊科", "held", at(29, 9, month=10), due=at(2, 17, 30))
    await bench.interview("急诊科", "no_show", at(12, 9), due=at(17, 17, 30))  # nothing is owed
    november = await count(NOVEMBER, NOW)
    assert (november.total.results_due, november.total.not_due) == (1, 0)
    assert [one.due for one in november.missed] == [at(2, 17, 30)]
    december = await count(NOVEMBER.after, NOW)
    assert (december.total.results_due, december.total.not_due) == (0, 1)
    assert december.missed == ()
    assert not december.empty


async def test_who_withdrew_or_was_erased_before_is_owed_nothing(bench: Bench) -> None:
    due = at(20, 17, 30)
    await bench.interview("急诊科", "held", at(17, 9), due=due, stage="withdrawn")
    gone = await bench.interview("急诊科", "held", at(17, 9), due=due)
    await bench.erase(gone)
    found = await total()
    assert (found.results_due, found.withdrawn) == (0, 2)


async def test_after_erasure_only_an_answer_in_time_proves_that_it_arrived(bench: Bench) -> None:
    due, sent = at(20, 17, 30), at(19, 10)
    for chosen in (at(19, 12), at(23, 9), None):
        one = await bench.interview("急诊科", "held", at(17, 9), due=due)
        await bench.result(one, sent, told=sent, chosen=chosen)
        await bench.erase(one)
    report = await count(NOVEMBER, NOW, names=True)
    assert report.total.share(Metric.ON_TIME) == Share(1, 3)
    assert [(one.fate, one.who) for one in report.missed] == [(Fate.UNKNOWN, "")] * 2


async def test_invitations_told_asked_back_matched_and_answered(bench: Bench) -> None:
    sent, starts = at(10, 9), at(20, 9)
    plain = await bench.interview("急诊科", "confirmed", starts, invited=sent)
    await bench.invitation(plain, "answered", answered=at(10, 9, 40))
    asked = await bench.interview("急诊科", "confirmed", starts, invited=sent)
    await bench.invitation(asked, "seen", answered=at(11, 9))  # 24 h to the minute
    await bench.question(asked, at(10, 10), "parking", "documents")
    await bench.question(asked, at(10, 11), "place")  # counts once
    salary = await bench.interview("急诊科", "declined", starts, invited=sent)
    await bench.invitation(salary, "accepted", answered=at(11, 9, 1))
    await bench.question(salary, at(10, 10), "pay")  # no invitation says it
    lost = await bench.interview("急诊科", "expired", starts, invited=sent)
    await bench.invitation(lost, "unknown")
    phoned = await bench.interview(
        "急诊科", "confirmed", starts, invited=sent, matched=False, confirmed=at(12, 9)
    )
    await bench.invitation(phoned, "failed")  # and yet they said yes
    found = await total()
    assert (found.invitations, found.told, found.asked) == (5, 4, 1)
    assert shares(found) | {"shown": None, "on_time": None, "satisfied": None} == {
        "shown": None,
        "on_time": None,
        "satisfied": None,
        "complete": (3, 4),
        "matched": (4, 5),
        "answered": (2, 5),
    }
    assert found.answer_minutes == (40, 24 * 60, 24 * 60 + 1, 48 * 60)
    assert found.answer_median is None  # four answers are too few


async def test_an_invitation_of_today_is_not_blamed_for_having_no_answer(bench: Bench) -> None:
    await bench.interview("急诊科", "invited", at(5, 9, month=12), invited=at(30, 9, 11))
    assert (await total()).share(Metric.ANSWERED) == Share(0, 0)
    later = await count(NOVEMBER, NOW + timedelta(minutes=1))
    assert later.total.share(Metric.ANSWERED) == Share(0, 1)


async def test_ratings_count_those_asked_in_the_month(bench: Bench) -> None:
    for rating in (5, 4, 3, 1, None):
        one = await bench.interview("急诊科", "held", at(3, 9))
        await bench.result(one, at(5, 10), rating=rating, rating_asked=at(30, 23, 30))
    other = await bench.interview("急诊科", "held", at(3, 9))
    await bench.result(other, at(5, 10), rating=5, rating_asked=at(1, 0, month=12))
    found = await total()
    assert (found.ratings_asked, found.rated, found.satisfied) == (5, 4, 2)
    assert found.share(Metric.SATISFIED) == Share(2, 4)
    assert found.share(Metric.SATISFIED).percent is None  # four ratings say little
    assert found.rejected == 6


async def test_refusals_are_counted_by_who_said_no(bench: Bench) -> None:
    starts, closed = at(20, 9), at(15, 9)
    for state, times in (("declined", 3), ("cancelled", 2), ("expired", 1)):
        for _ in range(times):
            await bench.interview("急诊科", state, starts, closed=closed)
    await bench.interview("急诊科", "declined", starts, closed=at(31, 9, month=10))
    one = await bench.interview("急诊科", "held", at(3, 9), closed=closed)
    await bench.result(one, closed, "passed", told=closed)
    found = await total()
    assert (found.declined, found.taken_back, found.unanswered) == (3, 2, 1)
    assert (found.passed, found.rejected) == (1, 0)


async def test_units_stand_apart_and_add_up(bench: Bench) -> None:
    for unit, held, absent in (("急诊科", 3, 1), ("儿科", 2, 0), ("", 1, 1)):
        for _ in range(held):
            await bench.interview(unit, "held", at(3, 9))
        for _ in range(absent):
            await bench.interview(unit, "no_show", at(3, 9))
    report = await count(NOVEMBER, NOW)
    assert [(unit.name, unit.counts.share(Metric.SHOWN)) for unit in report.units] == [
        ("儿科", Share(2, 2)),
        ("急诊科", Share(3, 4)),
        ("", Share(1, 2)),
    ]
    assert report.total.share(Metric.SHOWN) == Share(6, 8)
    assert report.total.share(Metric.SHOWN).percent == 75
    alone = await count(NOVEMBER, NOW, unit_id=bench.units["急诊科"])
    assert [unit.name for unit in alone.units] == ["急诊科"]
    assert alone.total.interviews == 4


async def test_why_candidates_declined_is_counted_of_all_who_did(bench: Bench) -> None:
    """Also those who said nothing; who never declined counts nowhere, whatever stands there."""
    for reason in ("pay", "pay", "elsewhere", "", "", ""):
        one = await bench.interview("急诊科", "declined", at(6, 9), closed=at(5, 9))
        await db.execute("UPDATE interviews SET decline_reason = $2 WHERE id = $1", one.id, reason)
    kept = await bench.interview("急诊科", "cancelled", at(6, 9), closed=at(5, 9))
    await db.execute("UPDATE interviews SET decline_reason = 'time' WHERE id = $1", kept.id)
    found = await total()
    assert found.declined == 6
    assert found.reason(DeclineReason.PAY) == Share(2, 6)
    assert found.reason(DeclineReason.ELSEWHERE) == Share(1, 6)
    assert found.reason(DeclineReason.TIME) == Share(0, 6)
    assert found.reason(None) == Share(3, 6)
