"""The stand-in of the text message provider: signature, rules, and the phone that shows it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from yarl import URL

from simulator.hospital import parse
from simulator.sms.signing import SmsError, check
from tests.simulator.bench import Bench
from tests.simulator.outside import HOSPITAL, NUMBER, SMS, sms_request

PARAMS = {
    "PhoneNumbers": NUMBER,
    "SignName": "江城示范医院",
    "TemplateCode": "SMS_100",
    "TemplateParam": json.dumps({"name": "钱多多", "time": "12月3日 (周四) 10:00"}),
    "OutId": "out-1",
}


@pytest.fixture(autouse=True)
def outside(b: Bench) -> None:
    b.sim.world.sms = parse(HOSPITAL).sms


async def call(
    b: Bench,
    nonce: str = "n1",
    *,
    later: int = 0,
    secret: str = "",
    changes: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    date = (b.sim.clock.now() + timedelta(seconds=later)).astimezone(UTC)
    host = b.base.removeprefix("http://")
    query, headers = sms_request(
        host,
        PARAMS | dict(changes or {}),
        date.strftime("%Y-%m-%dT%H:%M:%SZ"),
        nonce,
        secret or SMS["access_key_secret"],
    )
    url = URL(f"{b.base}/?{query}", encoded=True)
    async with b.session.post(url, headers=headers) as response:
        reply: dict[str, Any] = await response.json()
    return reply


async def test_a_text_message_arrives_in_the_words_of_its_template(b: Bench) -> None:
    assert (await call(b))["Code"] == "OK"
    (message,) = await b.get(f"/sim/phones/sms:{NUMBER}/messages")
    assert message["text"] == (
        "【江城示范医院】钱多多您好，邀请您12月3日 (周四) 10:00来院面试，详情见邮件。"
    )
    assert message["content"]["out_id"] == "out-1"
    row = next(p for p in await b.get("/sim/phones") if p["platform"] == "sms")
    assert row["name"] == "钱多多 139****0101"
    assert NUMBER not in str(await b.get("/sim/calls"))
    assert SMS["access_key_secret"] not in str(await b.get("/sim/hospital"))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"PhoneNumbers": "12345"}, "isv.MOBILE_NUMBER_ILLEGAL"),
        ({"SignName": "别的医院"}, "isv.SMS_SIGNATURE_ILLEGAL"),
        ({"TemplateCode": "SMS_9"}, "isv.SMS_TEMPLATE_ILLEGAL"),
        ({"TemplateParam": '{"name": 1}'}, "isv.INVALID_JSON_PARAM"),
        ({"TemplateParam": '{"name": "钱"}'}, "isv.TEMPLATE_MISSING_PARAMETERS"),
        (
            {"TemplateParam": '{"name": "钱", "time": "' + "长" * 36 + '"}'},
            "isv.PARAM_LENGTH_LIMIT",
        ),
        ({"TemplateParam": '{"name":"a","time":"https://a.b"}'}, "isv.PARAM_NOT_SUPPORT_URL"),
    ],
)
async def test_each_broken_rule_has_its_code(b: Bench, changes: dict[str, str], code: str) -> None:
    assert (await call(b, changes=changes))["Code"] == code
    assert await b.get(f"/sim/phones/sms:{NUMBER}/messages") == []


async def test_forged_replayed_and_late_requests_are_refused(b: Bench) -> None:
    assert (await call(b, secret="wrong"))["Code"] == "SignatureDoesNotMatch"
    assert (await call(b, later=-901))["Code"] == "InvalidTimeStamp.Expired"
    assert (await call(b, later=1200))["Code"] == "InvalidTimeStamp.Expired"
    assert (await call(b, "n7"))["Code"] == "OK"
    assert (await call(b, "n7"))["Code"] == "SignatureNonceUsed"


async def test_faults_answer_as_the_provider_would(b: Bench) -> None:
    for kind, code in (
        ("rate_limit", "isv.BUSINESS_LIMIT_CONTROL"),
        ("permission", "isp.RAM_PERMISSION_DENY"),
        ("api_error", "isp.SYSTEM_ERROR"),
    ):
        await b.post("/sim/faults", {"kind": kind, "count": 1})
        assert (await call(b, kind))["Code"] == code


def test_the_check_agrees_with_the_published_example() -> None:
    """Page 2593177 prints inputs and signature of one request; a changed byte is refused."""
    headers = {
        "host": "ecs.cn-shanghai.aliyuncs.com",
        "x-acs-action": "RunInstances",
        "x-acs-content-sha256": hashlib.sha256(b"").hexdigest(),
        "x-acs-date": "2023-10-26T10:22:32Z",
        "x-acs-signature-nonce": "3156853299f313e23d1673dc12e1703d",
        "x-acs-version": "2014-05-26",
        "authorization": (
            "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=host;x-acs-action;"
            "x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version,Signature="
            "06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
        ),
    }
    query = "ImageId=win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd&RegionId=cn-shanghai"
    now = datetime(2023, 10, 26, 10, 23, tzinfo=UTC)
    secrets = {"YourAccessKeyId": "YourAccessKeySecret"}
    check(secrets, "POST", "/", query, headers, b"", now)
    with pytest.raises(SmsError, match="SignatureDoesNotMatch"):
        check(secrets, "POST", "/", query + "x", headers, b"", now)
