"""The demo's candidates: brought in like a hospital's own, then one in each stage of a story."""

from __future__ import annotations

from pathlib import Path

from bot.app import Bot, read_rules
from bot.sample_history import seed_history
from bot.sample_recruiting import import_sheets, write_sheets
from models import db


async def seed_candidates(bot: Bot, folder: Path) -> None:
    """Sheets to look at, posts, candidates, slots and stories; what is there stays."""
    if await db.fetch_value("SELECT EXISTS (SELECT 1 FROM postings)"):
        return
    rules, now = read_rules(bot.settings), bot.clock.now()
    write_sheets(folder, rules, now)
    await import_sheets(bot.services.recruiting.sheets.imports, rules, now)
    await seed_history(bot.services, rules.recruiting.working_time, now)
