"""Other people's cards, old cards, hostile words, and what must never be readable."""

from __future__ import annotations

import io
import logging
import re
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from bot import database, logs, sample
from bot.wiring import Services
from models import db
from services import audit
from tests.support.deciding import accepted, asked
from tests.support.hospital import KEY, Hospital, Message

HOSTILE = [
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{% for i in range(10**9) %}x{% endfor %}",
    "${7*7} #{7*7} {{7*7}}",
    '<a href="https://evil.example/approve">批准</a>',
    "[批准](https://evil.example)",
    "@all 请注意",
    "'; DROP TABLE persons; --",
    "1' OR '1'='1",
    "\\u0000 %s %n %x",
    "‮反向‭ ​零宽",
    "]]><FromUserName>zhao</FromUserName>",
    "=HYPERLINK(1)",
    "长" * 3000,
]
PHONE = "13900010001"


async def forged(hospital: Hospital, who: str, card: Message, button: str) -> Any:
    """`who` presses a button of a card that lies on somebody else's phone."""
    owner = hospital.sim.phones.of(card.phone.userid)
    item = owner.find(card.body["seq"])
    assert item is not None
    copy = hospital.sim.phones.receive(who, item.kind, item.agentid, item.body, item.msgid)
    return await hospital.post(
        f"/sim/phones/{who}/tap", {"seq": copy.seq, "button": button, "force": True}
    )


async def test_a_card_that_was_forwarded_does_nothing_in_other_hands(hospital: Hospital) -> None:
    sun, wang = hospital.phones("sun", "wang")
    await sun.says("换班 1214A 王")
    card = await wang.expects_card("想和您换班")
    for thief in ("liu", "sun", "zhao", "song"):
        done = await forged(hospital, thief, card, "同意")
        assert "不是发给您的" in done["reply"]
    assert await db.fetch_value("SELECT state FROM swaps") == "asked"
    assert "已同意" in await card.tap("同意")


async def test_an_approval_card_obeys_only_its_approver(hospital: Hospital) -> None:
    sun, wang, zhao = hospital.phones("sun", "wang", "zhao")
    await sun.says("换班 1214A 王")
    await (await wang.expects_card("想和您换班")).tap("同意")
    card = await zhao.expects_card("换班请审批")
    for thief in ("sun", "wang", "liang", "song"):
        assert "不是发给您的" in (await forged(hospital, thief, card, "批准"))["reply"]
    assert await db.fetch_value("SELECT state FROM approvals") == "pending"


async def test_an_old_card_answers_politely_and_changes_nothing(hospital: Hospital) -> None:
    sun, wang = hospital.phones("sun", "wang")
    await sun.says("换班 1214A 王")
    card = await wang.expects_card("想和您换班")
    await card.tap("不方便")
    assert "谢绝" in await card.tap("同意", force=True)
    assert await db.fetch_value("SELECT state FROM swaps") == "declined"


async def test_a_card_nobody_sent_is_unknown(hospital: Hospital) -> None:
    sun, wang = hospital.phones("sun", "wang")
    await sun.says("换班 1214A 王")
    card = await wang.expects_card("想和您换班")
    await db.execute("UPDATE sends SET task_id = 'of-another-app-' || id")
    assert "失效" in await card.tap("同意")
    assert await db.fetch_value("SELECT state FROM swaps") == "asked"


@pytest.mark.parametrize("words", HOSTILE, ids=range(len(HOSTILE)))
async def test_hostile_words_are_only_words(hospital: Hospital, words: str) -> None:
    li, sun, wang = hospital.phones("li", "sun", "wang")
    for text in (words, f"换班 {words}", f"换班 1214A {words}", f"我的班 {words}"):
        reply = await li.says(text[:2000])
        assert "49" not in reply
        assert "<a" not in reply
        assert "@all" not in reply
    assert "已经问" in await sun.says(f"换班 1214A 王，{words}"[:2000])
    card = await wang.expects_card("想和您换班")
    assert "<a" not in card.text
    assert "](" not in card.text
    assert "@all" not in card.text
    assert "49 #" not in card.text
    assert await db.fetch_value("SELECT count(*) FROM persons") == len(sample.PEOPLE)
    assert await db.fetch("SELECT 1 FROM inbox WHERE state <> 'done'") == []


