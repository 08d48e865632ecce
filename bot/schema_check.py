"""Whether the models say the same as the migrations: run by `make check`."""

from __future__ import annotations

from tortoise import Tortoise
from tortoise.migrations.autodetector import MigrationAutodetector

from bot.database import tortoise_config


class SchemaDrift(Exception):
    """Models were changed without a migration; the message names the command to run."""


async def check() -> None:
    """Raises SchemaDrift when a migration is missing. Needs no database."""
    config = tortoise_config("postgresql://postgres@localhost/unused", pool=1)
    context = await Tortoise.init(config=config, init_connections=False)
    assert context.apps is not None
    changes = await MigrationAutodetector(context.apps, config["apps"]).changes()
    await context.close_connections()
    if changes:
        raise SchemaDrift(
            "models and migrations differ; run: .venv/bin/tortoise "
            "-c bot.schema_config.TORTOISE_ORM makemigrations -n WHAT_CHANGED"
        )
