"""DingTalk's two ways into a group chat: our robot as a member, and a group's own webhook robot.

Pages S0716, S0717, G0082. A group never gets personal data and nobody may answer for another:
cards come without buttons.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import replace

import orjson

from bot.channels import Failure, SendFailed, Sent
from bot.platforms.dingtalk import limits
from bot.platforms.dingtalk.client import DingTalkClient
from bot.platforms.dingtalk.errors import MonthUsedUp
from bot.platforms.dingtalk.messages import Message, noticed, plain
from bot.platforms.dingtalk.transport import Json
from bot.platforms.fitting import unfit
from bot.platforms.groups import Door, only, refused, secret
from bot.platforms.one_way import OneWay
from models.cards import Card, Content
from models.clock import Clock

_PER_MINUTE = 18  # the 21st in a minute blocks a webhook robot for ten
_PER_HOUR = 600


class DingTalkGroupChannel(OneWay):
    """Our robot in internal groups that it was added to. `door` opens `conversation`."""

    name = "dingtalk_group"
    batch = 1
    member_per_minute = _PER_MINUTE
    member_per_hour = _PER_HOUR

    def __init__(self, client: DingTalkClient, door: Door) -> None:
        self._client = client
        self._door = door

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
        group, message = only(to), for_groups(content)
        try:
            chat = (await secret(self._door, group, "conversation"))["conversation"]
            answer = await self._client.group_send(chat, message.key, message.param)
        except SendFailed as failed:
            return _refused(group, failed)
        return Sent(f"{answer.get('processQueryKey', '')}@{group}")

    async def recall(self, message_id: str) -> None:
        """Within 24 h (S0725); the id holds the group too."""
        query_key, _, group = message_id.rpartition("@")
        chat = (await secret(self._door, group, "conversation"))["conversation"]
        await self._client.group_recall(chat, [query_key])


class DingTalkWebhookChannel(OneWay):
    """A custom robot of one group, addressed by its token. `door` opens `token` and `secret`."""

    name = "dingtalk_webhook"
    batch = 1
    member_per_minute = _PER_MINUTE
    member_per_hour = _PER_HOUR

    def __init__(self, client: DingTalkClient, door: Door, clock: Clock) -> None:
        self._client = client
        self._door = door
        self._clock = clock

    def repeatable(self, content: Content) -> bool:  # noqa: ARG002 -- the port's
        """Always: `msgUuid` lets the platform drop what it has already shown."""
        return True

    async def send(
        self,
        content: Content,
        to: Sequence[str],
        *,
        key: str,
        again: bool = False,  # noqa: ARG002 -- a repeat is the same call here
    ) -> Sent:
        group = only(to)
        body = {**webhook_body(for_groups(content)), "msgUuid": key}
        try:
            opened = await secret(self._door, group, "token")
            params = {"access_token": opened["token"], **self._signed(opened.get("secret", ""))}
            await self._client.webhook_send(params, body)
        except SendFailed as failed:
            return _refused(group, failed)
        return Sent("")

    def _signed(self, shared: str) -> dict[str, str]:
        """Milliseconds and their signature; a robot may be guarded by other means instead."""
        if not shared:
            return {}
        stamp = str(int(self._clock.now().timestamp() * 1000))
        digest = hmac.digest(shared.encode(), f"{stamp}\n{shared}".encode(), hashlib.sha256)
        return {"timestamp": stamp, "sign": base64.b64encode(digest).decode()}


def for_groups(content: Content) -> Message:
    """A card without what only one person may tap."""
    if isinstance(content, Card):
        return noticed(replace(content, buttons=(), selects=()))
    return plain(content)


def webhook_body(message: Message) -> Json:
    """The same message in the older wording of webhooks; never too large for them."""
    param = orjson.loads(message.param)
    match message.key:
        case "sampleText":
            body: Json = {"msgtype": "text", "text": {"content": param["content"]}}
        case "sampleActionCard":
            body = {"msgtype": "actionCard", "actionCard": param}
        case _:
            body = {"msgtype": "markdown", "markdown": param}
    if len(orjson.dumps(body)) > limits.WEBHOOK_BYTES:
        raise unfit("the message is too long for a webhook")
    return body


def _refused(group: str, failed: SendFailed) -> Sent:
    """The month's quota concerns everybody; all else that may be mended concerns this group."""
    if isinstance(failed, MonthUsedUp):
        raise failed
    return refused(group, failed)
