"""Robot messages to up to twenty people with one call, and who of them was not reached (S0714)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from bot.channels import Failure, Refused, SendFailed
from bot.platforms.dingtalk.client import DingTalkClient
from bot.platforms.dingtalk.errors import (
    FLOW_CONTROL,
    FLOW_WAIT,
    Fault,
    MonthUsedUp,
    cure_for,
)
from bot.platforms.dingtalk.messages import Message
from bot.platforms.dingtalk.outcome import Outcome, later, no_such_user
from bot.platforms.dingtalk.transport import Json

_NOT_BEGUN = timedelta(seconds=2)
LONGEST = 7.0  # seconds after which no further call is begun


class RobotBatches:
    """Sends one message to many; a person who spoils a call is found and left out."""

    def __init__(self, client: DingTalkClient) -> None:
        self._client = client

    async def send(
        self, message: Message, users: Sequence[str], outcome: Outcome, ends: float = 0.0
    ) -> None:
        """Record in `outcome` what became of it for each of `users`.

        No call is begun after `ends`, a time of the event loop's.
        """
        ends = ends or asyncio.get_running_loop().time() + LONGEST
        failed = await self._try(message, users, outcome, ends)
        if failed is None:
            return
        if _about_somebody(failed) and len(users) > 1:
            await self._halve(message, users, outcome, ends)
        else:
            outcome.fail(users, failed)

    async def _halve(
        self, message: Message, users: Sequence[str], outcome: Outcome, ends: float
    ) -> None:
        """Nobody got it because of one of them, whom the platform does not name.

        When both halves are refused it is not about one person, and to go on would only use up
        the month's calls.
        """
        middle = len(users) // 2
        spoilt = [
            (half, failed)
            for half in (users[:middle], users[middle:])
            if (failed := await self._try(message, half, outcome, ends)) is not None
        ]
        half, first = spoilt[0] if spoilt else ((), None)
        if len(spoilt) == 1 and len(half) > 1 and first and _about_somebody(first):
            await self._halve(message, half, outcome, ends)
            return
        for half, failed in spoilt:
            outcome.fail(half, failed)

    async def _try(
        self, message: Message, users: Sequence[str], outcome: Outcome, ends: float
    ) -> SendFailed | None:
        """None when it went through, as far as `outcome` says."""
        if asyncio.get_running_loop().time() > ends:
            outcome.refuse(users, later(_NOT_BEGUN, "not begun for these people"))
            return None
        try:
            answer = await self._client.robot_send(users, message.key, message.param)
        except SendFailed as failed:
            return failed
        _record(answer, users, outcome)
        return None


def _about_somebody(failed: SendFailed) -> bool:
    """A used-up month concerns everybody, although they may be reached elsewhere."""
    return failed.failure is Failure.RECIPIENT and not isinstance(failed, MonthUsedUp)


def _record(answer: Json, users: Sequence[str], outcome: Outcome) -> None:
    """200 may still name people who did not get it, in three lists (S0714)."""
    unknown = _named(answer.get("invalidStaffIdList"), users)
    filtered = _named(answer.get("filteredStaffIdList"), users)
    slow = _named(answer.get("flowControlledStaffIdList"), users)
    outcome.refuse(unknown, no_such_user())
    outcome.refuse(filtered, Refused(50002, cure_for(Fault(50002))))
    outcome.refuse(slow, later(FLOW_WAIT, cure_for(Fault(FLOW_CONTROL))))
    out = {*unknown, *filtered, *slow}
    outcome.reached(
        [user for user in users if user not in out], str(answer.get("processQueryKey", ""))
    )


def _named(listed: object, users: Sequence[str]) -> list[str]:
    names = {str(name) for name in listed} if isinstance(listed, list) else set()
    return [user for user in users if user in names]
