"""Contents as mails: the same words twice, nothing from elsewhere, no header but ours."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels import Failure, SendFailed
from bot.platforms.mail.message import Sender, mail, message_id, subject, valid
from models.cards import Button, Card, Fact, Link, Text

NOW = datetime(2026, 12, 1, 1, 2, tzinfo=UTC)
SENDER = Sender("hr@hospital.example", "江城示范医院")
TO = "qian@mail.example"
INVITATION = Card(
    title="面试邀请",
    body="钱多多您好：\n邀请您来院面试。",
    facts=(Fact("时间", "12月3日 (周四) 10:00"), Fact("地点", "行政楼 <三楼> & 旁边")),
    link=Link("确认或改期", "https://hr.hospital.example/c/abc?x=1&y=2"),
)


def made(content: Card | Text, to: str = TO, sender: Sender = SENDER) -> EmailMessage:
    raw = mail(content, to, key="key-1", sender=sender, now=NOW)
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
    assert raw.replace(b"\r\n", b"").isascii()
    parsed = message_from_bytes(raw, policy=policy.default)
    assert isinstance(parsed, EmailMessage)
    return parsed


def body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def test_a_card_says_the_same_in_text_and_html() -> None:
    message = made(INVITATION)
    assert message["Subject"] == "面试邀请"
    assert message["Auto-Submitted"] == "auto-generated"
    text, html = body(message, "plain"), body(message, "html")
    assert "时间：12月3日 (周四) 10:00" in text
    assert "确认或改期：https://hr.hospital.example/c/abc?x=1&y=2" in text
    assert "行政楼 &lt;三楼&gt; &amp; 旁边" in html
    assert 'href="https://hr.hospital.example/c/abc?x=1&amp;y=2"' in html
    for loads in ("<img", "<link", "<script", "src=", "url("):
        assert loads not in html


def test_data_cannot_become_markup() -> None:
    html = body(made(Text('<img src="https://evil.example/t.gif"><script>x</script>')), "html")
    assert "<img" not in html
    assert "<script" not in html


@pytest.mark.parametrize(
    "ending", ["\r\nBcc: all@evil.example", "\nX-A: 1", "\u2028X-B: 1", "\x00", "\x0bX"]
)
def test_a_title_opens_no_second_header(ending: str) -> None:
    message = made(Card(title=f"面试{ending}"), sender=Sender(SENDER.address, f"医院{ending}"))
    assert set(message.keys()) == {
        "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version",
        "Content-Type",
    }  # fmt: skip
    assert message["From"].addresses[0].addr_spec == SENDER.address


@given(st.text(max_size=200))
def test_any_title_is_one_line_of_bounded_length(title: str) -> None:
    line = subject(Card(title=title), "医院")
    assert 0 < len(line) <= 60
    assert len(line.splitlines()) == 1


@pytest.mark.parametrize(
    "to",
    ["", "a", "a@b", "a@b.c\r\nRCPT TO:<x@y.z>", "a b@c.de", "<a@b.cd>", "a@b.cd,e@f.gh",
     "钱@b.cd",
     "a..b@c.de", '"a b"@c.de', "a@-b.cd", "a" * 65 + "@b.cd", "a@" + "b." * 140 + "cd"],
)  # fmt: skip
def test_whatever_is_no_plain_address_is_refused(to: str) -> None:
    assert not valid(to)
    with pytest.raises(SendFailed) as refused:
        made(INVITATION, to)
    assert refused.value.failure is Failure.RECIPIENT
    assert "example.com" in refused.value.cure


def test_the_message_id_is_stable_and_tells_nothing() -> None:
    first = message_id("interview-7", TO, "hospital.example")
    assert first == message_id("interview-7", TO.upper(), "hospital.example")
    assert first != message_id("interview-8", TO, "hospital.example")
    assert first != message_id("interview-7", "other@mail.example", "hospital.example")
    assert "qian" not in first
    assert "interview" not in first
    assert made(INVITATION)["Message-ID"] == message_id("key-1", TO, "hospital.example")


def test_a_question_without_a_link_is_not_sent() -> None:
    asking = Card(title="来吗？", buttons=(Button("来", "interviews.confirm"),))
    with pytest.raises(SendFailed) as refused:
        made(asking)
    assert refused.value.failure is Failure.REQUEST


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "https://a b", ""])
def test_a_link_leads_to_the_web_only(url: str) -> None:
    with pytest.raises(SendFailed):
        made(Card(title="x", link=Link("去", url)))


def test_a_text_has_the_hospitals_subject() -> None:
    assert made(Text("您好"))["Subject"] == "来自江城示范医院的通知"
    with pytest.raises(ValueError, match="plain mail address"):
        Sender("hr@hospital.example\r\nX: 1", "医院")
