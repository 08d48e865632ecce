"""Examines a real DingTalk configuration: what is wrong and how to mend it, in plain Chinese."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from bot.channels import Failure, SendFailed
from bot.platforms.dingtalk.calls import API, PLATFORM
from bot.platforms.dingtalk.channel import ButtonLevel
from bot.platforms.dingtalk.client import DingTalkClient
from bot.platforms.dingtalk.errors import MonthUsedUp
from bot.platforms.findings import Finding, Level, failed_call, finding
from models.clock import Clock

__all__ = ["API", "PLATFORM", "DingTalkSetup", "examine"]

STANDARD = 5000  # counted calls a month of the standard edition (S1431)
_SKEW = timedelta(seconds=60)
_TEMPLATE = re.compile(r"[0-9A-Za-z\-]{1,80}\.schema")
_TOKEN = re.compile(r"[0-9A-Za-z]{3,32}")
_NO_SUCH = "wardbell-doctor"  # asked for, so that nobody is sent anything

_finding = partial(finding, PLATFORM)
_failed = partial(failed_call, PLATFORM)


@dataclass(frozen=True, slots=True)
class DingTalkSetup:
    """What the operator configured, as typed in."""

    corp_id: str
    agent_id: int
    level: str
    card_template: str
    public_url: str
    stream: bool
    callback_token: str = field(default="", repr=False)
    callback_aes_key: str = field(default="", repr=False)
    card_secret: str = field(default="", repr=False)
    used: tuple[int, int] | None = None  # calls made, and the quota they are counted against


async def examine(setup: DingTalkSetup, client: DingTalkClient, clock: Clock) -> list[Finding]:
    """Never raises for a wrong configuration; sends nobody a message. Two counted calls."""
    findings = [*_doors(setup), *_level(setup)]
    if not setup.corp_id:
        findings.append(_finding(Level.ERROR, "corp_id_unset"))
    try:
        await client.fetch_token()
    except SendFailed as failed:
        return [*findings, _failed("token_failed", failed)]
    findings.append(_finding(Level.OK, "token_ok"))
    findings.extend(_clock(client.server_date, clock.now()))
    findings.append(await _directory(client))
    findings.append(await _robot(client))
    findings.append(await _notices(setup, client))
    findings.append(_quota(setup))
    return findings


def _doors(setup: DingTalkSetup) -> Iterable[Finding]:
    """How events come in; over HTTP each of the three kinds needs a secret of its own."""
    if setup.stream:
        return [_finding(Level.OK, "stream")]
    findings = []
    if not setup.public_url.startswith("https://"):
        findings.append(_finding(Level.ERROR, "callback_url", url=setup.public_url or "-"))
    if not _TOKEN.fullmatch(setup.callback_token) or len(setup.callback_aes_key) != 43:
        findings.append(_finding(Level.ERROR, "callback_keys"))
    if setup.card_template and not setup.card_secret:
        findings.append(_finding(Level.ERROR, "card_secret"))
    return findings or [_finding(Level.OK, "callback_ok", url=setup.public_url)]


def _level(setup: DingTalkSetup) -> Iterable[Finding]:
    match setup.level:
        case ButtonLevel.TEMPLATE if not setup.card_template:
            return [_finding(Level.ERROR, "template_unset")]
        case ButtonLevel.TEMPLATE if not _TEMPLATE.fullmatch(setup.card_template):
            return [_finding(Level.ERROR, "template_malformed", id=setup.card_template)]
        case ButtonLevel.TEMPLATE:
            return [_finding(Level.OK, "template_chosen", id=setup.card_template)]
        case ButtonLevel.LINK if not setup.public_url.startswith("https://"):
            return [_finding(Level.WARN, "link_plain", url=setup.public_url or "-")]
        case ButtonLevel.LINK:
            return [_finding(Level.WARN, "link_chosen")]
        case _:
            return [_finding(Level.WARN, "command_chosen")]


def _clock(server: datetime | None, now: datetime) -> Iterable[Finding]:
    if server is None:
        return []
    seconds = round(abs(now - server).total_seconds())
    wrong = seconds > _SKEW.total_seconds()
    return [_finding(Level.WARN if wrong else Level.OK, f"clock_{'wrong' if wrong else 'ok'}",
                     seconds=seconds)]  # fmt: skip


async def _directory(client: DingTalkClient) -> Finding:
    """Not counted, and shows whether our address and rights are accepted."""
    try:
        departments = await client.department_listsub(1)
    except SendFailed as failed:
        return _failed("directory_failed", failed)
    return _finding(Level.OK, "directory_ok", count=len(departments))


async def _robot(client: DingTalkClient) -> Finding:
    """Asks who read a message that never was: only a wrong robot or right is a fault."""
    try:
        await client.robot_read_status(_NO_SUCH)
    except SendFailed as failed:
        if _hinders(failed):
            return _failed("robot_failed", failed)
    return _finding(Level.OK, "robot_ok", code=client.robot_code)


async def _notices(setup: DingTalkSetup, client: DingTalkClient) -> Finding:
    if not setup.agent_id:
        return _finding(Level.WARN, "agent_unset")
    try:
        await client.notice_result("1")
    except SendFailed as failed:
        if _hinders(failed):
            return _failed("agent_failed", failed)
    return _finding(Level.OK, "agent_ok", agent=setup.agent_id)


def _hinders(failed: SendFailed) -> bool:
    """Whether a real call would fail too; that ours asks for nothing real is no fault."""
    passing = (Failure.CONFIGURATION, Failure.RETRY, Failure.WINDOW)
    return failed.failure in passing or isinstance(failed, MonthUsedUp)


def _quota(setup: DingTalkSetup) -> Finding:
    if setup.used is None:
        return _finding(Level.OK, "quota", month=STANDARD)
    used, month = setup.used
    level = Level.WARN if used * 10 >= month * 8 else Level.OK
    return _finding(level, "quota_used", used=used, month=month)
