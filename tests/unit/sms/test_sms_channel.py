"""What the channel sends, and what it refuses before anything costs money."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels import Channel, Failure, SendFailed
from bot.platforms.sms.channel import Phrase, SmsChannel, Template, masked, number_of
from bot.platforms.sms.errors import ERRORS, refused
from bot.platforms.sms.words import words
from models.cards import Content, Text

NUMBER = "13900000101"
SAID = Text("面试邀请")
TEMPLATES = {"invitation": Template("SMS_100", {"name": "candidate", "time": "starts_at"})}
FACTS = {"candidate": "钱多多", "starts_at": "12月3日 (周四) 10:00", "unused": "x" * 99}


@dataclass
class Recorder:
    """A provider of its own kind: the port is small enough for another one."""

    sent: list[tuple[str, str, Mapping[str, str], str]] = field(default_factory=list)

    async def send(self, number: str, template: str, params: Mapping[str, str], key: str) -> str:
        self.sent.append((number, template, params, key))
        return "biz-1"


def channel(
    recorder: Recorder, facts: Mapping[str, str] = FACTS, purpose: str = "invitation"
) -> SmsChannel:
    async def phrase(_key: str, content: Content) -> Phrase | None:
        return Phrase(purpose, facts) if content is SAID else None

    return SmsChannel(recorder, TEMPLATES, phrase)


async def test_a_purpose_becomes_its_template(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    recorder = Recorder()
    way: Channel = channel(recorder)
    sent = await way.send(SAID, ["+86 139-0000-0101"], key="k1")
    assert sent.message_id == "biz-1"
    params = {"name": "钱多多", "time": "12月3日 (周四) 10:00"}
    assert recorder.sent == [(NUMBER, "SMS_100", params, "k1")]
    logged = caplog.text
    assert "139****0101" in logged
    assert NUMBER not in logged


@pytest.mark.parametrize(
    "changes",
    [
        {"candidate": ""},
        {"candidate": " \n "},
        {"candidate": "钱" * 36},
        {"starts_at": "https://hr.example/c/1"},
        {"starts_at": "www.hospital.cn"},
        {"starts_at": "hr.hospital.com/x"},
        {"candidate": "【江城示范医院】"},
    ],
)
async def test_unfit_facts_are_refused_before_sending(changes: dict[str, str]) -> None:
    recorder = Recorder()
    with pytest.raises(SendFailed) as error:
        await channel(recorder, FACTS | changes).send(SAID, [NUMBER], key="k")
    assert error.value.failure is Failure.REQUEST
    assert "模板" in error.value.cure
    assert recorder.sent == []


async def test_what_has_no_template_is_not_sent_and_nothing_is_repeated() -> None:
    recorder = Recorder()
    way = channel(recorder)
    for content, purpose in ((Text("别的"), "invitation"), (SAID, "unknown")):
        with pytest.raises(SendFailed, match="no template"):
            await channel(recorder, purpose=purpose).send(content, [NUMBER], key="k")
    with pytest.raises(SendFailed) as twice:
        await way.send(SAID, [NUMBER], key="k", again=True)
    assert twice.value.failure is Failure.UNKNOWN
    assert not way.repeatable(SAID)
    with pytest.raises(SendFailed):
        await way.send(SAID, [NUMBER, "13900000102"], key="k")
    assert recorder.sent == []


@pytest.mark.parametrize(
    ("text", "number"),
    [
        (NUMBER, NUMBER),
        ("+8613900000101", NUMBER),
        ("0086 13900000101", NUMBER),
        ("8613900000101", NUMBER),
        ("12900000101", None),
        ("1390000010", None),
        ("139000001011", None),
        ("13900000101,13900000102", None),
        ("１３９００００0101", None),
        ("+85290000000", None),
        ("", None),
        ("1" * 5000, None),
    ],
)
def test_only_mainland_numbers_are_numbers(text: str, number: str | None) -> None:
    assert number_of(text) == number


@given(st.text())
def test_any_text_is_a_number_or_not(text: str) -> None:
    found = number_of(text)
    assert found is None or (len(found) == 11 and found.isascii() and found.isdecimal())


def test_a_masked_number_keeps_seven_digits() -> None:
    assert masked(NUMBER) == "139****0101"


@pytest.mark.parametrize(
    ("code", "said", "status", "failure", "wait"),
    [
        ("isv.BUSINESS_LIMIT_CONTROL", "触发分钟级流控Permits:1", 200, Failure.RETRY, 60),
        ("isv.BUSINESS_LIMIT_CONTROL", "触发小时级流控Permits:5", 200, Failure.RETRY, 3600),
        ("isv.BUSINESS_LIMIT_CONTROL", "触发天级流控Permits:10", 200, Failure.RECIPIENT, None),
        ("isv.MOBILE_NUMBER_ILLEGAL", "非法手机号", 200, Failure.RECIPIENT, None),
        ("isv.AMOUNT_NOT_ENOUGH", "余额不足", 200, Failure.CONFIGURATION, None),
        ("SignatureDoesNotMatch", "", 400, Failure.CONFIGURATION, None),
        ("SignatureNonceUsed", "", 400, Failure.UNKNOWN, None),
        ("Throttling.UserBurst", "", 400, Failure.WINDOW, 2),
        ("Something.New", "", 503, Failure.UNKNOWN, None),
        ("Something.New", "", 400, Failure.REQUEST, None),
    ],
)
def test_each_code_asks_for_one_thing(
    code: str, said: str, status: int, failure: Failure, wait: int | None
) -> None:
    error = refused(code, f"{said} {NUMBER}", status)
    assert error.failure is failure
    assert error.wait == (timedelta(seconds=wait) if wait else None)
    assert NUMBER not in error.reason
    assert error.cure


def test_every_code_has_a_cure_and_no_cure_is_left_over() -> None:
    used = {verdict.cure for verdict in ERRORS.values()}
    said_elsewhere = {"soon", "purpose", "network", "gateway", "tls", "unknown"}
    assert used | said_elsewhere == set(words("errors"))
