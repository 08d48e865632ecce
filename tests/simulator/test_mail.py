"""The mail server against the standard library's client, and the mailboxes as phones."""

from __future__ import annotations

import asyncio
import smtplib
from typing import Any

import pytest

from simulator.hospital import BadHospital, parse
from simulator.mail.letters import DEPTH, tree
from tests.simulator.bench import Bench
from tests.simulator.outside import ADDRESS, HOSPITAL, MAIL, mail, posted

PHONE = f"/sim/phones/mail:{ADDRESS}"


@pytest.fixture(autouse=True)
def outside(b: Bench) -> None:
    world = parse(HOSPITAL)
    b.sim.world.mail, b.sim.world.sms = world.mail, world.sms


async def port(b: Bench) -> int:
    return int((await b.get("/sim/hospital"))["mail"]["port"])


async def box(b: Bench) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = await b.get(f"{PHONE}/messages")
    return rows


async def test_a_mail_is_shown_with_words_links_and_the_date_to_keep(b: Bench) -> None:
    await posted(await port(b), mail())
    (message,) = await box(b)
    content = message["content"]
    assert content["subject"] == message["card"]["title"] == "面试邀请"
    assert content["text"] == "您好\n.点开头的一行\n详情 https://example.org/c/1"
    assert content["html_text"].splitlines() == ["您好 & 欢迎", "确认"]
    assert content["links"] == [{"title": "确认", "url": "https://example.org/c/1"}]
    event = content["calendar"]
    assert (event["start"], event["location"]) == ("2026-12-03 10:00", "行政楼, 三楼")
    assert "日程时间：2026-12-03 10:00" in message["text"]
    assert message["app"] == {"agentid": "mail", "name": "江城示范医院"}
    rows = {p["id"]: p for p in await b.get("/sim/phones")}
    assert rows[f"mail:{ADDRESS}"]["platform"] == "mail"
    assert rows[f"mail:{ADDRESS}"]["name"] == "钱多多"


async def test_no_password_is_public_and_a_wrong_one_is_refused(b: Bench) -> None:
    assert MAIL["auth"]["password"] not in str(await b.get("/sim/hospital"))
    with pytest.raises(smtplib.SMTPAuthenticationError) as wrong:
        await posted(await port(b), mail(), password="wrong")
    assert wrong.value.smtp_code == 535
    with pytest.raises(smtplib.SMTPSenderRefused) as missing:
        await posted(await port(b), mail(), password="")
    assert missing.value.smtp_code == 530
    assert await box(b) == []
    assert MAIL["auth"]["password"] not in str(await b.get("/sim/calls"))


async def test_starttls_hides_the_password_and_auth_waits_for_it(b: Bench) -> None:
    assert b.sim.world.mail
    b.sim.world.mail.tls = True
    known = (await b.get("/sim/hospital"))["mail"]
    with pytest.raises(smtplib.SMTPNotSupportedError):
        await posted(known["port"], mail())
    await posted(known["port"], mail(), tls=known["certificate"])
    assert len(await box(b)) == 1


async def test_an_unknown_mailbox_is_refused_and_a_repeat_is_marked(b: Bench) -> None:
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        await posted(await port(b), mail("nobody@mail.example"))
    assert refused.value.recipients["nobody@mail.example"][0] == 550
    await posted(await port(b), mail(ADDRESS.upper()))
    await posted(await port(b), mail())
    await posted(await port(b), mail(message_id="<2@x>"))
    assert [m["content"]["repeat"] for m in await box(b)] == [False, True, False]


async def test_greylisting_lets_the_second_try_in(b: Bench) -> None:
    await b.post("/sim/faults", {"kind": "mail_greylist"})
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        await posted(await port(b), mail())
    assert refused.value.recipients[ADDRESS][0] == 451
    await posted(await port(b), mail())
    assert len(await box(b)) == 1


@pytest.mark.parametrize(("verb", "code"), [("mail", 421), ("rcpt", 552), ("data", 554)])
async def test_any_command_can_be_refused_with_any_code(b: Bench, verb: str, code: int) -> None:
    await b.post("/sim/faults", {"kind": "mail_error", "api": f"smtp/{verb}", "errcode": code})
    with pytest.raises(smtplib.SMTPException) as refused:
        await posted(await port(b), mail())
    assert str(code) in str(refused.value)
    assert await box(b) == []
    assert (await b.get("/sim/calls?errors=1"))[-1]["errcode"] == code


async def test_a_cut_after_the_dot_leaves_the_mail_and_no_answer(b: Bench) -> None:
    await b.post("/sim/faults", {"kind": "mail_cut", "count": 1})
    with pytest.raises(smtplib.SMTPServerDisconnected):
        await posted(await port(b), mail())
    assert len(await box(b)) == 1


async def test_a_black_hole_keeps_nothing(b: Bench) -> None:
    await b.post("/sim/faults", {"kind": "black_hole", "count": None})
    waiting = asyncio.ensure_future(posted(await port(b), mail()))  # noqa: TID251
    while not (await b.get("/sim/faults"))["faults"][0]["fired"]:
        await asyncio.sleep(0)
    await b.session.delete(f"{b.base}/sim/faults")
    with pytest.raises(smtplib.SMTPServerDisconnected):
        await waiting
    assert await box(b) == []


async def test_what_is_too_big_or_no_smtp_is_turned_away(b: Bench) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", await port(b))
    assert (await reader.readline()).startswith(b"220 ")
    writer.write(b"GET / HTTP/1.1\r\nRCPT TO:<a@b>\r\nMAIL FROM:<a b>\r\n")
    codes = [(await reader.readline())[:3] for _ in range(3)]
    assert codes == [b"502", b"503", b"530"]
    writer.write(b"X" * 100_000 + b"\r\n")
    assert await reader.read() == b""
    writer.close()


async def test_an_answer_is_kept_but_nobody_hears_it(b: Bench) -> None:
    outcome = await b.post(f"{PHONE}/say", {"text": "收到"})
    assert outcome["status"] == "unheard"
    assert (await box(b))[0]["direction"] == "out"


def test_a_wrong_address_is_named() -> None:
    with pytest.raises(BadHospital, match="name@domain"):
        parse(HOSPITAL | {"mail": {"users": [{"address": "nobody"}]}})


def test_html_becomes_a_tree_of_harmless_tags() -> None:
    wicked = (
        '<h2 style="x" onclick="y">邀请</h2><script>bad()</script><p>您好<br>再见'
        '<a href="javascript:1">点</a><marquee><b>滚</b></marquee><iframe>里</iframe>'
        '<img src="https://example.org/a.png" alt="院徽">'
    )
    heading, paragraph = tree(wicked)
    assert heading == {"tag": "h2", "inner": ["邀请"]}
    assert isinstance(paragraph, dict)
    assert paragraph["inner"] == [
        "您好",
        {"tag": "br", "inner": []},
        "再见",
        {"tag": "a", "inner": ["点"], "href": "javascript:1"},  # the page links to http(s) only
        {"tag": "b", "inner": ["滚"]},
        {"tag": "img", "alt": "院徽"},
    ]


def test_html_without_end_does_not_grow_without_end() -> None:
    def depth(nodes: list[Any]) -> int:
        return max((1 + depth(n["inner"]) for n in nodes if isinstance(n, dict)), default=0)

    assert depth(tree("<div>" * 5000 + "深")) == DEPTH
