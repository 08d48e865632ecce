"""What a candidate's mail and text message hold: the link, the appointment, the phrase."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import icalendar
import pytest

from bot.candidate_content import CandidateContent
from bot.mail_calendar import MailCalendar
from bot.platforms.links import CandidateLinks
from bot.platforms.mail.ics import Calendar
from bot.platforms.mail.message import Sender, mail
from bot.platforms.sms.channel import VALUE_CHARS, Template
from bot.sms_phrases import PHRASES, SmsPhrases
from config.policies import read
from message_templates.catalogue import Catalogue
from models.cards import Button, Card, Text
from models.clock import SHANGHAI, ManualClock
from models.interviews import Interview, InterviewState
from models.postings import Slot
from services.entry_links import CHAT, PAGE, SIGNED_FOR, Entry, EntryLinks
from services.hospital import Hospital
from services.salutation import load_address_rules
from tests.support.candidate_rows import Invited, candidate, invited, posting, result_sent, sending
from tests.support.hospital import START

ROOT = Path(__file__).parents[2]
CATALOGUE = Catalogue()
SENDER = Sender("hr@hospital.example", "示例医院")
HOSPITAL = Hospital("示例医院", "https://hr.example")
ENTRY = Entry(
    "https://hr.example/c/abc.def.ghi",
    "https://hr.example/i/abcdefghjk",
    "abcdefghjk",
    "https://work.weixin.qq.com/kfid/kfc1?enc_scene=abc&scene_param=x",
)
ORGANIZER = "hr@hospital.example"
TEXT = Text("李护士您好！请问这个时间您方便吗？方便请回复1，想换时间请回复2。")


@pytest.fixture
def links(database_url: str, clock: ManualClock) -> EntryLinks:
    page, kf = (CandidateLinks(purpose, SIGNED_FOR, clock) for purpose in (PAGE, CHAT))
    return EntryLinks(clock, page, kf, HOSPITAL)


@pytest.fixture
async def one(database_url: str, clock: ManualClock) -> Invited:
    return await invited(clock.now())


@pytest.fixture
def calendar(database_url: str, clock: ManualClock) -> MailCalendar:
    return MailCalendar(CATALOGUE, HOSPITAL, ORGANIZER, clock)


@pytest.fixture
def phrases(links: EntryLinks) -> SmsPhrases:
    return SmsPhrases(links, load_address_rules(read("courtesy.toml")["address"]), CATALOGUE)


# Mail: the link.


def content(channel: str, said: Card | Text, purpose: str = "interviews.invitation") -> object:
    return CandidateContent(CATALOGUE, HOSPITAL).fitted(channel, said, ENTRY, purpose)


def test_a_mail_keeps_the_words_and_ends_in_the_ways_to_answer() -> None:
    card = content("mail", TEXT)
    assert isinstance(card, Card)
    assert card.title == "示例医院面试邀请"
    assert card.body.startswith(TEXT.content)
    assert card.link is not None
    assert card.link.url == ENTRY.url
    assert ENTRY.kf_url is not None
    assert card.body.endswith(ENTRY.kf_url)


def test_a_mail_without_a_chat_names_none() -> None:
    made = CandidateContent(CATALOGUE, HOSPITAL).for_mail(TEXT, replace(ENTRY, kf_url=None))
    assert "微信" not in made.body
    assert made.title == "来自示例医院的通知"


def test_a_question_with_buttons_becomes_a_mail_with_a_link() -> None:
    asks = Card("可选的时间", buttons=(Button("不考虑了", "interviews.decline"),))
    card = content("mail", asks, "interviews.offer")
    assert isinstance(card, Card)
    assert (card.title, card.link and card.link.url) == ("可选的时间", ENTRY.url)
    raw = mail(card, "a@mail.example", key="k", sender=SENDER, now=START)
    assert ENTRY.url in plain(raw)


def test_what_is_over_gets_no_link() -> None:
    over = Card("可选的时间", closed="已确认")
    assert content("mail", over) == over


@pytest.mark.parametrize("channel", ["wecom_kf", "sms", "phone_task"])
def test_other_channels_carry_it_as_it_is(channel: str) -> None:
    assert content(channel, TEXT) == TEXT


def test_the_subject_of_a_result_does_not_tell_it() -> None:
    for purpose in ("outcomes.rejection", "outcomes.offer"):
        card = content("mail", TEXT, purpose)
        assert isinstance(card, Card)
        assert card.title == "示例医院面试结果通知"


# Mail: the appointment.


def plain(raw: bytes) -> str:
    parsed = message_from_bytes(raw, policy=policy.default)
    assert isinstance(parsed, EmailMessage)
    body = parsed.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


async def event_of(made: Calendar | None) -> icalendar.Event:
    assert made is not None
    calendar = icalendar.Calendar.from_ical(made.text)
    (event,) = [each for each in calendar.walk("VEVENT") if isinstance(each, icalendar.Event)]
    return event


@pytest.mark.parametrize("purpose", ["invitation", "confirmed", "reminder", "reminder_soon"])
async def test_a_mail_about_a_time_brings_the_appointment(
    calendar: MailCalendar, one: Invited, clock: ManualClock, purpose: str
) -> None:
    key = await sending(f"interviews.{purpose}", one.interview.id, one, "mail", clock.now())
    made = await calendar(key, TEXT)
    event = await event_of(made)
    assert made is not None
    assert made.method == "PUBLISH"
    slot = one.slots[0]
    assert event.decoded("DTSTART") == slot.starts_at.astimezone(SHANGHAI)
    assert event["DTSTART"].params["TZID"] == "Asia/Shanghai"
    assert event.decoded("DTEND") - event.decoded("DTSTART") == timedelta(minutes=40)
    assert str(event["SUMMARY"]) == "急诊科护士面试(示例医院)"
    assert "请带：身份证、护士执业证书" in str(event["DESCRIPTION"])
    assert "钱多多" not in made.text
    assert event["SEQUENCE"] == 0


async def test_a_new_time_is_the_same_appointment_changed(
    calendar: MailCalendar, one: Invited, clock: ManualClock
) -> None:
    before = await event_of(await calendar(await invitation(one, clock), TEXT))
    await Interview.filter(id=one.interview.id).update(slot_id=one.slots[1].id, sequence=1)
    key = await sending("interviews.confirmed", one.interview.id, one, "mail", clock.now())
    after = await event_of(await calendar(key, TEXT))
    assert after["UID"] == before["UID"]
    assert (before["SEQUENCE"], after["SEQUENCE"]) == (0, 1)
    assert after.decoded("DTSTART") == one.slots[1].starts_at.astimezone(SHANGHAI)


async def test_a_cancellation_takes_it_out_of_the_calendar(
    calendar: MailCalendar, one: Invited, clock: ManualClock
) -> None:
    await Interview.filter(id=one.interview.id).update(state=InterviewState.CANCELLED, sequence=2)
    key = await sending("interviews.cancelled", one.interview.id, one, "mail", clock.now())
    made = await calendar(key, TEXT)
    event = await event_of(made)
    assert made is not None
    assert (made.method, str(event["STATUS"]), event["SEQUENCE"]) == ("CANCEL", "CANCELLED", 3)


async def test_what_names_no_time_brings_none(
    calendar: MailCalendar, one: Invited, clock: ManualClock
) -> None:
    offer = await sending("interviews.offer", one.interview.id, one, "mail", clock.now())
    reply = await sending("candidates.reply", one.candidate.id, one, "mail", clock.now())
    assert await calendar(offer, TEXT) is None
    assert await calendar(reply, TEXT) is None
    assert await calendar("no-such-key", TEXT) is None
    key = await invitation(one, clock)
    await Interview.filter(id=one.interview.id).update(state=InterviewState.DECLINED)
    assert await calendar(key, TEXT) is None
    await Interview.filter(id=one.interview.id).update(state="choosing", slot_id=None)
    assert await calendar(key, TEXT) is None


# Text messages.


async def test_an_invitation_by_text_message_fits_its_template(
    phrases: SmsPhrases, links: EntryLinks, one: Invited, clock: ManualClock
) -> None:
    phrase = await phrases(await invitation(one, clock), TEXT)
    assert phrase is not None
    assert phrase.purpose == "invitation"
    code = (await links.make(one.candidate.id, one.interview.id)).code
    assert dict(phrase.facts) == {
        "address": "钱护士",
        "post": "急诊科护士",
        "time": "12月10日(周四)10:00",
        "place": "示例市健康路1号行政楼3楼会议室",
        "group": "您",
        "code": code,
    }


@pytest.mark.parametrize("purpose", ["outcomes.rejection", "outcomes.offer"])
async def test_a_text_message_says_that_there_is_a_result_and_not_which(
    phrases: SmsPhrases, one: Invited, clock: ManualClock, purpose: str
) -> None:
    outcome = await result_sent(one, clock.now())
    phrase = await phrases(await sending(purpose, outcome.id, one, "sms", clock.now()), TEXT)
    assert phrase is not None
    assert phrase.purpose == "result"


async def test_long_words_are_replaced_and_never_cut(
    phrases: SmsPhrases, clock: ManualClock, database_url: str
) -> None:
    who = await candidate(clock.now(), name="Maria " * 9, phone=None, email=None)
    post = await posting(clock.now(), title="重症医学科体外膜肺氧合" * 5)
    one = await invited(clock.now(), who=who, post=post)
    await Slot.filter(id=one.slots[0].id).update(place="很长的路" * 20)
    phrase = await phrases(await invitation(one, clock), TEXT)
    assert phrase is not None
    assert phrase.facts["address"] == "应聘者"
    assert phrase.facts["post"] == "我院岗位"
    assert phrase.facts["place"] == "地点请看链接"
    assert all(len(value) <= VALUE_CHARS for value in phrase.facts.values())


async def test_what_has_no_template_is_left_to_the_next_channel(
    phrases: SmsPhrases, one: Invited, clock: ManualClock
) -> None:
    reply = await sending("candidates.reply", one.candidate.id, one, "sms", clock.now())
    assert await phrases(reply, TEXT) is None
    assert await phrases("no-such-key", TEXT) is None
    key = await invitation(one, clock)
    await Interview.filter(id=one.interview.id).update(state="choosing", slot_id=None)
    assert await phrases(key, TEXT) is None


@pytest.mark.parametrize("purpose", sorted(PHRASES))
async def test_every_phrase_fills_the_template_that_the_manual_submits(
    phrases: SmsPhrases, one: Invited, clock: ManualClock, purpose: str
) -> None:
    outcome = await result_sent(one, clock.now())
    subject = outcome.id if purpose.startswith("outcomes.") else one.interview.id
    key = await sending(purpose, subject, one, "sms", clock.now(), {"receipt": "SC2345"})
    phrase = await phrases(key, TEXT)
    assert phrase is not None
    text = submitted()[phrase.purpose]
    variables = re.findall(r"\$\{(\w+)\}", text)
    params = Template("SMS_1", {name: name for name in variables}).params(phrase.facts)
    said = re.sub(r"\$\{(\w+)\}", lambda found: params[found[1]], text)
    assert "${" not in said
    if phrase.purpose not in ("called", "deleted"):
        assert f"/i/{phrase.facts['code']} " in said
    assert not re.search("录用|未能|通过", said)


def test_the_manual_keeps_the_rules_of_the_provider() -> None:
    texts = submitted()
    assert set(texts) == set(PHRASES.values())
    for text in texts.values():
        variables = re.findall(r"\$\{(\w+)\}", text)
        assert len(variables) == len(set(variables))  # each once (Aliyun, page 44357)
        assert "}${" not in text
        assert not set("【】[]「」★→•") & set(text)
        assert len(text) <= 500
        assert not text.startswith("${code}")


async def invitation(one: Invited, clock: ManualClock) -> str:
    return await sending("interviews.invitation", one.interview.id, one, "mail", clock.now())


def submitted() -> dict[str, str]:
    """The table of docs/sms-templates.zh-CN.md: phrase → text."""
    lines = (ROOT / "docs/sms-templates.zh-CN.md").read_text("utf-8").splitlines()
    rows = [re.fullmatch(r"\| `(\w+)` \| [^|]+ \| (.+?) \|", line) for line in lines]
    return {row[1]: row[2] for row in rows if row}


def test_a_receipt_of_deletion_leads_nowhere() -> None:
    made = CandidateContent(CATALOGUE, HOSPITAL).for_mail(TEXT, ENTRY, "candidates.deleted")
    assert made.link is None
    assert made.body == TEXT.content
    assert made.title == "示例医院：资料已删除"
