"""The V3 signature, byte for byte as the provider's page prints it."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

from bot.platforms.sms.signing import AccessKey, Action, canonical_query, signed_headers

KEY = AccessKey("YourAccessKeyId", "YourAccessKeySecret")
DATE = datetime(2023, 10, 26, 10, 22, 32, tzinfo=UTC)
NONCE = "3156853299f313e23d1673dc12e1703d"


def test_the_worked_example_of_page_2593177() -> None:
    query = canonical_query(
        {
            "RegionId": "cn-shanghai",
            "ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd",
        }
    )
    action = Action("RunInstances", "2014-05-26")
    headers = signed_headers(KEY, action, "ecs.cn-shanghai.aliyuncs.com", query, DATE, NONCE)
    assert headers["Authorization"] == (
        "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=host;x-acs-action;"
        "x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version,Signature="
        "06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
    )
    assert headers["x-acs-content-sha256"] == hashlib.sha256(b"").hexdigest()
    assert "YourAccessKeySecret" not in repr(KEY)


def test_values_are_encoded_as_rfc_3986_says() -> None:
    query = canonical_query({"b": "张 三+*~/&=", "a": "1"})
    assert query == "a=1&b=%E5%BC%A0%20%E4%B8%89%2B%2A~%2F%26%3D"
