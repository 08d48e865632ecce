"""The WeCom server API for one app, over aiohttp (D91039, D90236, D94888, D94867, D90253, D90200).

Every method raises SendFailed and nothing else of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import aiohttp
import orjson

from bot.channels import SendFailed
from bot.platforms.exchange import JSON_BYTES
from bot.platforms.metrics import CALL_SECONDS, CALLS
from bot.platforms.tokens import Fetched, Token, TokenSource, TokenStore
from bot.platforms.wecom import limits
from bot.platforms.wecom.decode import PLATFORM
from bot.platforms.wecom.errors import TOKEN_STALE, send_failed, worn_out
from bot.platforms.wecom.fitting import unfit
from bot.platforms.wecom.transport import DEFAULT_BASE_URL, Answer, Json, Transport
from models.clock import Clock

_HIDDEN = "***"
_Body = bytes | aiohttp.FormData | None


class WeComClient:
    """One app (`agent_id`, `secret`) of one corp. `app` names it in the token store and logs.

    `base_url` differs for private deployments and the simulator.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        app: str,
        corp_id: str,
        secret: str,
        agent_id: int,
        tokens: TokenStore,
        clock: Clock,
        base_url: str = DEFAULT_BASE_URL,
    ) -> None:
        self.agent_id = agent_id
        self.server_date: datetime | None = None
        self._corp_id = corp_id
        self._secret = secret
        self._clock = clock
        self._transport = Transport(session, base_url)
        self._tokens = TokenSource(app, tokens, self.fetch_token, clock, worn_out)

    async def call(
        self,
        api: str,
        payload: Mapping[str, Any] | None = None,
        *,
        params: Mapping[str, str] | None = None,
        delivers: bool = False,
    ) -> Json:
        """GET without `payload`, else POST of it as JSON; returns the answer with errcode 0.

        `delivers`: a repeat could reach people twice, so a lost answer is UNKNOWN, not RETRY.
        """
        body = None if payload is None else _json(payload)
        answer = await self._authorised(api, params or {}, lambda: body, delivers=delivers)
        return self._transport.json(answer, delivers=delivers)

    async def fetch_token(self) -> Fetched:
        """Asks gettoken, past every cache; for the token store and the doctor."""
        params = {"corpid": self._corp_id, "corpsecret": self._secret}
        answer = await self._measured("gettoken", params, None)
        self._check(answer, "", delivers=False)
        parsed = self._transport.json(answer, delivers=False)
        value, lifetime = parsed.get("access_token"), parsed.get("expires_in")
        if not isinstance(value, str) or not value or not isinstance(lifetime, int):
            raise self._transport.unreadable(answer, delivers=False)
        return Fetched(value, timedelta(seconds=lifetime))

    async def message_send(self, body: Mapping[str, Any]) -> Json:
        return await self.call("message/send", body, delivers=True)

    async def update_template_card(self, body: Mapping[str, Any]) -> Json:
        return await self.call("message/update_template_card", body, delivers=True)

    async def recall(self, message_id: str) -> None:
        """Only within 24 h of sending, and only from WeCom's own clients (D94867)."""
        await self.call("message/recall", {"msgid": message_id})

    async def media_upload(self, kind: str, name: str, data: bytes) -> str:
        """A media id for three days; `kind` is image, voice, video or file (D90253)."""
        most = limits.MEDIA_LARGEST_BYTES.get(kind, 0)
        if not limits.MEDIA_SMALLEST_BYTES <= len(data) <= most:
            raise unfit(f"a {kind} takes {limits.MEDIA_SMALLEST_BYTES} to {most} bytes")

        def form() -> aiohttp.FormData:
            # The server refuses `filename*=UTF-8''…` with 44001: the name goes out raw.
            multipart = aiohttp.FormData(quote_fields=False)
            multipart.add_field("media", data, filename=_file_name(name))
            return multipart

        answer = await self._authorised("media/upload", {"type": kind}, form, file=JSON_BYTES)
        return str(self._transport.json(answer, delivers=False).get("media_id", ""))

    async def media_get(self, media_id: str, most: int = 20 << 20) -> bytes:
        """A file someone sent; failures come as JSON with HTTP 200 (D90254).

        Raises TooLarge beyond `most` bytes, and SendFailed.
        """
        params = {"media_id": media_id}
        answer = await self._authorised("media/get", params, lambda: None, file=most)
        if answer.status != 200:
            raise self._transport.unreadable(answer, delivers=False)
        return answer.body

    async def departments(self) -> list[Json]:
        """All departments the app may see, as the platform lists them (D90208)."""
        return _rows(await self.call("department/list"), "department")

    async def members_of(self, department: int) -> list[Json]:
        """The direct members of one department, in full (D90201)."""
        params = {"department_id": str(department)}
        return _rows(await self.call("user/list", params=params), "userlist")

    async def member(self, user: str) -> Json:
        return await self.call("user/get", params={"userid": user})

    async def login(self, code: str) -> Json:
        """Who opened our page inside WeCom; a code lives 5 minutes, for one use (D91023)."""
        return await self.call("auth/getuserinfo", params={"code": code})

    async def agent(self) -> Json:
        """The app's own settings: name, visible range, whether it is closed (D90227)."""
        return await self.call("agent/get", params={"agentid": str(self.agent_id)})

    async def callback_addresses(self) -> list[str]:
        """The addresses callbacks come from; they change, so ask daily (D92521)."""
        return [str(each) for each in (await self.call("getcallbackip")).get("ip_list", [])]

    async def _authorised(
        self,
        api: str,
        params: Mapping[str, str],
        body: Callable[[], _Body],
        *,
        delivers: bool = False,
        file: int = 0,
    ) -> Answer:
        """`file`: a file goes or comes, and this is the most that may come."""
        token = await self._tokens.current()
        answer = await self._with(token, api, params, body(), delivers=delivers, file=file)
        if _errcode(answer) in TOKEN_STALE:
            token = await self._tokens.after(token)
            answer = await self._with(token, api, params, body(), delivers=delivers, file=file)
        self._check(answer, token.value, delivers=delivers)
        return answer

    async def _with(
        self,
        token: Token,
        api: str,
        params: Mapping[str, str],
        body: _Body,
        *,
        delivers: bool,
        file: int,
    ) -> Answer:
        named = {**params, "access_token": token.value}
        return await self._measured(api, named, body, delivers=delivers, file=file)

    async def _measured(
        self,
        api: str,
        params: Mapping[str, str],
        body: _Body,
        *,
        delivers: bool = False,
        file: int = 0,
    ) -> Answer:
        started = self._clock.monotonic()
        most = file or JSON_BYTES
        try:
            answer = await self._transport.exchange(
                api, params, body, delivers=delivers, most=most, file=bool(file)
            )
        except SendFailed as failed:
            CALLS.labels(PLATFORM, api, failed.failure.value).inc()
            raise
        finally:
            CALL_SECONDS.labels(PLATFORM, api).observe(self._clock.monotonic() - started)
        self.server_date = answer.date or self.server_date
        CALLS.labels(PLATFORM, api, str(_errcode(answer))).inc()
        return answer

    def _check(self, answer: Answer, token: str, *, delivers: bool) -> None:
        code = _errcode(answer)
        if code:
            message = str(self._transport.json(answer, delivers=delivers).get("errmsg", ""))
            raise send_failed(code, self._without_secrets(message, token))

    def _without_secrets(self, message: str, token: str) -> str:
        for secret in filter(None, (token, self._secret)):
            message = message.replace(secret, _HIDDEN).replace(quote(secret, ""), _HIDDEN)
        return message


def _json(payload: Mapping[str, Any]) -> bytes:
    try:
        return orjson.dumps(payload)  # UTF-8 as it is: \u escapes are refused with 40033
    except (orjson.JSONEncodeError, TypeError):
        raise unfit("the request cannot be written as JSON") from None


def _errcode(answer: Answer) -> int:
    """0 for files and for anything that is not the platform's JSON."""
    code = (answer.parsed or {}).get("errcode")
    return code if isinstance(code, int) else 0


def _rows(answer: Json, name: str) -> list[Json]:
    rows = answer.get(name, [])
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _file_name(name: str) -> str:
    return "".join("_" if each in '"\\/\r\n\0' else each for each in name)[-100:] or "file"
