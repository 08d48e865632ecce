"""The doctor's report on right and wrong configurations."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from aiohttp import web

from bot.platforms.findings import Finding, Level
from bot.platforms.wecom.doctor import WeComSetup, examine
from tests.integration.wecom_stub import Bench, wecom_stub
from tests.wecom import AES_KEY, NOW, TOKEN

SETUP = WeComSetup("wwcorp", 1000002, "https://hr.example.org/callbacks/wecom/hr", TOKEN, AES_KEY)
AGENT = {"name": "护铃", "close": 0, "allow_partys": {"partyid": [1]}}


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with wecom_stub() as bench:
        bench.stub.answers["agent/get"] = AGENT
        bench.stub.answers["getcallbackip"] = {"ip_list": ["192.0.2.1"]}
        server_time(bench, NOW)
        yield bench


def server_time(bench: Bench, at: datetime) -> None:
    async def dated(_: web.Request) -> web.Response:
        answer = {"errcode": 0, "access_token": "t", "expires_in": 7200}
        bench.stub.valid = "t"
        date = format_datetime(at.astimezone(UTC), usegmt=True)
        return web.json_response(answer, headers={"Date": date})

    bench.stub.scripts["gettoken"] = dated


def refuse(bench: Bench, api: str, code: int) -> None:
    async def refusal(_: web.Request) -> web.Response:
        return web.json_response({"errcode": code, "errmsg": "not allow, from ip: 192.0.2.7"})

    bench.stub.scripts[api] = refusal


async def report(bench: Bench, setup: WeComSetup = SETUP) -> list[Finding]:
    return await examine(setup, bench.client, bench.clock)


async def bad(bench: Bench, setup: WeComSetup = SETUP) -> list[Finding]:
    findings = [each for each in await report(bench, setup) if each.level is not Level.OK]
    assert all(each.cure for each in findings)
    return findings


async def test_a_right_configuration_has_nothing_to_mend(bench: Bench) -> None:
    findings = await report(bench)
    assert {each.level for each in findings} == {Level.OK}
    assert any("护铃" in each.title for each in findings)
    assert any("人次" in each.title for each in findings)


async def test_a_wrong_secret_ends_the_examination(bench: Bench) -> None:
    refuse(bench, "gettoken", 40001)
    (finding,) = await bad(bench)
    assert "40001" in finding.title
    assert "Secret" in finding.cure


async def test_an_untrusted_address_names_the_address_and_the_cure(bench: Bench) -> None:
    refuse(bench, "getcallbackip", 60020)
    (finding,) = await bad(bench)
    assert "192.0.2.7" in finding.title
    assert "企业可信IP" in finding.cure


@pytest.mark.parametrize(
    ("agent", "says"),
    [({**AGENT, "close": 1}, "停用"), ({"name": "护铃"}, "空的"), ({"allow_partys": 3}, "空的")],
)
async def test_an_app_that_is_closed_or_sees_nobody(
    bench: Bench, agent: dict[str, object], says: str
) -> None:
    bench.stub.answers["agent/get"] = agent
    (finding,) = await bad(bench)
    assert (finding.level, says in finding.title) == (Level.ERROR, True)


@pytest.mark.parametrize(("seconds", "level"), [(60, Level.WARN), (-3600, Level.ERROR)])
async def test_a_wrong_clock(bench: Bench, seconds: int, level: Level) -> None:
    server_time(bench, NOW + timedelta(seconds=seconds))
    (finding,) = await bad(bench)
    assert (finding.level, str(abs(seconds)) in finding.title) == (level, True)


@pytest.mark.parametrize(
    ("setup", "level"),
    [
        (replace(SETUP, callback_token="", callback_aes_key=""), Level.WARN),
        (replace(SETUP, callback_aes_key=AES_KEY[1:]), Level.ERROR),
        (replace(SETUP, callback_url=""), Level.WARN),
        (replace(SETUP, callback_url="http://hr.example.org/callbacks/wecom/hr"), Level.WARN),
        (replace(SETUP, callback_url="hr.example.org/callbacks/wecom/hr"), Level.ERROR),
        (replace(SETUP, callback_url="https://hr.example.org/"), Level.ERROR),
        (replace(SETUP, callback_url="https://hr.example.org:x/callbacks/wecom/hr"), Level.ERROR),
    ],
)
async def test_a_wrong_callback(bench: Bench, setup: WeComSetup, level: Level) -> None:
    (finding,) = await bad(bench, setup)
    assert finding.level is level
    assert TOKEN not in repr(setup)
