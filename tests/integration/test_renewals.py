"""A nurse sends her new licence: what is asked, what is refused, and what the office accepts."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial

import pytest

from bot.wiring import Services
from models import db
from models.clock import ManualClock
from models.licences import RenewalState
from services.audit import detail_of
from services.offices import Office
from services.refusals import Refusal
from services.renewals import Step
from tests.support.deciding import actor, at_once
from tests.support.renewing import NEXT, SOON, Room, open_asks, said_to


@pytest.fixture
def room(services: Services, clock: ManualClock) -> Room:
    return Room(services, clock)


async def test_a_photo_with_a_date_goes_to_the_office_and_ends_as_a_new_licence(
    room: Room, clock: ManualClock
) -> None:
    old = await room.record("li")
    heard = await room.sends("li", "护士证下来了 2031/12/20，编号201532000123")
    assert heard.step is Step.SENT
    assert (heard.facts["name"], heard.facts["until"]) == ("护士执业证书", "2031年12月20日")
    shown = await room.shown()
    assert (shown["was"], shown["until"]) == ("2026年12月20日", "2031年12月20日")
    assert (shown["number"], shown["notes"]) == ("201532000123", [])
    checker = await room.checker()
    facts = await room.decides(await room.approval(), checker, "original")
    assert facts["state"] == "approved"
    row = await room.current("li")
    assert row is not None
    assert (row["valid_to"], row["renews_id"]) == (NEXT, old)
    assert (row["verified_by_id"], row["verified_against"]) == (checker.person_id, "原件")
    assert row["verified_at"] == clock.now()
    assert row["evidence_id"] == (await room.newest())["evidence_id"]
    assert await room.states() == [RenewalState.ACCEPTED]
    assert await said_to("li") == ["outcome"]


async def test_what_was_accepted_can_be_proven_by_the_digest(room: Room) -> None:
    await room.record("li")
    await room.sends("li", "2031-12-20")
    await room.decides(await room.approval(), await room.checker(), "registry")
    entry = await db.fetch_one("SELECT * FROM audit_rows WHERE action = 'renewal.accepted'")
    assert entry is not None
    digest = await db.fetch_value("SELECT digest FROM evidence")
    told = detail_of(entry)
    assert (told["digest"], told["against"]) == (digest, "电子化注册系统")
    kept = await db.fetch_value("SELECT delete_after FROM evidence")
    assert kept is None


async def test_the_only_licence_that_is_due_needs_no_name(room: Room) -> None:
    await room.record("li")
    await room.record("li", "bls", date(2028, 6, 30))
    heard = await room.sends("li")
    assert (heard.step, heard.facts["name"]) == (Step.DATE, "护士执业证书")
    assert await open_asks("li") == ["date"]
    answer = await room.says("li", "到2031年12月20日")
    assert answer is not None
    assert answer.step is Step.SENT
    assert await open_asks("li") == []


async def test_a_photo_that_may_be_of_several_is_asked_about_once(room: Room) -> None:
    await room.record("li")
    await room.record("li", "bls", SOON)
    assert (await room.sends("li", "2028年12月")).step is Step.WHICH
    assert await open_asks("li") == ["which"]
    renewal = (await room.newest())["id"]
    async with db.transaction():
        heard = await room.services.renewals.renewals.choose(renewal, await actor("li"), "bls")
    assert heard.step is Step.SENT
    assert (await room.newest())["valid_to"] == date(2028, 12, 31)
    assert await said_to("li") == ["which"]


async def test_the_card_can_be_answered_in_words(room: Room) -> None:
    assert (await room.sends("li")).step is Step.WHICH
    named = await room.says("li", "BLS")
    assert named is not None
    assert named.step is Step.DATE
    assert await open_asks("li") == ["date"]
    dated = await room.says("li", "2028.12")
    assert dated is not None
    assert dated.step is Step.SENT


async def test_words_that_come_before_the_photo_are_remembered(room: Room) -> None:
    await room.record("li")
    await room.record("li", "bls", SOON)
    heard = await room.says("li", "护士证下来了，有效期到2031年12月20日")
    assert heard is not None
    assert heard.step is Step.PHOTO
    assert await open_asks("li") == ["photo"]
    assert (await room.sends("li")).step is Step.SENT
    assert await open_asks("li") == []
    assert (await room.newest())["valid_to"] == NEXT


@pytest.mark.parametrize(
    ("words", "key"),
    [
        ("2026-12-20", "renewal_not_later"),
        ("2026年12月1日", "renewal_past"),
        ("2036年12月20日", "renewal_too_long"),
        ("长期", "renewal_has_term"),
        ("2031年2月30日", "renewal_no_such_day"),
        ("2031-12-20 2031-11-20", "renewal_two_ends"),
        ("2031-12-20至2026-12-21", "renewal_backwards"),
    ],
)
async def test_contradictory_dates_are_told_and_asked_again(
    room: Room, words: str, key: str
) -> None:
    await room.record("li")
    assert (await room.sends("li")).step is Step.DATE
    heard = await room.says("li", words)
    assert heard is not None
    assert heard.problem is not None
    assert (heard.step, heard.problem.key) == (Step.AGAIN, key)
    assert room.services.renewals.asks.worded(heard.problem)
    assert await room.states() == [RenewalState.DRAFT]
    assert await open_asks("li") == ["date"]
    good = await room.says("li", "2031年12月20日")
    assert good is not None
    assert good.step is Step.SENT


async def test_a_bad_date_beside_the_photo_is_told_with_the_question(room: Room) -> None:
    await room.record("li")
    heard = await room.sends("li", "新证到2036年12月20日")
    assert heard.step is Step.DATE
    assert heard.problem is not None
    assert heard.problem.key == "renewal_too_long"
    assert (await room.newest())["valid_to"] is None


async def test_a_cycle_is_told_by_the_day_it_was_done(room: Room) -> None:
    await room.record("li", "doctor_assessment", SOON)
    assert (await room.sends("li", "2026年11月20日考核通过")).step is Step.SENT
    row = await room.newest()
    assert (row["valid_to"], row["issued"]) == (date(2029, 11, 19), date(2026, 11, 20))


async def test_a_picture_of_somebody_without_a_record_makes_a_new_one(room: Room) -> None:
    assert (await room.sends("li", "BLS 到 2028.12")).step is Step.SENT
    shown = await room.shown()
    assert shown["new"]
    assert shown["notes"] == ["以前没有登记过这个证，通过后新建一条。"]
    await room.decides(await room.approval(), await room.checker(), "photo")
    row = await room.current("li", "bls")
    assert row is not None
    assert (row["valid_to"], row["verified_against"]) == (date(2028, 12, 31), "照片")


async def test_another_ones_picture_is_refused_and_nothing_stays(room: Room) -> None:
    await room.sends("li", "BLS 到 2028.12")
    with pytest.raises(Refusal, match="renewal_copied"):
        await room.sends("wang", "BLS 到 2028.12")
    assert await db.fetch_value("SELECT count(*) FROM evidence") == 1
    assert await room.states() == [RenewalState.SENT]


async def test_a_name_that_is_not_the_senders_is_refused(room: Room) -> None:
    with pytest.raises(Refusal, match="renewal_not_yours") as refused:
        await room.sends("li", "王小样的护士证 2031-12-20")
    assert refused.value.params == {"name": "王小样"}
    await room.sends("li", "李小样的护士证 2031-12-01")
    assert await room.states() == [RenewalState.SENT]


async def test_a_number_that_differs_is_shown_to_the_office(room: Room) -> None:
    await room.record("li")
    await room.sends("li", "编号201532000123 2031-12-20")
    await room.decides(await room.approval(), await room.checker(), "original")
    await room.record("li", end=NEXT)
    await room.sends("li", "护士证 编号999999000123 2034-12-20", "another")
    notes = (await room.shown())["notes"]
    assert notes == ["编号和登记的不一样。", "比通常的5年短。"]


async def test_the_same_photo_twice_is_said_to_be_known(room: Room) -> None:
    await room.record("li")
    await room.sends("li", "2031-12-20")
    with pytest.raises(Refusal, match="renewal_same_sent"):
        await room.sends("li", "2031-12-20")
    await room.decides(await room.approval(), await room.checker(), "original")
    with pytest.raises(Refusal, match="renewal_same_accepted"):
        await room.sends("li")
    assert await room.states() == [RenewalState.ACCEPTED]


async def test_a_photo_that_was_refused_may_come_again_and_the_office_knows(room: Room) -> None:
    await room.record("li")
    await room.sends("li", "2031-11-20")
    checker = await room.checker()
    facts = await room.decides(await room.approval(), checker, "date", approve=False)
    assert facts["state"] == "refused"
    assert await said_to("li") == ["outcome"]
    row = await room.current("li")
    assert row is not None
    assert row["valid_to"] == SOON
    assert (await room.sends("li", "2031-12-20")).step is Step.SENT
    assert (await room.shown())["notes"] == ["同一张照片以前没有通过。"]


async def test_a_second_photo_takes_the_place_of_the_one_being_checked(room: Room) -> None:
    await room.record("li")
    await room.sends("li", "2031-12-20")
    first = await room.approval()
    heard = await room.sends("li", "", "sharper")
    assert (heard.step, heard.facts["until"]) == (Step.SENT, "2031年12月20日")
    assert await room.states() == [RenewalState.WITHDRAWN, RenewalState.SENT]
    second = await room.approval()
    assert second != first
    with pytest.raises(Refusal, match="approval_withdrawn"):
        await room.decides(first, await room.checker(), "original")
    await room.decides(second, await room.checker(), "original")


async def test_of_two_photos_without_words_the_newer_counts(room: Room) -> None:
    await room.sends("li")
    await room.sends("li", "", "second")
    assert await room.states() == [RenewalState.WITHDRAWN, RenewalState.DRAFT]
    assert await open_asks("li") == ["which"]


async def test_two_licences_are_asked_about_apart(room: Room) -> None:
    await room.sends("li", "护士证")
    await room.sends("li", "BLS", "second")
    assert await room.states() == [RenewalState.DRAFT, RenewalState.DRAFT]
    assert await open_asks("li") == ["date", "date"]


async def test_a_date_is_corrected_while_it_is_being_checked(room: Room) -> None:
    await room.record("li")
    await room.sends("li", "2031-12-02")
    first = await room.approval()
    known = await room.says("li", "2031年12月2日")
    assert known is not None
    assert known.step is Step.KNOWN
    heard = await room.says("li", "写错了，是2031年12月20日")
    assert heard is not None
    assert heard.step is Step.CORRECTED
    assert await room.approval() != first
    assert (await room.shown())["until"] == "2031年12月20日"


async def test_what_changed_meanwhile_is_shown_anew_before_it_is_accepted(room: Room) -> None:
    await room.record("li")
    await room.sends("li", "2031-12-20")
    first = await room.approval()
    await room.record("li", end=date(2027, 3, 1))
    await room.decides(first, await room.checker(), "original")
    assert await room.approval() != first
    assert (await room.shown())["was"] == "2027年3月1日"
    assert await room.states() == [RenewalState.SENT]


async def test_a_yes_must_say_compared_with_what(room: Room) -> None:
    await room.record("li")
    await room.sends("li", "2031-12-20")
    for chosen in ("", "none", "unclear"):
        with pytest.raises(Refusal, match="renewal_against"):
            await room.decides(await room.approval(), await room.checker(), chosen)
    assert await room.states() == [RenewalState.SENT]


async def test_nobody_compares_their_own_licence(room: Room) -> None:
    checker = await room.checker()
    user = await db.fetch_value(
        "SELECT user_id FROM identities WHERE person_id = $1", checker.person_id
    )
    heads = await db.fetch_value("SELECT count(*) FROM grants WHERE role = 'hr_head'")
    if checker.hr_head and heads == 1:
        with pytest.raises(Refusal, match="nobody_may_approve"):
            await room.sends(user, "BLS 到 2028.12")
        return
    await room.sends(user, "BLS 到 2028.12")
    with pytest.raises(Refusal, match="own_request"):
        await room.decides(await room.approval(), checker, "original")


async def test_a_head_nurse_or_colleague_may_not_decide(room: Room) -> None:
    await room.record("li")
    await room.sends("li", "2031-12-20")
    for user in ("zhao", "wang"):
        with pytest.raises(Refusal, match="not_allowed"):
            await room.decides(await room.approval(), await actor(user), "original")
    with pytest.raises(Refusal, match="own_request"):
        await room.decides(await room.approval(), await actor("li"), "original")
    row = await room.newest()
    assert (row["state"], row["against"]) == ("sent", "")


async def test_two_who_accept_at_once_make_one_licence(room: Room) -> None:
    await room.record("li")
    await room.sends("li", "2031-12-20")
    approval, checker = await room.approval(), await room.checker()
    office = room.services.renewals.office
    accept = partial(office.decide, approval, checker, True, "original")
    refuse = partial(office.decide, approval, checker, False, "unclear")
    done = await at_once(accept, refuse, accept)
    assert sorted(done) == ["already_decided", "already_decided", "done"]
    current = await db.fetch_value("SELECT count(*) FROM licences WHERE state = 'current'")
    assert current == 1
    assert (await room.states())[0] in (RenewalState.ACCEPTED, RenewalState.REFUSED)


async def test_withdrawing_and_accepting_at_once_never_do_both(room: Room) -> None:
    await room.record("li")
    await room.sends("li", "2031-12-20")
    approval, checker, li = await room.approval(), await room.checker(), await actor("li")
    desk = room.services.renewals
    done = await at_once(
        partial(desk.office.decide, approval, checker, True, "original"),
        partial(desk.renewals.withdraw, li),
    )
    row = await room.current("li")
    assert row is not None
    [state] = await room.states()
    assert (state, row["valid_to"]) in (
        (RenewalState.ACCEPTED, NEXT),
        (RenewalState.WITHDRAWN, SOON),
    ), done
    assert done.count("done") == 1


async def test_the_same_photo_at_once_from_two_phones_is_one_renewal(room: Room) -> None:
    await room.record("li")
    file, li = await room.picture("li"), await actor("li")
    receive = partial(room.services.renewals.renewals.receive, li, file, "2031-12-20")
    assert sorted(await at_once(receive, receive)) == ["done", "renewal_same_sent"]


async def test_withdrawn_ends_what_was_asked(room: Room) -> None:
    await room.sends("li", "BLS 到 2028.12")
    await room.sends("li", "护士证", "second")
    renewals = room.services.renewals.renewals
    async with db.transaction():
        await renewals.withdraw(await actor("li"))
    assert await open_asks("li") == []
    async with db.transaction():
        await renewals.withdraw(await actor("li"))
    with pytest.raises(Refusal, match="no_open_renewal"):
        await renewals.withdraw(await actor("li"))
    assert set(await room.states()) == {RenewalState.WITHDRAWN}


async def test_only_its_sender_answers_the_card_and_only_once(room: Room) -> None:
    await room.sends("li")
    renewals, renewal = room.services.renewals.renewals, (await room.newest())["id"]
    with pytest.raises(Refusal, match="card_not_yours"):
        await renewals.choose(renewal, await actor("wang"), "bls")
    with pytest.raises(Refusal, match="renewal_which"):
        await renewals.choose(renewal, await actor("li"), "whatever")
    await renewals.drop(renewal, await actor("li"))
    with pytest.raises(Refusal, match="renewal_withdrawn"):
        await renewals.choose(renewal, await actor("li"), "bls")


async def test_what_was_taken_for_the_wrong_licence_is_asked_about(room: Room) -> None:
    await room.record("li")
    await room.sends("li")
    renewals, renewal = room.services.renewals.renewals, (await room.newest())["id"]
    async with db.transaction():
        assert (await renewals.other(renewal, await actor("li"))).step is Step.WHICH
    assert await open_asks("li") == ["which"]
    heard = await room.says("li", "BLS 2028.12")
    assert heard is not None
    assert heard.step is Step.SENT
    assert (await room.newest())["kind"] == "bls"


async def test_words_about_other_things_are_left_to_others(room: Room) -> None:
    await room.record("li")
    for words in ("你好", "我40分钟到", "2031-12-20", "BLS", "护士证什么时候到期"):
        assert await room.says("li", words) is None
    await room.sends("li", "2031-12-20")
    for words in ("你好", "BLS", "谢谢"):
        assert await room.says("li", words) is None


async def test_a_photo_nobody_explained_is_forgotten_after_a_week(
    room: Room, clock: ManualClock
) -> None:
    await room.sends("li")
    clock.advance(timedelta(days=6))
    assert await room.services.renewals.renewals.forget_drafts() == 0
    clock.advance(timedelta(days=2))
    assert await room.services.renewals.renewals.forget_drafts() == 1
    assert await room.states() == [RenewalState.WITHDRAWN]
    assert await open_asks("li") == []


async def test_silence_of_the_office_is_asked_again_and_at_last_told(
    room: Room, clock: ManualClock
) -> None:
    await room.record("li")
    await room.sends("li", "2031-12-20")
    for _ in range(2):
        clock.advance(timedelta(hours=73))
        async with db.transaction():
            assert await room.services.approvals.expire_due() == 1
        assert await room.states() == [RenewalState.SENT]
        await room.approval()
    clock.advance(timedelta(hours=73))
    async with db.transaction():
        await room.services.approvals.expire_due()
    assert await room.states() == [RenewalState.WITHDRAWN]
    assert await said_to("li") == ["waiting", "waiting", "outcome"]
    row = await room.current("li")
    assert row is not None
    assert row["valid_to"] == SOON


async def test_the_office_of_the_kind_is_asked(room: Room) -> None:
    await room.sends("li", "放射证 2028-06-30")
    asked = await db.fetch("SELECT person_id FROM approvers")
    assert {row["person_id"] for row in asked} == {(await room.checker(Office.MEDICAL)).person_id}
    assert (await room.shown())["office"] == "医务科"


async def test_who_leaves_is_no_longer_compared(room: Room) -> None:
    await room.record("li")
    await room.sends("li", "2031-12-20")
    approval, checker = await room.approval(), await room.checker()
    li = await actor("li")
    assert await room.services.lists.leaving.end(li.person_id, "test")
    assert await room.states() == [RenewalState.WITHDRAWN]
    with pytest.raises(Refusal, match="approval_withdrawn"):
        await room.decides(approval, checker, "original")
