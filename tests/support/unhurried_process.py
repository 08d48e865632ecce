"""`python -m bot <role>` with time for its answers; `--tap=1.2` gives a tap's handler less."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from unittest.mock import patch

from aiohttp import ClientTimeout

from bot import app, database
from bot.__main__ import main
from bot.platforms.dingtalk.stream import Pace as StreamPace
from bot.platforms.wecom.robot.connection import Pace as RobotPace
from tests.support.unhurried import LONG, defaults, unhurried

TAP = "--tap="


def patient() -> None:
    """Nothing that a test of processes waits for ends by one of these limits."""
    given = [one for one in sys.argv if one.startswith(TAP)]
    taps = {"tap": float(given[0].removeprefix(TAP))} if given else {}
    sys.argv = [one for one in sys.argv if one not in given]
    with ExitStack() as stack:
        stack.enter_context(unhurried(**taps))
        stack.enter_context(patch.object(app, "CALL", ClientTimeout(total=4 * LONG)))
        stack.enter_context(patch.object(app, "GRACE", LONG))
        stack.enter_context(patch.object(database, "LOCK_WAIT", LONG))
        stack.enter_context(patch.object(database, "REACH_WITHIN", 2 * LONG))
        stack.enter_context(defaults(StreamPace, grace=LONG, closing=LONG))
        stack.enter_context(defaults(RobotPace, ack=LONG, drain=LONG))
        main()


if __name__ == "__main__":
    patient()
