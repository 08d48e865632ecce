"""The published vectors, recomputed byte by byte."""

from __future__ import annotations

import pytest

from simulator.crypto import CryptoError, Envelope, pad, sign, unpad

TOKEN = "QDG6eK"
KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
CORP = "wx5823bf96d3bd56c7"
POST = (
    "RypEvHKD8QQKFhvQ6QleEB4J58tiPdvo+rtK1I9qca6aM/wvqnLSV5zEPeusUiX5L5X/0lWfrf0QADHHhGd3QczcdCUp"
    "j911L3vg3W/sYYvuJTs3TUUkSUXxaccAS0qhxchrRYt66wiSpGLYL42aM6A8dTT+6k4aSknmPj48kzJs8qLjvd4Xgpue"
    "06DOdnLxAUHzM6+kDZ+HMZfJYuR+LtwGc2hgf5gsijff0ekUNXZiqATP7PF5mZxZ3Izoun1s4zG4LUMnvw2r+KqCKIw+"
    "3IQH03v+BCA9nMELNqbSf6tiWSrXJB3LAVGUcallcrw8V2t9EL4EhzJWrQUax5wLVMNS0+rUPA3k22Ncx4XXZS9o0MBH"
    "27Bo6BpNelZpS+/uh9KsNlY6bHCmJU9p8g7m3fVKn28H3KDYA5Pl/T8Z1ptDAVe0lXdQ2YoyyH2uyPIGHBZZIs2pDBS8"
    "R07+qN+E7Q=="
)
MESSAGE = """<xml><ToUserName><![CDATA[wx5823bf96d3bd56c7]]></ToUserName>
<FromUserName><![CDATA[mycreate]]></FromUserName>
<CreateTime>1409659813</CreateTime>
<MsgType><![CDATA[text]]></MsgType>
<Content><![CDATA[hello]]></Content>
<MsgId>4561255354251345929</MsgId>
<AgentID>218</AgentID>
</xml>"""
ECHO = "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ=="


def corp() -> Envelope:
    return Envelope(TOKEN, KEY, CORP)


def test_published_message_is_signed_opened_and_sealed() -> None:
    corp().check("477715d11cdb4164915debcba66cb864d751f3e6", "1409659813", "1372623149", POST)
    assert corp().open(POST) == MESSAGE
    assert corp().seal(MESSAGE, b"0960688932c47ef1") == POST


def test_published_echo_is_signed_opened_and_sealed() -> None:
    corp().check("5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3", "1409659589", "263014780", ECHO)
    assert corp().open(ECHO) == "1616140317555161061"
    assert corp().seal("1616140317555161061", b"c41b64491c2468d0") == ECHO


@pytest.mark.parametrize(
    ("message", "sealed", "signature"),
    [
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
    ],
)
def test_vectors_with_empty_receiver(message: str, sealed: str, signature: str) -> None:
    robot = Envelope(TOKEN, KEY, "")
    assert robot.seal(message, b"0123456789abcdef") == sealed
    assert sign(TOKEN, "1700000000", "abc123", sealed) == signature
    assert robot.open(sealed) == message


@pytest.mark.parametrize("length", range(65))
def test_padding_is_always_added_and_removed(length: int) -> None:
    padded = pad(b"x" * length)
    assert len(padded) % 32 == 0
    assert len(padded) > length
    assert unpad(padded) == b"x" * length


def test_a_message_for_another_corp_is_refused() -> None:
    with pytest.raises(CryptoError, match="-40005"):
        Envelope(TOKEN, KEY, "another").open(POST)


def test_a_wrong_signature_is_refused() -> None:
    with pytest.raises(CryptoError, match="-40001"):
        corp().check("0" * 40, "1409659813", "1372623149", POST)


@pytest.mark.parametrize("garbage", ["", "%%%", "YWJj", "A" * 64])
def test_garbage_is_refused(garbage: str) -> None:
    with pytest.raises(CryptoError):
        corp().open(garbage)


def test_a_short_key_is_refused() -> None:
    with pytest.raises(CryptoError, match="-40004"):
        Envelope(TOKEN, "short", CORP)
