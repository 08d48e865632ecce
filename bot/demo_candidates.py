"""The demo's candidates: brought in like a hospital's own, then one in each stage of a story.

田小试 has an invitation in the mailbox, 秦小试 one in WeChat, 罗小试 wants another time; of the
others `sample_history` tells.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import structlog
from aiohttp import ClientError, ClientSession

from bot.app import Bot, read_rules
from bot.sample_candidates import NURSE, RECRUITER, named
from bot.sample_history import candidate_id, person, seed_history
from bot.sample_recruiting import import_sheets, write_sheets
from models import db

log = structlog.get_logger()

_APPLICATION = "SELECT id FROM applications WHERE candidate_id = $1"
_SLOTS = """
SELECT s.id FROM slots s JOIN postings p ON p.id = s.posting_id
 WHERE p.title = $1 AND s.state = 'open' AND s.starts_at > $2 ORDER BY s.starts_at
"""


async def seed_candidates(bot: Bot, folder: Path, sim: str) -> None:
    """Sheets to look at, posts, candidates, slots and stories; what is there stays."""
    if await db.fetch_value("SELECT EXISTS (SELECT 1 FROM postings)"):
        return
    rules, now = read_rules(bot.settings), bot.clock.now()
    write_sheets(folder, rules, now)
    await import_sheets(bot.services.recruiting.sheets.imports, rules, now)
    await seed_history(bot.services, rules.recruiting.working_time, now)
    slots = [row["id"] for row in await db.fetch(_SLOTS, NURSE, now)]
    await _invited(bot, "田小试", slots[3:])
    async with ClientSession(sim) as session:
        try:
            await _in_chat(bot, session, "秦小试", "你好", slots[4:])
            await _in_chat(bot, session, "罗小试", "您好", slots[2:])
            await _say(session, "罗小试", "那天我要值班，能换个时间吗")
        except (ClientError, TimeoutError) as failed:  # a story less, but a demo
            log.warning("demo_story_not_played", reason=str(failed))


async def _invited(bot: Bot, name: str, slots: Sequence[int]) -> None:
    """苏小聘 ticks what fits and invites to the first of these slots."""
    invitations, by = bot.services.recruiting.invitations, await person(RECRUITER)
    async with db.transaction():
        application = await db.fetch_value(_APPLICATION, await candidate_id(name))
        points = await invitations.proposals(by, application)
        await invitations.tick(by, application, points[:1])
        await invitations.invite(by, application, slots[0])


async def _in_chat(
    bot: Bot, session: ClientSession, name: str, words: str, slots: Sequence[int]
) -> None:
    """They come over a link of ours and write, and are invited where they are."""
    entry = await bot.services.recruiting.links.make(await candidate_id(name))
    if entry.kf_url is None:
        return
    await _call(session, name, "enter", {"url": entry.kf_url})
    await _say(session, name, words)
    await _settled(bot)
    await _invited(bot, name, slots)
    await _settled(bot)


async def _say(session: ClientSession, name: str, words: str) -> None:
    await _call(session, name, "say", {"text": words})


async def _call(session: ClientSession, name: str, act: str, body: dict[str, Any]) -> None:
    """What somebody does on their WeChat phone."""
    phone = f"/sim/phones/wechat:{named(name).wechat}/{act}"
    async with session.post(phone, json=body) as reply:
        reply.raise_for_status()


async def _settled(bot: Bot) -> None:
    if bot.workshop is not None:
        await bot.workshop.settle()
