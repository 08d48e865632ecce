"""WeChat customer service as a channel: five messages within 48 hours of an answer."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.channels import Failure, Refused, SendFailed, Sent
from bot.platforms.wecom import limits
from bot.platforms.wecom.errors import KF_CUSTOMER, KF_REPEATED, cure_for
from bot.platforms.wecom.fitting import unfit
from bot.platforms.wecom.kf.addresses import read_address
from bot.platforms.wecom.kf.bodies import kf_body
from bot.platforms.wecom.kf.client import KfClient
from models.cards import Card, Content

NAME = "wecom_kf"
_MSGID = re.compile(r"[0-9a-zA-Z_-]{1,32}")


class KfChannel:
    """Implements bot.channels.Channel. An address is `str(KfAddress)`: account and customer.

    The platform tells later of what it accepted and did not bring (KfSendFailed, by the key).
    """

    name = NAME
    batch = 1
    member_per_minute = limits.KF_MEMBER_PER_MINUTE
    member_per_hour = limits.KF_MEMBER_PER_HOUR

    def __init__(self, client: KfClient) -> None:
        self._client = client

    @property
    def ready(self) -> bool:
        return True

    def repeatable(self, content: Content) -> bool:  # noqa: ARG002 -- the port's
        """Whatever it is: the key is the message's own id, which serves once."""
        return True

    async def send(
        self, content: Content, to: Sequence[str], *, key: str, again: bool = False
    ) -> Sent:
        if len(to) != 1:
            raise unfit("customer service speaks to one person at a time")
        if not _MSGID.fullmatch(key):
            raise unfit("a key is 1 to 32 of 0-9 a-z A-Z _ -")
        body, address = kf_body(content, key=key), read_address(to[0])
        if address is None:
            return _refused(to[0], KF_CUSTOMER)
        try:
            await self._client.send(address.open_kfid, address.user, body, msgid=key)
        except SendFailed as failed:
            if failed.code == KF_REPEATED and again:
                return Sent(key)  # the first call of this key did arrive
            if failed.failure is Failure.RECIPIENT:
                return _refused(to[0], failed.code)
            raise
        return Sent(key)

    async def redraw(
        self,
        card: Card,  # noqa: ARG002 -- the port's
        to: Sequence[str],  # noqa: ARG002
        *,
        response_code: str,  # noqa: ARG002
        key: str,  # noqa: ARG002
    ) -> str:
        raise unfit("a menu cannot be redrawn: old entries are answered by the state of things")

    async def recall(self, message_id: str) -> None:  # noqa: ARG002 -- the port's
        raise unfit("a message to a customer is not taken back")


def _refused(address: str, code: int) -> Sent:
    return Sent("", refused={address: Refused(code, cure_for(code))})
