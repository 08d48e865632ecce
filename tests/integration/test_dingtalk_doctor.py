"""The doctor's report on right and wrong DingTalk configurations."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from aiohttp import web

from bot.platforms.dingtalk.doctor import DingTalkSetup, examine
from bot.platforms.findings import Finding, Level
from tests.integration.dingtalk_stub import BATCH, READ, RESULT, TOKEN, Bench, dingtalk_stub
from tests.wecom import NOW

LISTSUB = "topapi/v2/department/listsub"
TEMPLATE = "1b2c3d4e-0000-1111-2222-333344445555.schema"
SETUP = DingTalkSetup("dingcorp", 3000001, "template", TEMPLATE, "", stream=True, used=(120, 5000))
HTTP = replace(
    SETUP,
    stream=False,
    public_url="https://hr.example.org",
    callback_token="abc123",
    callback_aes_key="x" * 43,
    card_secret="0123456789abcdef",
)


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with dingtalk_stub() as bench:
        bench.refusing(READ, 400, "invalidParameter.processQueryKey.notExist")
        bench.stub.answers[LISTSUB] = {"result": [{"dept_id": 2}, {"dept_id": 3}]}
        server_time(bench, NOW)
        yield bench


def server_time(bench: Bench, at: datetime) -> None:
    async def dated(_: web.Request, __: Any) -> web.Response:
        bench.stub.valid = "t"
        date = format_datetime(at.astimezone(UTC), usegmt=True)
        answer = {"accessToken": "t", "expireIn": 7200}
        return web.json_response(answer, headers={"Date": date})

    bench.stub.scripts[TOKEN] = dated


async def bad(bench: Bench, setup: DingTalkSetup = SETUP) -> list[Finding]:
    findings = await examine(setup, bench.client, bench.clock)
    wrong = [each for each in findings if each.level is not Level.OK]
    assert all(each.cure for each in wrong)
    return wrong


@pytest.mark.parametrize("setup", [SETUP, HTTP])
async def test_a_right_configuration_has_nothing_to_mend(
    bench: Bench, setup: DingTalkSetup
) -> None:
    assert await bad(bench, setup) == []
    titles = [each.title for each in await examine(setup, bench.client, bench.clock)]
    assert any("120 次" in title and "5000" in title for title in titles)
    assert any(TEMPLATE in title for title in titles)


async def test_nobody_is_sent_anything_and_little_is_used_up(bench: Bench) -> None:
    await examine(SETUP, bench.client, bench.clock)
    assert bench.stub.calls[BATCH] == 0
    assert bench.counted == [("api", 1), ("api", 1)]


async def test_a_wrong_secret_ends_the_examination(bench: Bench) -> None:
    bench.refusing(TOKEN, 400, "invalidClientIdOrSecret")
    (finding,) = await bad(bench)
    assert "invalidClientIdOrSecret" in finding.title
    assert "Client Secret" in finding.cure
    assert bench.stub.calls[READ] == 0


@pytest.mark.parametrize(
    ("status", "code", "says"),
    [
        (400, "invalidParameter.robotCode.notExsit", "robotCode"),
        (403, "Forbidden.AccessDenied.AccessTokenPermissionDenied", "权限管理"),
        (403, "Forbidden.AccessDenied.IpNotInWhiteList", "服务器出口IP"),
        (403, "Forbidden.AccessDenied.ApiCountLimitForOrg", "下月 1 日"),
    ],
)
async def test_what_keeps_the_robot_silent_is_named(
    bench: Bench, status: int, code: str, says: str
) -> None:
    bench.refusing(READ, status, code)
    (finding,) = await bad(bench)
    assert finding.level is Level.ERROR
    assert says in finding.cure


async def test_the_directory_and_the_notices_are_tried(bench: Bench) -> None:
    bench.failing(LISTSUB, 60011)
    bench.failing(RESULT, 60020)
    assert [each.level for each in await bad(bench)] == [Level.ERROR, Level.ERROR]


@pytest.mark.parametrize(
    ("setup", "says"),
    [
        (replace(SETUP, corp_id=""), "CorpId"),
        (replace(SETUP, agent_id=0), "AgentId"),
        (replace(SETUP, card_template=""), "wardbell-card.json"),
        (replace(SETUP, card_template="2c30"), ".schema"),
        (replace(SETUP, level="link", public_url="https://h"), "卡片模板"),
        (replace(SETUP, level="link", public_url="http://10.0.0.5"), "https"),
        (replace(SETUP, level="command"), "卡片模板"),
        (replace(HTTP, public_url="http://h"), "https"),
        (replace(HTTP, callback_token=""), "token"),
        (replace(HTTP, card_secret=""), "CARD_SECRET"),
        (replace(SETUP, used=(4200, 5000)), "资源包"),
    ],
)
async def test_each_mistake_has_one_line_and_its_cure(
    bench: Bench, setup: DingTalkSetup, says: str
) -> None:
    (finding,) = await bad(bench, setup)
    assert says in finding.cure


async def test_a_wrong_clock_is_named(bench: Bench) -> None:
    server_time(bench, NOW - timedelta(minutes=7))
    (finding,) = await bad(bench)
    assert "420 秒" in finding.title
