"""The vectors published with the official sample code, and our own (wecom.md §2.6)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from multidict import MultiDict

from bot.events import TextSaid
from bot.platforms.envelope import signature
from bot.platforms.wecom.crypto import CallbackCrypto, CallbackKeys
from bot.platforms.wecom.decode import decode
from tests.wecom import AES_KEY, CORP, TOKEN

POSTED = (
    "RypEvHKD8QQKFhvQ6QleEB4J58tiPdvo+rtK1I9qca6aM/wvqnLSV5zEPeusUiX5L5X/0lWfrf0QADHHhGd3Qczcd"
    "CUpj911L3vg3W/sYYvuJTs3TUUkSUXxaccAS0qhxchrRYt66wiSpGLYL42aM6A8dTT+6k4aSknmPj48kzJs8qLjvd"
    "4Xgpue06DOdnLxAUHzM6+kDZ+HMZfJYuR+LtwGc2hgf5gsijff0ekUNXZiqATP7PF5mZxZ3Izoun1s4zG4LUMnvw2"
    "r+KqCKIw+3IQH03v+BCA9nMELNqbSf6tiWSrXJB3LAVGUcallcrw8V2t9EL4EhzJWrQUax5wLVMNS0+rUPA3k22Nc"
    "x4XXZS9o0MBH27Bo6BpNelZpS+/uh9KsNlY6bHCmJU9p8g7m3fVKn28H3KDYA5Pl/T8Z1ptDAVe0lXdQ2YoyyH2uy"
    "PIGHBZZIs2pDBS8R07+qN+E7Q=="
)
INNER = """<xml><ToUserName><![CDATA[wx5823bf96d3bd56c7]]></ToUserName>
<FromUserName><![CDATA[mycreate]]></FromUserName>
<CreateTime>1409659813</CreateTime>
<MsgType><![CDATA[text]]></MsgType>
<Content><![CDATA[hello]]></Content>
<MsgId>4561255354251345929</MsgId>
<AgentID>218</AgentID>
</xml>"""
ECHO = "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ=="
OWN = [
    (
        '{"msgid":"1"',
        "sKqRbbiSUnDhFHOvPjtUMXd0vmFEcfJtIOTmT5VtguORqeh9qXNlwXEfygoHOSML/fqUvTMOuz61zi33DmNOig==",
        "622496e672b833281d3f15c2f50c6e361ec10957",
    ),
    (
        '{"msgtype":"text","text":{"content":"护士"}}',
        "sKqRbbiSUnDhFHOvPjtUMevlVJi5gSks1smLwj58jImB2BNF0on6mvpE5XjYftWRN2qcIwbZ6XxfNjvBNFmNgAfw"
        "5BozXsMJ4yZTrDAVA0kElOkNSSfGgW4MQQcHCEam",
        "4b3326a45bf0d7af1c5fadb1b34cbac1f93b8b95",
    ),
]
KEYS = CallbackKeys(TOKEN, AES_KEY)


def at(timestamp: int) -> datetime:
    return datetime.fromtimestamp(timestamp, UTC)


def test_the_published_post_opens_and_decodes() -> None:
    query = MultiDict(
        msg_signature="477715d11cdb4164915debcba66cb864d751f3e6",
        timestamp="1409659813",
        nonce="1372623149",
    )
    body = (
        f"<xml><ToUserName><![CDATA[{CORP}]]></ToUserName>"
        f"<Encrypt><![CDATA[{POSTED}]]></Encrypt></xml>"
    )
    opened = CallbackCrypto(CORP, [KEYS]).open_body(query, body.encode(), at(1409659813))
    assert opened.plaintext.decode() == INNER
    event = decode(opened.plaintext, app="hr")
    assert event == TextSaid(
        platform="wecom",
        app="hr",
        event_id="wecom:hr:4561255354251345929",
        user="mycreate",
        at=at(1409659813),
        text="hello",
    )


@pytest.mark.parametrize("echo", [ECHO, ECHO.replace("+", " ")])
def test_the_published_verification_answers_its_plaintext(echo: str) -> None:
    query = MultiDict(
        msg_signature="5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3",
        timestamp="1409659589",
        nonce="263014780",
        echostr=echo,
    )
    opened = CallbackCrypto(CORP, [KEYS]).open_echo(query, at(1409659589))
    assert opened == b"1616140317555161061"


@pytest.mark.parametrize(("message", "encrypted", "signed"), OWN)
def test_our_vectors_open_with_an_empty_receive_id(
    message: str, encrypted: str, signed: str
) -> None:
    assert signature(TOKEN, "1700000000", "abc123", encrypted) == signed
    query = MultiDict(msg_signature=signed, timestamp="1700000000", nonce="abc123")
    body = f"<xml><Encrypt>{encrypted}</Encrypt></xml>".encode()
    opened = CallbackCrypto("", [KEYS]).open_body(query, body, at(1700000000))
    assert opened.plaintext.decode() == message
