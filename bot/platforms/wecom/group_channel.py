"""WeCom's message push into a group (消息推送, formerly group robot): one key, one group (D99110).

At most 20 messages a minute; it cannot be read, redrawn or taken back. A group never gets
personal data and nobody may answer for another: cards come without buttons.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import orjson
from aiohttp import ClientSession

from bot.channels import Failure, SendFailed, Sent
from bot.platforms.fitting import fit_bytes, unfit
from bot.platforms.groups import Door, only, refused, secret
from bot.platforms.metrics import CALL_SECONDS, CALLS
from bot.platforms.one_way import OneWay
from bot.platforms.wecom import limits
from bot.platforms.wecom.cards import Body
from bot.platforms.wecom.decode import PLATFORM
from bot.platforms.wecom.errors import cure_for, send_failed
from bot.platforms.wecom.messages import card_as_text
from bot.platforms.wecom.transport import DEFAULT_BASE_URL, Transport
from models.cards import Card, Content, Markdown, Text
from models.clock import Clock

_API = "webhook/send"
_PER_MINUTE = 18  # the 21st is refused with 45009
_PER_HOUR = 600
_MARKDOWN_BYTES = 4096
_DEAD = frozenset({93000, 93001, 93004, 93008, 93017})  # the key or the group is gone


class WeComGroupChannel(OneWay):
    """Implements bot.channels.Channel. `door` opens a group's `key`."""

    name = "wecom_group"
    batch = 1
    member_per_minute = _PER_MINUTE
    member_per_hour = _PER_HOUR

    def __init__(
        self,
        session: ClientSession,
        door: Door,
        clock: Clock,
        base_url: str = DEFAULT_BASE_URL,
    ) -> None:
        self._transport = Transport(session, base_url)
        self._door = door
        self._clock = clock

    async def send(
        self,
        content: Content,
        to: Sequence[str],
        *,
        key: str,  # noqa: ARG002 -- nobody answers in a group
        again: bool = False,
    ) -> Sent:
        if again:
            raise SendFailed(Failure.UNKNOWN, reason="a group message cannot be repeated")
        group, body = only(to), group_body(content)
        try:
            await self._post((await secret(self._door, group, "key"))["key"], body)
        except SendFailed as failed:
            return refused(group, failed)
        return Sent("")

    async def _post(self, webhook_key: str, body: Body) -> None:
        """Raises SendFailed. The key is the whole secret: it stands in no message of ours."""
        started = self._clock.monotonic()
        result = Failure.UNKNOWN.value
        try:
            answer = await self._transport.exchange(
                _API, {"key": webhook_key}, orjson.dumps(body), delivers=True
            )
            parsed = self._transport.json(answer, delivers=True)
            code = int(parsed["errcode"])
            result = str(code)
        except SendFailed as failed:
            result = failed.failure.value
            raise
        finally:
            CALLS.labels(PLATFORM, _API, result).inc()
            CALL_SECONDS.labels(PLATFORM, _API).observe(self._clock.monotonic() - started)
        if code in _DEAD:
            raise SendFailed(Failure.RECIPIENT, code=code, reason="gone", cure=cure_for(code))
        if code:
            raise send_failed(code, str(parsed.get("errmsg", "")).replace(webhook_key, "***"))


def group_body(content: Content) -> Body:
    """A message for a webhook. Raises SendFailed(REQUEST) when there is nothing to say."""
    match content:
        case Text(said):
            return {"msgtype": "text", "text": {"content": _fit(said, limits.TEXT_BYTES)}}
        case Markdown(said):
            return {"msgtype": "markdown", "markdown": {"content": _fit(said, _MARKDOWN_BYTES)}}
        case Card():
            words = card_as_text(replace(content, buttons=(), selects=()))
            return {"msgtype": "text", "text": {"content": _fit(words, limits.TEXT_BYTES)}}


def _fit(words: str, most: int) -> str:
    fitted = fit_bytes(words, most)
    if not fitted.strip():
        raise unfit("an empty message")
    return fitted
