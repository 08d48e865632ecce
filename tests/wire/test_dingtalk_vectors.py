"""Published vectors of the event envelope, and signatures computed by openssl."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from multidict import CIMultiDict, MultiDict

from bot.platforms.dingtalk.crypto import EventCrypto, check_robot, check_tap, sign
from bot.platforms.refusal import Refused

# From the sample at the end of the official repository's DingCallbackCrypto3.py.
OFFICIAL = EventCrypto(
    "mryue", "Yue0EfdN5900c1ce5cf6A152c63DDe1808a60c5ecd7", ["ding6ccabc44d2c8d38b"]
)
OFFICIAL_QUERY = MultiDict(
    signature="03044561471240d4a14bb09372dfcfd4fd0e40cb",
    timestamp="1608001896814",
    nonce="WL4PK6yA",
)
OFFICIAL_BODY = (
    "0vJiX6vliEpwG3U45CtXqi+m8PXbQRARJ8p8BbDuD1EMTDf0jKpQ79QS93qEk7XHpP6u+oTTrd15NRPvNvmBKyDCYxxO"
    "K+HZeKju4yhELOFchzNukR+t8SB/qk4ROMu3"
)
# An answer of the official Java library, as written down in o2oa's TestMain.java.
JAVA = EventCrypto("o2oa", "Nzk5ZjFiODIxMzkyNGMyNWIyMmFiZWZkNjIzNjIxYTg", ["ding21016b71e78da961"])
JAVA_QUERY = MultiDict(
    msg_signature="502b261eda47a212db163c91322f7ddecb2e99cc",
    timestamp="1603697312745",
    nonce="2dffdfdfdf2222",
)
JAVA_BODY = (
    "QH/UQCL7dUGoPQZcBf2H2u/8ImJ+6tjDOSfHle3GmMoG/zopHbD8JpXVCBFGSUFmQ3bWXIuzwyXAZCeS2kptmA=="
)
AT = datetime.fromtimestamp(1700000000, UTC)


def body(encrypted: str) -> bytes:
    return json.dumps({"encrypt": encrypted}).encode()


def test_the_official_sample_opens() -> None:
    at = datetime.fromtimestamp(1608001896, UTC)
    opened = OFFICIAL.open(OFFICIAL_QUERY, body(OFFICIAL_BODY), at)
    assert opened.plaintext == b'{"EventType":"check_url"}'


def test_what_the_official_java_library_sealed_opens() -> None:
    at = datetime.fromtimestamp(1603697312, UTC)
    assert JAVA.open(JAVA_QUERY, body(JAVA_BODY), at).plaintext == b"success"


def test_signatures_as_openssl_makes_them() -> None:
    """printf '1700000000000\\nsample-secret-of-nobody' | openssl dgst -sha256 -hmac … -binary"""
    robot = sign("sample-secret-of-nobody", "1700000000000\nsample-secret-of-nobody")
    assert robot == "YKyVJLaUl9fDA3vSfGUBvdjf1SmzX+E8H0S4///Z1jo="
    headers = CIMultiDict({"timestamp": "1700000000000", "sign": robot})
    check_robot(headers, "sample-secret-of-nobody", AT + timedelta(minutes=59))
    tap = "1sbvrnTVaiIgCAWAJh4X1gCmw0gflIPHNCuEjIcNzfg="
    headers = CIMultiDict(
        {"x-ddpaas-signature-timestamp": "1700000000000", "x-ddpaas-signature": tap}
    )
    assert check_tap(headers, "sample-card-secret", AT) == ("1700000000000", AT)
    with pytest.raises(Refused, match="403 signature"):
        check_tap(headers, "another", AT)