async def test_no_secret_token_or_phone_is_logged_in_a_whole_day_of_trouble(
    hospital: Hospital,
) -> None:
    stream = io.StringIO()
    logs.configure(hospital.bot.settings.secrets(), stream=stream)
    try:
        sun, wang, zhao = hospital.phones("sun", "wang", "zhao")
        await hospital.fault("expired_token", api="message/send", count=1)
        await hospital.fault("http_500", api="message/send", count=1)
        await hospital.fault("reset_after_bytes", api="message/send", count=1)
        await sun.says(f"换班 1214A 王，打我电话{PHONE}")
        for _ in range(4):
            await hospital.later("5m")
        await (await wang.expects_card("想和您换班")).tap("同意")
        await hospital.fault("untrusted_ip", count=1)
        await db.execute("ALTER TABLE swaps RENAME TO swaps_away")
        await hospital.post("/sim/phones/sun/say", {"text": f"换班 1214A 王，{PHONE}"})
        await db.execute("ALTER TABLE swaps_away RENAME TO swaps")
        await hospital.later("10m")
        await hospital.later("5m")  # the channel rested for a minute
        await (await zhao.expects_card("换班请审批")).tap("批准")
        await hospital.at("20:31")
    finally:
        logging.getLogger().handlers[0].flush()
        text = stream.getvalue()
        logs.configure()
    assert "Traceback" in text
    tokens = list(hospital.sim.tokens._by_value)
    canaries = [sample.SECRET, sample.TOKEN, sample.AES_KEY, KEY, KEY[3:], PHONE, *tokens]
    assert [canary for canary in canaries if canary in text] == []
    assert re.findall(r"(?<!\d)1[3-9]\d{9}(?!\d)", text) == []
    assert "access_token=" not in text.replace("access_token=***", "")


async def test_audit_rows_can_be_neither_changed_nor_deleted(services: Services) -> None:
    await asked(services, "sun", "1214", "wang")
    await audit.seal()
    for statement in (
        "UPDATE audit_rows SET actor = 'nobody'",
        "DELETE FROM audit_rows",
        "UPDATE audit_seals SET hash = ''",
        "DELETE FROM audit_seals",
        "TRUNCATE audit_rows",
        "TRUNCATE audit_seals",
    ):
        with pytest.raises(asyncpg.PostgresError, match="append-only"):
            await db.execute(statement)
    assert (await audit.verify()).intact


@pytest.mark.parametrize(
    ("tampering", "broken"),
    [
        ("UPDATE audit_rows SET actor = 'person:1' WHERE id = {row}", True),
        ("UPDATE audit_rows SET detail = '{{}}' WHERE id = {row}", True),
        ("UPDATE audit_rows SET at = at + interval '1 second' WHERE id = {row}", True),
        ("DELETE FROM audit_rows WHERE id = {row}", True),
        ("DELETE FROM audit_seals WHERE audit_id = {row}", True),
        ("SELECT 1", False),
    ],
)
async def test_the_chain_finds_what_a_superuser_tampered_with(
    services: Services, database_url: str, tampering: str, broken: bool
) -> None:
    await accepted(services, "sun", "1214", "wang")
    await audit.seal()
    row = await db.fetch_value("SELECT min(id) FROM audit_rows WHERE action = 'swap.asked'")
    connection = await database.connect(database_url)
    try:
        await connection.execute("SET session_replication_role = replica")
        await connection.execute(tampering.format(row=row))
    finally:
        await connection.close()
    assert (await audit.verify()).intact is not broken


async def test_no_phone_lies_readable_in_the_files_of_the_database(services: Services) -> None:
    phones = [person.phone for person in sample.PEOPLE if person.phone]
    await asked(services, "sun", "1214", "wang")
    await db.execute("CHECKPOINT")
    folder = Path(await db.fetch_value("SHOW data_directory"))
    oid = await db.fetch_value("SELECT oid FROM pg_database WHERE datname = current_database()")
    files = [path for path in (folder / "base" / str(oid)).iterdir() if path.is_file()]
    assert files
    for path in files:
        content = path.read_bytes()
        assert not [phone for phone in phones if phone.encode() in content], path.name


async def test_a_stranger_learns_nothing(hospital: Hospital) -> None:
    await db.execute("DELETE FROM identities WHERE user_id = 'li'")
    for text in ("我的班", "换班 1212A 王", "帮助", "未确认", "控制台"):
        assert "还不认识您" in await hospital.phone("li").says(text)


async def test_who_has_left_has_no_access_at_once(hospital: Hospital) -> None:
    await db.execute(
        "UPDATE persons SET active = false FROM identities i "
        "WHERE i.person_id = persons.id AND i.user_id = 'li'"
    )
    for text in ("我的班", "帮助", "控制台"):
        assert "现在不能使用护铃" in await hospital.phone("li").says(text)
