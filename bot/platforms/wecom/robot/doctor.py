"""The doctor's line about the smart robot. Examining it must not throw out a running bot."""

from __future__ import annotations

import aiohttp

from bot.platforms.findings import Finding, Level
from bot.platforms.wecom.robot.connection import Ending
from bot.platforms.wecom.robot.line import Account, RobotLine
from bot.platforms.wecom.words import words
from models.clock import Clock


async def examine(
    session: aiohttp.ClientSession, account: Account, clock: Clock, *, in_use: bool
) -> Finding:
    """Subscribe once and leave again, unless a process of ours is connected (`in_use`)."""
    texts = words("doctor")
    if in_use:
        return Finding(Level.OK, texts["robot_in_use"])
    ending, refusal = await RobotLine(session, account, clock).probe()
    if ending is Ending.STOPPED:
        return Finding(Level.OK, texts["robot_ok"])
    if refusal is not None and refusal.code:
        title = texts["robot_refused"].format(code=refusal.code, reason=refusal.reason)
        return Finding(Level.ERROR, title, refusal.cure)
    return Finding(Level.ERROR, texts["robot_unreachable"], texts["robot_unreachable_cure"])
