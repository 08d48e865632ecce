"""The WeCom app as a channel of the ledger: one call for many, and who of them was not reached."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from bot.channels import Failure, File, Refused, SendFailed, Sent
from bot.platforms.wecom import limits
from bot.platforms.wecom.cards import Body
from bot.platforms.wecom.client import WeComClient
from bot.platforms.wecom.errors import NOBODY_VALID, UNKNOWN_USER, UNLICENSED, cure_for, verdict
from bot.platforms.wecom.fitting import unfit
from bot.platforms.wecom.messages import file_body, message_body, update_body
from models.cards import Card, Content

# Begins with a letter or digit: `@all` would reach the whole hospital, `a|b` two people.
_USER_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z_\-@.]{0,63}")


class WeComAppChannel:
    """Implements bot.channels.Channel. The per-member limits are the caller's to keep."""

    name = "wecom_app"
    batch = limits.RECEIVERS_PER_CALL
    member_per_minute = limits.MEMBER_PER_MINUTE
    member_per_hour = limits.MEMBER_PER_HOUR

    def __init__(self, client: WeComClient) -> None:
        self._client = client

    @property
    def ready(self) -> bool:
        return True

    def repeatable(self, content: Content) -> bool:  # noqa: ARG002 -- the port's
        """Whatever it is: the platform drops an identical call within half an hour."""
        return True

    async def send(
        self,
        content: Content,
        to: Sequence[str],
        *,
        key: str,
        again: bool = False,  # noqa: ARG002 -- a repeat is the same call here
    ) -> Sent:
        valid, refused = self._receivers(to)
        body = message_body(content, valid, agent_id=self._client.agent_id, key=key)
        return await self._deliver(body, valid, refused)

    async def send_file(
        self,
        file: File,
        to: Sequence[str],
        *,
        key: str,  # noqa: ARG002 -- the port's; a file has no task id
    ) -> Sent:
        """A picture is shown in the chat, a PDF stands there as a file to open."""
        valid, refused = self._receivers(to)
        if not valid:
            return Sent("", refused=refused)
        kind = "image" if file.media_type.startswith("image/") else "file"
        media_id = await self._client.media_upload(kind, file.filename, file.data)
        body = file_body(kind, media_id, valid, agent_id=self._client.agent_id)
        return await self._deliver(body, valid, refused)

    async def _deliver(
        self, body: Body, valid: Sequence[str], refused: dict[str, Refused]
    ) -> Sent:
        if not valid:
            return Sent("", refused=refused)
        try:
            answer = await self._client.message_send(body)
        except SendFailed as failed:
            if failed.code != NOBODY_VALID:
                raise
            return Sent("", refused={**refused, **_refusals(valid, valid, NOBODY_VALID)})
        unknown = _refusals(_names(answer.get("invaliduser")), valid, NOBODY_VALID)
        unlicensed = _refusals(_names(answer.get("unlicenseduser")), valid, UNLICENSED)
        return Sent(
            str(answer.get("msgid", "")),
            str(answer.get("response_code", "")),
            {**refused, **unknown, **unlicensed},
        )

    async def redraw(
        self,
        card: Card,
        to: Sequence[str],
        *,
        response_code: str,
        key: str,  # noqa: ARG002 -- the port's; WeCom keeps the task id of the first card
    ) -> str:
        """With nobody in `to`, every receiver's card. WeCom gives no fresh code: returns ""."""
        valid, _ = self._receivers(to)
        if to and not valid:
            raise unfit("no valid user id to redraw for")
        body = update_body(
            card, valid, agent_id=self._client.agent_id, response_code=response_code
        )
        await self._client.update_template_card(body)
        return ""

    async def recall(self, message_id: str) -> None:
        await self._client.recall(message_id)

    def _receivers(self, to: Sequence[str]) -> tuple[list[str], dict[str, Refused]]:
        if len(to) > self.batch:
            raise unfit(f"one call takes {self.batch} receivers")
        valid = [user for user in to if _USER_ID.fullmatch(user)]
        return valid, _refusals(set(to).difference(valid), to, UNKNOWN_USER)


def _names(listed: object) -> list[str]:
    """`a|b` in message/send, a list in update_template_card."""
    if isinstance(listed, str):
        return [name for name in listed.split("|") if name]
    return [str(name) for name in listed] if isinstance(listed, list) else []


def _refusals(named: Iterable[str], to: Sequence[str], code: int) -> dict[str, Refused]:
    """The platform names them in lower case; the ledger knows them as it passed them in."""
    lowered = {name.lower() for name in named}
    if not lowered:
        return {}
    failure = verdict(code).failure
    assert failure is Failure.RECIPIENT
    return {user: Refused(code, cure_for(code), failure) for user in to if user.lower() in lowered}
