"""How a call is made: counted, with the shared token, once more with a new one, and measured."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import aiohttp
import orjson

from bot.channels import SendFailed
from bot.platforms.dingtalk.errors import Fault, MonthUsedUp, send_failed, token_stale, worn_out
from bot.platforms.dingtalk.pace import Pace
from bot.platforms.dingtalk.transport import (
    DEFAULT_BASE_URL,
    DEFAULT_OLD_BASE_URL,
    Answer,
    Api,
    Call,
    Json,
    Transport,
    fault_of,
)
from bot.platforms.fitting import unfit
from bot.platforms.metrics import CALL_SECONDS, CALLS
from bot.platforms.tokens import Fetched, TokenSource, TokenStore
from models.clock import Clock

PLATFORM = "dingtalk"
API, PUSH, FREE = "api", "push", ""  # the two monthly quotas (S1431), and what uses neither
_HIDDEN = "***"

MakeForm = Callable[[], aiohttp.FormData]
Count = Callable[[str, int], Awaitable[None]]
"""Told of every counted call before it is made: `api` or `push`, and how many."""


async def count_nothing(kind: str, calls: int) -> None:
    """For those who keep no count."""


UsedUp = Callable[[str], Awaitable[None]]
"""Told when the platform says that the month's `api` or `push` quota is gone."""


async def tell_nobody(kind: str) -> None:
    """For those who keep no count."""


class DingTalkCalls:
    """One internal app. `app` names it in the token store; bodies are never logged.

    `count` may raise SendFailed to keep a call from being made. Every method raises SendFailed
    and nothing else of its own.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        app: str,
        client_id: str,
        client_secret: str,
        tokens: TokenStore,
        clock: Clock,
        robot_code: str = "",
        agent_id: int = 0,
        count: Count = count_nothing,
        used_up: UsedUp = tell_nobody,
        base_url: str = DEFAULT_BASE_URL,
        old_base_url: str = DEFAULT_OLD_BASE_URL,
    ) -> None:
        self.robot_code = robot_code or client_id
        self.agent_id = agent_id
        self.server_date: datetime | None = None
        self._client_id = client_id
        self._secret = client_secret
        self._clock = clock
        self._count = count
        self._used_up = used_up
        self._pace = Pace()
        self._transport = Transport(session, base_url, old_base_url)
        self._tokens = TokenSource(app, tokens, self.fetch_token, clock, worn_out)

    async def fetch_token(self) -> Fetched:
        """Asks for a token, past every cache; for the token store and the doctor (S0033)."""
        body = _json({"appKey": self._client_id, "appSecret": self._secret})
        path = "/v1.0/oauth2/accessToken"
        call = Call(Api.NEW, "POST", path, "oauth2/accessToken", {}, body, False, FREE)
        answer = await self._measured(call, "")
        self._check(call, answer, "")
        parsed = self._transport.json(call, answer)
        value, lifetime = parsed.get("accessToken"), parsed.get("expireIn")
        if not isinstance(value, str) or not value or not isinstance(lifetime, int):
            raise self._transport.unreadable(call, answer)
        return Fetched(value, timedelta(seconds=lifetime))

    async def new(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        name: str = "",
        params: Mapping[str, str] | None = None,
        delivers: bool = False,
        counts: str = API,
    ) -> Json:
        """A call of the new API; `path` begins after /v1.0/, `name` is it without ids."""
        call = Call(
            Api.NEW,
            method,
            f"/v1.0/{path}",
            name or path,
            params or {},
            None if body is None else _json(body),
            delivers,
            counts,
        )
        return await self._called(call)

    async def old(
        self,
        path: str,
        body: Mapping[str, Any],
        *,
        delivers: bool = False,
        counts: str = API,
    ) -> Json:
        """A call of the old API; `path` begins after the host. The answer has errcode 0."""
        call = Call(Api.OLD, "POST", f"/{path}", path, {}, _json(body), delivers, counts)
        return await self._called(call)

    async def uploaded(self, path: str, params: Mapping[str, str], form: MakeForm) -> Json:
        """A file to the old API; `form` is made anew when it has to go a second time."""

        def make() -> Call:
            return Call(Api.OLD, "POST", f"/{path}", path, params, form(), False, API, file=True)

        return await self._called(make(), make)

    async def tokenless(
        self, path: str, params: Mapping[str, str], body: Mapping[str, Any]
    ) -> Json:
        """A message through a group's webhook, whose key stands in `params` (S0717)."""
        call = Call(Api.OLD, "POST", f"/{path}", path, params, _json(body), True, PUSH)
        await self._count(call.counts, 1)
        answer = await self._measured(call, "")
        return await self._checked(call, answer, *params.values())

    async def _called(self, call: Call, again: Callable[[], Call] | None = None) -> Json:
        token = await self._tokens.current()
        answer = await self._counted(call, token.value)
        fault = fault_of(answer)
        if answer.status == 401 or (fault and token_stale(fault.code, fault.status)):
            token = await self._tokens.after(token)
            call = again() if again else call
            answer = await self._counted(call, token.value)
        return await self._checked(call, answer, token.value)

    async def _checked(self, call: Call, answer: Answer, *secrets: str) -> Json:
        try:
            self._check(call, answer, *secrets)
        except MonthUsedUp:
            await self._used_up(call.counts or API)
            raise
        return self._transport.json(call, answer)

    async def _counted(self, call: Call, token: str) -> Answer:
        await self._pace.take(call.name)
        if call.counts:
            await self._count(call.counts, 1)
        return await self._measured(call, token)

    async def _measured(self, call: Call, token: str) -> Answer:
        started = self._clock.monotonic()
        try:
            answer = await self._transport.exchange(call, token)
        except SendFailed as failed:
            CALLS.labels(PLATFORM, call.name, failed.failure.value).inc()
            raise
        finally:
            CALL_SECONDS.labels(PLATFORM, call.name).observe(self._clock.monotonic() - started)
        self.server_date = answer.date or self.server_date
        fault = fault_of(answer)
        CALLS.labels(PLATFORM, call.name, _label(fault, answer)).inc()
        return answer

    def _check(self, call: Call, answer: Answer, *secrets: str) -> None:
        fault = fault_of(answer)
        if fault is None:
            return
        message = self._without_secrets(fault.message, secrets)
        told = Fault(fault.code, message, fault.status, fault.scopes)
        raise send_failed(told, self._clock.now(), delivers=call.delivers)

    def _without_secrets(self, message: str, secrets: tuple[str, ...]) -> str:
        for secret in filter(None, (*secrets, self._secret)):
            message = message.replace(secret, _HIDDEN).replace(quote(secret, ""), _HIDDEN)
        return message


def _label(fault: Fault | None, answer: Answer) -> str:
    """A metric's label: a number, or a word of the platform's, cut to what a label may be."""
    return str(fault.code)[:60] if fault else str(0 if answer.status == 200 else answer.status)


def _json(body: Mapping[str, Any]) -> bytes:
    try:
        return orjson.dumps(body)
    except (orjson.JSONEncodeError, TypeError):
        raise unfit("the request cannot be written as JSON") from None
