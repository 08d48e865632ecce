"""Ways in for candidates: which open, which do not, and what they give away (nothing)."""

from __future__ import annotations

import asyncio
import base64
from datetime import timedelta

import pytest
from itsdangerous import URLSafeTimedSerializer

from bot.platforms.links import CandidateLinks
from bot.platforms.wecom import limits
from bot.platforms.wecom.kf.client import entry_link
from models import db
from models.candidates import Candidate, EntryLink
from models.clock import ManualClock
from models.interviews import InterviewState
from services.entry_links import ALPHABET, CHAT, PAGE, SIGNED_FOR, Entry, EntryLinks, new_code
from services.hospital import Hospital
from tests.support.candidate_rows import MAIL, PHONE, Invited, invited

HOSPITAL = Hospital("示例医院", "https://hr.example")
KF = "https://work.weixin.qq.com/kfid/kfc1?enc_scene=abc"


@pytest.fixture
def links(database_url: str, clock: ManualClock) -> EntryLinks:
    async def chat(param: str) -> str | None:
        return entry_link(KF, param)

    page, kf = (CandidateLinks(purpose, SIGNED_FOR, clock) for purpose in (PAGE, CHAT))
    return EntryLinks(clock, page, kf, HOSPITAL, chat)


@pytest.fixture
async def one(database_url: str, clock: ManualClock) -> Invited:
    return await invited(clock.now())


def token_of(entry: Entry) -> str:
    assert entry.url.startswith("https://hr.example/c/")
    return entry.url.rpartition("/")[2]


def param_of(entry: Entry) -> str:
    assert entry.kf_url is not None
    return entry.kf_url.partition("&scene_param=")[2]


async def test_all_three_ways_lead_to_the_same_interview(links: EntryLinks, one: Invited) -> None:
    entry = await links.make(one.candidate.id, one.interview.id)
    by_mail = await links.open(token_of(entry))
    by_text = await links.open_code(entry.code)
    assert by_mail is not None
    assert by_mail == by_text
    assert (by_mail.candidate_id, by_mail.interview_id) == (one.candidate.id, one.interview.id)
    assert entry.short_url == f"https://hr.example/i/{entry.code}"
    assert await links.bind(param_of(entry)) == one.candidate.id
    assert len(param_of(entry).encode()) <= limits.KF_PARAM_BYTES


async def test_a_hospital_without_a_chat_gives_no_chat_link(
    clock: ManualClock, one: Invited
) -> None:
    page, kf = (CandidateLinks(purpose, SIGNED_FOR, clock) for purpose in (PAGE, CHAT))
    entry = await EntryLinks(clock, page, kf, HOSPITAL).make(one.candidate.id, one.interview.id)
    assert entry.kf_url is None


async def test_a_living_link_is_used_again_and_another_interview_gets_its_own(
    links: EntryLinks, one: Invited, clock: ManualClock
) -> None:
    first = await links.make(one.candidate.id, one.interview.id)
    clock.advance(timedelta(days=1))
    again = await links.make(one.candidate.id, one.interview.id)
    assert again.code == first.code
    assert await links.open(token_of(first)) == await links.open(token_of(again))
    assert (await links.make(one.candidate.id)).code != first.code
    assert await EntryLink.all().count() == 2


async def test_ten_at_once_make_one(links: EntryLinks, one: Invited) -> None:
    made = await asyncio.gather(
        *(links.make(one.candidate.id, one.interview.id) for _ in range(10))
    )
    assert len({entry.code for entry in made}) == 1
    assert await EntryLink.all().count() == 1


async def test_it_lives_fourteen_days_after_the_slot(
    links: EntryLinks, one: Invited, clock: ManualClock
) -> None:
    entry = await links.make(one.candidate.id, one.interview.id)
    row = await EntryLink.get()
    assert row.expires_at == one.slots[0].ends_at + timedelta(days=14)
    clock.advance(row.expires_at - clock.now() - timedelta(seconds=1))
    assert await links.open(token_of(entry)) is not None
    assert await links.expired(token_of(entry)) is None
    clock.advance(timedelta(seconds=1))
    assert await links.open(token_of(entry)) is None
    assert await links.open_code(entry.code) is None
    assert await links.bind(param_of(entry)) is None
    dead = await links.expired(token_of(entry))
    assert dead is not None
    assert dead.candidate_id == one.candidate.id
    assert await links.expired_code(entry.code) == dead


