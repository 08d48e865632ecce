"""Channels to people outside: a delivery holds a candidate's id, and here it becomes an address.

What stands behind the id is sealed and opened only for the call; nothing of it is kept or logged.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from bot.channels import Channel, Failure, Refused, SendFailed, Sent
from bot.platforms.one_way import OneWay
from bot.platforms.wecom.errors import KF_NOT_OURS
from bot.platforms.wecom.kf.addresses import KfAddress
from models.cards import Content
from services.candidate_reach import Doors

# What a channel really says: a mail gets its link. By candidate, the ledger's key and the content.
Dress = Callable[[int, str, Content], Awaitable[Content]]

GONE = 1  # our own code: there is no such address (any more)
SHUT = 2  # our own code: the window of customer service is not open


# Asks the platform who has this account's chat with this user, and remembers it.
Look = Callable[[str, str], Awaitable[None]]


async def not_asked(_open_kfid: str, _user: str) -> None:
    return None


async def as_it_is(_candidate: int, _key: str, content: Content) -> Content:
    return content


class ToCandidates(OneWay):
    """Implements bot.channels.Channel over mail and text messages."""

    batch = 1

    def __init__(
        self,
        channel: Channel,
        door: Callable[[int], Awaitable[str]],
        dress: Dress = as_it_is,
    ) -> None:
        self.name = channel.name
        self.member_per_minute = channel.member_per_minute
        self.member_per_hour = channel.member_per_hour
        self._channel = channel
        self._door = door
        self._dress = dress

    async def send(
        self, content: Content, to: Sequence[str], *, key: str, again: bool = False
    ) -> Sent:
        (candidate,) = to
        address = await self._door(int(candidate))
        if not address:
            return Sent("", refused={candidate: Refused(GONE, "no such address any more")})
        dressed = await self._dress(int(candidate), key, content)
        sent = await self._channel.send(dressed, [address], key=key, again=again)
        return named(sent, address, candidate)


class KfToCandidates(OneWay):
    """The same over customer service, whose window takes five messages."""

    batch = 1

    def __init__(
        self, channel: Channel, doors: Doors, dress: Dress = as_it_is, look: Look = not_asked
    ) -> None:
        self.name = channel.name
        self.member_per_minute = channel.member_per_minute
        self.member_per_hour = channel.member_per_hour
        self._channel = channel
        self._doors = doors
        self._dress = dress
        self._look = look

    def repeatable(self, content: Content) -> bool:
        return self._channel.repeatable(content)

    async def send(
        self, content: Content, to: Sequence[str], *, key: str, again: bool = False
    ) -> Sent:
        (candidate,) = to
        number = int(candidate)
        found = await (self._doors.kf(number) if again else self._doors.spend_kf(number))
        if found is None:
            if again:
                raise SendFailed(Failure.UNKNOWN, reason="the window shut before the repeat")
            return Sent("", refused={candidate: Refused(SHUT, "the window is not open")})
        address = str(KfAddress(*found))
        dressed = await self._dress(number, key, content)
        try:
            sent = await self._channel.send(dressed, [address], key=key, again=again)
        except SendFailed as failed:
            if failed.failure is not Failure.UNKNOWN and not again:
                await self._doors.give_back_kf(number)
            raise
        said = sent.refused.get(address)
        if said is not None and said.code in KF_NOT_OURS:
            await self._doors.give_back_kf(number)
            await self._look(*found)
        return named(sent, address, candidate)


def named(sent: Sent, address: str, candidate: str) -> Sent:
    """What the channel says of an address, said of the candidate."""
    return Sent(
        sent.message_id,
        response_code=sent.response_code,
        each={candidate: sent.each[address]} if address in sent.each else {},
        confirmed=sent.confirmed,
        refused={candidate: sent.refused[address]} if address in sent.refused else {},
    )
