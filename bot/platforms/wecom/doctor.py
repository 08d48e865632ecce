"""Examines a real WeCom configuration: what is wrong and how to mend it, in plain Chinese."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from urllib.parse import urlsplit

from multidict import MultiDict

from bot.channels import SendFailed
from bot.platforms.envelope import signature
from bot.platforms.findings import Finding, Level, failed_call, finding
from bot.platforms.refusal import Refused
from bot.platforms.wecom import limits
from bot.platforms.wecom.client import WeComClient
from bot.platforms.wecom.crypto import CallbackCrypto, CallbackKeys
from bot.platforms.wecom.transport import Json
from models.clock import Clock

_SKEW_WARNING = timedelta(seconds=30)
_SKEW_ERROR = timedelta(seconds=240)  # callbacks are refused at 300
_ECHO = "wardbell"

_finding = partial(finding, "wecom")
_failed = partial(failed_call, "wecom")


@dataclass(frozen=True, slots=True)
class WeComSetup:
    """What the operator configured, as typed in."""

    corp_id: str
    agent_id: int
    callback_url: str
    callback_token: str = field(repr=False)
    callback_aes_key: str = field(repr=False)


async def examine(setup: WeComSetup, client: WeComClient, clock: Clock) -> list[Finding]:
    """Never raises for a wrong configuration; sends nobody a message."""
    findings = [*_callback_keys(setup, clock.now()), *_callback_url(setup.callback_url)]
    try:
        await client.fetch_token()
    except SendFailed as failed:
        return [*findings, _failed("token_failed", failed)]
    findings.append(_finding(Level.OK, "token_ok"))
    findings.append(_clock_skew(client.server_date, clock.now()))
    findings.extend(await _trusted_address(client))
    findings.extend(await _visible_range(client))
    findings.append(_finding(Level.OK, "quotas", accounts=limits.MEMBER_TIMES_PER_ACCOUNT_AND_DAY))
    return findings


def _callback_keys(setup: WeComSetup, now: datetime) -> Iterable[Finding]:
    if not setup.callback_token and not setup.callback_aes_key:
        return [_finding(Level.WARN, "callback_unset")]
    try:
        keys = CallbackKeys(setup.callback_token, setup.callback_aes_key)
    except ValueError:
        return [_finding(Level.ERROR, "callback_keys_malformed")]
    try:
        _round_trip(CallbackCrypto(setup.corp_id, [keys]), keys, now)
    except Refused as refusal:
        return [_finding(Level.ERROR, "callback_round_trip_failed", label=refusal.label)]
    return [_finding(Level.OK, "callback_keys_ok")]


def _round_trip(crypto: CallbackCrypto, keys: CallbackKeys, now: datetime) -> None:
    sealed = crypto.seal(_ECHO, keys, now)
    encrypted = sealed.split("[CDATA[")[1].split("]]")[0]
    timestamp, nonce = str(int(now.timestamp())), "doctor"
    signed = signature(keys.token, timestamp, nonce, encrypted)
    query = MultiDict(msg_signature=signed, timestamp=timestamp, nonce=nonce, echostr=encrypted)
    if crypto.open_echo(query, now).decode() != _ECHO:
        raise Refused(400, "echo")


def _callback_url(url: str) -> Iterable[Finding]:
    if not url:
        return [_finding(Level.WARN, "callback_url_unset")]
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return [_finding(Level.ERROR, "callback_url_malformed", url=url)]
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query:
        return [_finding(Level.ERROR, "callback_url_malformed", url=url)]
    if "/callbacks/wecom/" not in parts.path:
        return [_finding(Level.ERROR, "callback_url_path", url=url)]
    if parts.scheme == "http":
        return [_finding(Level.WARN, "callback_url_plain", url=url)]
    return [_finding(Level.OK, "callback_url_ok", url=url, port=port or 443)]


def _clock_skew(server: datetime | None, now: datetime) -> Finding:
    if server is None:
        return _finding(Level.WARN, "clock_unknown")
    skew = abs(now - server)
    seconds = round(skew.total_seconds())
    if skew >= _SKEW_ERROR:
        return _finding(Level.ERROR, "clock_wrong", seconds=seconds)
    if skew >= _SKEW_WARNING:
        return _finding(Level.WARN, "clock_wrong", seconds=seconds)
    return _finding(Level.OK, "clock_ok", seconds=seconds)


async def _trusted_address(client: WeComClient) -> Iterable[Finding]:
    # gettoken is answered from anywhere; only other calls show whether the address is trusted.
    try:
        addresses = await client.callback_addresses()
    except SendFailed as failed:
        return [_failed("address_failed", failed)]
    return [_finding(Level.OK, "address_ok", count=len(addresses))]


async def _visible_range(client: WeComClient) -> Iterable[Finding]:
    try:
        agent = await client.agent()
    except SendFailed as failed:
        return [_failed("agent_failed", failed)]
    if agent.get("close"):
        return [_finding(Level.ERROR, "agent_closed")]
    name = str(agent.get("name", ""))
    users = _count(agent, "allow_userinfos", "user")
    departments = _count(agent, "allow_partys", "partyid")
    tags = _count(agent, "allow_tags", "tagid")
    if not users and not departments and not tags:
        return [_finding(Level.ERROR, "agent_sees_nobody", name=name)]
    return [
        _finding(Level.OK, "agent_ok", name=name, users=users, departments=departments, tags=tags)
    ]


def _count(agent: Json, group: str, name: str) -> int:
    held = agent.get(group)
    listed = held.get(name) if isinstance(held, dict) else None
    return len(listed) if isinstance(listed, list) else 0
