"""DingTalk's two API generations over one session and one token (S0001, S0013, S0033).

New: `{base}/v1.0/…`, token in a header, errors are HTTP 4xx/5xx with `code` and `message`.
Old: `{old_base}/topapi/…`, token in the query, HTTP 200 always, the errcode decides.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import aiohttp

from bot.channels import SendFailed
from bot.platforms.dingtalk.errors import Fault, cure, unwrapped
from bot.platforms.exchange import Answer, Body, Exchanges, Json

__all__ = [
    "DEFAULT_BASE_URL",
    "DEFAULT_OLD_BASE_URL",
    "Answer",
    "Api",
    "Call",
    "Json",
    "Transport",
]

DEFAULT_BASE_URL = "https://api.dingtalk.com"
DEFAULT_OLD_BASE_URL = "https://oapi.dingtalk.com"
PATIENCE = 5.0  # seconds for one exchange; the platform itself gives up after three (S1435)
TOKEN_HEADER = "x-acs-dingtalk-access-token"  # noqa: S105 -- a header's name

_SCOPES = re.compile(r"\[([A-Za-z][\w., -]{2,200})\]")


class Api(StrEnum):
    NEW = "new"
    OLD = "old"


@dataclass(frozen=True, slots=True)
class Call:
    """One request without its token. `name` is a metric's label: the path without ids.

    `counts` is the quota it uses up: `api`, `push`, or nothing (S1432). A `file` has longer.
    """

    api: Api
    method: str
    path: str
    name: str
    params: Mapping[str, str]
    body: Body
    delivers: bool
    counts: str
    file: bool = False


class Transport:
    """`session` carries time-outs and connection limits; it is owned and closed by the root."""

    def __init__(self, session: aiohttp.ClientSession, base_url: str, old_base_url: str) -> None:
        self._exchanges = Exchanges(session, cure)
        self._bases = {Api.NEW: base_url.rstrip("/"), Api.OLD: old_base_url.rstrip("/")}

    async def exchange(self, call: Call, token: str) -> Answer:
        """Raises SendFailed when there is no whole answer."""
        new = call.api is Api.NEW
        return await self._exchanges.exchange(
            call.method,
            self._bases[call.api] + call.path,
            call.body,
            params=call.params if new or not token else {**call.params, "access_token": token},
            headers={TOKEN_HEADER: token} if new and token else None,
            delivers=call.delivers,
            patience=PATIENCE,
            file=call.file,
        )

    def json(self, call: Call, answer: Answer) -> Json:
        """The answer of a call without a fault. Raises SendFailed when it is no such thing."""
        parsed = answer.parsed
        if parsed is None or answer.status != 200:
            raise self.unreadable(call, answer)
        if call.api is Api.NEW or isinstance(parsed.get("errcode"), int):
            return parsed
        raise self.unreadable(call, answer)

    def unreadable(self, call: Call, answer: Answer) -> SendFailed:
        return self._exchanges.unreadable(answer, delivers=call.delivers)


def fault_of(answer: Answer) -> Fault | None:
    """The platform's refusal, in whichever of its three shapes; None when it said no such thing.

    `{"status":1111,…}` is what a blocked address gets from either generation (S0012).
    """
    parsed = answer.parsed
    if parsed is None:
        return None
    if isinstance(parsed.get("status"), int) and "punish" in parsed:
        return Fault(parsed["status"], "address blocked", answer.status)
    code = parsed.get("errcode")
    if isinstance(code, int):
        return _old_fault(parsed, code, answer.status) if code else None
    named = parsed.get("code")
    if answer.status >= 400 and isinstance(named, str | int):
        scopes = _listed(parsed.get("accessdenieddetail"))
        return Fault(str(named), str(parsed.get("message", "")), answer.status, scopes)
    return None


def _old_fault(parsed: Json, code: int, status: int) -> Fault:
    sub_code, sub_message = str(parsed.get("sub_code") or ""), str(parsed.get("sub_msg") or "")
    message = " ".join(filter(None, (str(parsed.get("errmsg", "")), sub_code, sub_message)))
    real = unwrapped(code, sub_code)
    found = _SCOPES.search(sub_message) if real == 60011 else None
    scopes = [each.strip() for each in found[1].split(",")] if found else []
    return Fault(real, message, status, scopes)


def _listed(detail: object) -> list[str]:
    scopes = detail.get("requiredScopes") if isinstance(detail, dict) else None
    return [str(scope) for scope in scopes] if isinstance(scopes, list) else []