async def test_a_dead_link_is_followed_by_a_new_one_and_stays_dead(
    links: EntryLinks, one: Invited, clock: ManualClock
) -> None:
    old = await links.make(one.candidate.id, one.interview.id)
    clock.advance(timedelta(days=40))
    new = await links.make(one.candidate.id, one.interview.id)
    assert new.code != old.code
    assert await links.open(token_of(new)) is not None
    assert await links.open(token_of(old)) is None
    clock.advance(timedelta(days=13))  # 14 days from its making, not from a slot long past
    assert await links.open(token_of(new)) is not None


async def test_asking_again_prolongs_and_never_shortens(
    links: EntryLinks, one: Invited, clock: ManualClock
) -> None:
    await links.make(one.candidate.id, one.interview.id)
    await db.execute(
        "UPDATE interviews SET slot_id = $2 WHERE id = $1", one.interview.id, one.slots[2].id
    )
    await links.make(one.candidate.id, one.interview.id)
    late = one.slots[2].ends_at + timedelta(days=14)
    assert (await EntryLink.get()).expires_at == late
    await db.execute(
        "UPDATE interviews SET slot_id = NULL, state = $2 WHERE id = $1",
        one.interview.id,
        InterviewState.CHOOSING,
    )
    await links.make(one.candidate.id, one.interview.id)
    assert (await EntryLink.get()).expires_at == clock.now() + timedelta(days=30)


async def test_an_erased_candidate_has_no_way_in(
    links: EntryLinks, one: Invited, clock: ManualClock
) -> None:
    entry = await links.make(one.candidate.id, one.interview.id)
    await Candidate.filter(id=one.candidate.id).update(erased_at=clock.now())
    assert await links.open(token_of(entry)) is None
    assert await links.expired(token_of(entry)) is None
    assert await links.open_code(entry.code) is None
    assert await links.bind(param_of(entry)) is None


async def test_forged_and_foreign_tokens_open_nothing(
    links: EntryLinks, one: Invited, clock: ManualClock
) -> None:
    entry = await links.make(one.candidate.id, one.interview.id)
    token, param = token_of(entry), param_of(entry)
    other = CandidateLinks("interview.answer", SIGNED_FOR, clock).token("x" * 22)
    naive = URLSafeTimedSerializer("guess").dumps((await EntryLink.get()).ref)
    for forged in (param, other, str(naive), token[:-1], token + "A", "", "x" * 5000, "钱多多"):
        assert await links.open(forged) is None
        assert await links.expired(forged) is None
    for forged in (token, other, str(naive), "", "3f2c9a7d1e", "x" * 5000):
        assert await links.bind(forged) is None


@pytest.mark.parametrize(
    "code", ["", "abc", "0000000000", "' OR 1=1 --", "x" * 5000, "钱多多钱多多钱多多钱", "\x00"]
)
async def test_codes_that_cannot_be_ours_open_nothing(links: EntryLinks, code: str) -> None:
    assert await links.open_code(code) is None
    assert await links.expired_code(code) is None


async def test_a_code_may_be_typed_in_capitals(links: EntryLinks, one: Invited) -> None:
    entry = await links.make(one.candidate.id, one.interview.id)
    assert await links.open_code(f" {entry.code.upper()} ") is not None


async def test_no_way_in_holds_anything_of_the_person(links: EntryLinks, one: Invited) -> None:
    entry = await links.make(one.candidate.id, one.interview.id)
    assert entry.kf_url is not None
    payloads = [text.partition(".")[0] for text in (token_of(entry), param_of(entry))]
    opened = " ".join(base64.urlsafe_b64decode(each + "==").decode() for each in payloads)
    said = " ".join([entry.url, entry.short_url, entry.kf_url, opened])
    for secret in (PHONE, MAIL, MAIL.partition("@")[0], "钱多多", one.interview.ref):
        assert secret not in said


async def test_only_an_answer_is_noted_as_opening(
    links: EntryLinks, one: Invited, clock: ManualClock
) -> None:
    entry = await links.make(one.candidate.id, one.interview.id)
    opened = await links.open(token_of(entry))
    assert opened is not None
    assert (await EntryLink.get()).opened_at is None
    first = clock.now()
    await links.touched(opened)
    clock.advance(timedelta(hours=1))
    await links.touched(opened)
    assert (await EntryLink.get()).opened_at == first


def test_codes_are_long_unlike_and_readable() -> None:
    codes = {new_code() for _ in range(2000)}
    assert len(codes) == 2000
    assert {len(code) for code in codes} == {10}
    assert set("".join(codes)) == set(ALPHABET)
    assert not set("01lioIO") & set(ALPHABET)
