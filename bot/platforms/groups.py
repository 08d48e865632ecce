"""What channels into group chats share: a group's sealed secret, and no personal buttons."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

from bot.channels import Failure, Refused, SendFailed, Sent
from bot.platforms.fitting import unfit

Door = Callable[[str], Awaitable[Mapping[str, str]]]
"""A group's id as text → its opened secret: `key`, `token` and `secret`, or `conversation`."""

# What concerns one group alone must not let the channel rest for all others.
_ALONE = {Failure.RECIPIENT, Failure.WINDOW, Failure.CONFIGURATION}


def only(to: Sequence[str]) -> str:
    """The one group of a call. Raises SendFailed(REQUEST)."""
    if len(to) != 1:
        raise unfit("one call takes one group")
    return to[0]


async def secret(door: Door, group: str, *names: str) -> Mapping[str, str]:
    """The group's secret with these names in it. Raises SendFailed when the group has none."""
    try:
        opened = await door(group)
    except (KeyError, LookupError):
        opened = {}
    except Exception as error:  # nothing was posted, and nobody must think it may have been
        raise SendFailed(Failure.RETRY, reason=type(error).__name__) from error
    if not all(opened.get(name) for name in names):
        raise SendFailed(Failure.RECIPIENT, reason="the group has no such door any more")
    return opened


def refused(group: str, failed: SendFailed) -> Sent:
    """A failure of this group as an answer; others are raised again."""
    if failed.failure not in _ALONE:
        raise failed
    why = failed.cure or failed.reason
    return Sent("", refused={group: Refused(failed.code, why, failed.failure, failed.wait)})
