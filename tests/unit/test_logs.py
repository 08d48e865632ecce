"""No secret, token or phone in any log line, tracebacks included."""

from __future__ import annotations

import io
import json
import logging

import pytest
import structlog

from bot.logs import Redactor, configure

SECRET = "canary-corpsecret-1"


@pytest.mark.parametrize(
    "text",
    [
        "GET /cgi-bin/gettoken?corpid=ww1&corpsecret=abcdef123456",
        "url=https://h/message/send?access_token=abcdef123456&x=1",
        "{'secret': 'abcdef123456'}",
        '"token": "abcdef123456"',
        "msg_signature=abcdef123456",
        "postgresql://wardbell:abcdef123456@db/wardbell",
        f"something {SECRET}abcdef123456".replace("abcdef123456", ""),
    ],
)
def test_secrets_are_taken_out(text: str) -> None:
    clean = Redactor([SECRET])(text)
    assert "abcdef123456" not in clean
    assert SECRET not in clean


def test_phones_keep_only_their_ends_and_id_numbers_nothing() -> None:
    clean = Redactor()("电话13912345678,证号110101199003071234")
    assert "139****5678" in clean
    assert "110101" not in clean


def test_a_traceback_is_cleaned_too() -> None:
    stream = io.StringIO()
    configure([SECRET], stream=stream)
    try:
        raise RuntimeError(f"access_token=abcdef123456 {SECRET} 13912345678")
    except RuntimeError as error:
        structlog.get_logger().error("broke", exc_info=error)
        logging.getLogger("somebody").exception("broke too", exc_info=error)
    written = stream.getvalue()
    assert written.count("RuntimeError") >= 2
    for hidden in ("abcdef123456", SECRET, "13912345678"):
        assert hidden not in written
    for line in written.splitlines():
        assert json.loads(line)["level"] == "error"


@pytest.mark.parametrize(
    "text",
    [
        "8613912345678",
        "+86 139 1234 5678",
        "139-1234-5678",
        "RCPT TO:<qian.duoduo@mail.example> 550",
        "null value in column\nDETAIL:  Failing row contains (7, 钱多多, 139****5678, 怀孕).\nat",
    ],
)
def test_other_spellings_mails_and_quoted_rows_are_taken_out(text: str) -> None:
    clean = Redactor()(text)
    for hidden in ("1234", "duoduo", "钱多多", "怀孕"):
        assert hidden not in clean
    assert clean.endswith(("5678", "550", "\nat"))
