"""What the migration tool of the ORM needs to know; it compares models, it connects nowhere."""

from __future__ import annotations

from bot.database import tortoise_config

TORTOISE_ORM = tortoise_config("postgresql://postgres@localhost/unused", pool=1)
