"""What several calls did for many receivers, gathered into one answer for the ledger."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import timedelta

from bot.channels import Failure, Refused, SendFailed, Sent
from bot.platforms.dingtalk.errors import NO_SUCH_USER, Fault, cure_for
from bot.platforms.fitting import unfit

# Begins with a letter or digit and holds no `;`, `,` or `|`, which join ids in calls.
_USER_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z_\-@.]{0,63}")


_RESTS = {Failure.WINDOW, Failure.CONFIGURATION}


class Outcome:
    """Collects by receiver. `response_code` lets cards be redrawn; empty for everything else."""

    def __init__(self) -> None:
        self.response_code = ""
        self._refused: dict[str, Refused] = {}
        self._each: dict[str, str] = {}
        self._whole: list[SendFailed] = []
        self._reached = 0

    def reached(self, users: Iterable[str], message_id: str) -> None:
        for user in users:
            self._each[user] = message_id
            self._reached += 1

    def refuse(self, users: Iterable[str], refused: Refused) -> None:
        self._refused |= dict.fromkeys(users, refused)

    def fail(self, users: Iterable[str], failed: SendFailed) -> None:
        """A call for these failed as a whole."""
        self._whole.append(failed)
        refused = Refused(failed.code, failed.cure or failed.reason, failed.failure, failed.wait)
        self.refuse(users, refused)

    def sent(self, *, confirmed: bool = True) -> Sent:
        """Raises SendFailed when nothing went out for one reason that concerns everybody.

        So a limit or a missing right lets the whole channel rest, not only these people. Whoever
        may have got it keeps that fate: sent anew with the others, it would reach them twice.
        """
        kinds = {failed.failure for failed in self._whole}
        if not self._reached and len(kinds) == 1:
            told = {each.failure for each in self._refused.values()}
            resting = kinds < _RESTS and Failure.UNKNOWN not in told
            if resting or (told == kinds and kinds != {Failure.RECIPIENT}):
                raise self._whole[0]
        ids = set(self._each.values())
        one = ids.pop() if len(ids) == 1 else ""
        each = {} if one else {user: id_ for user, id_ in self._each.items() if id_}
        return Sent(one, self.response_code, self._refused, each, confirmed)


def receivers(to: Sequence[str], most: int) -> tuple[list[str], dict[str, Refused]]:
    """Those who can be named in a call, and the others. Raises SendFailed(REQUEST)."""
    if len(to) > most:
        raise unfit(f"one call takes {most} receivers")
    valid = [user for user in dict.fromkeys(to) if _USER_ID.fullmatch(user)]
    return valid, dict.fromkeys(set(to).difference(valid), no_such_user())


def no_such_user() -> Refused:
    return Refused(NO_SUCH_USER, cure_for(Fault(NO_SUCH_USER)))


def later(wait: timedelta, reason: str) -> Refused:
    """Not sent to them yet: the same again after a while."""
    return Refused(0, reason, Failure.RETRY, wait)
