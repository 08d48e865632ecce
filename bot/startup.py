"""What must be right before anything is done: the keys open what is stored, WeCom knows us."""

from __future__ import annotations

import structlog

from bot.channels import Failure, SendFailed
from bot.platforms.wecom.client import WeComClient
from models import db, sealed

log = structlog.get_logger()

_SEALED = (
    ("persons", "phone", "persons.phone"),
    ("messages", "context", "messages.context"),
    ("inbox", "payload", "inbox.payload"),
)


class StartRefused(Exception):
    """The process must not run like this; the message says what to mend."""


async def check_keys() -> None:
    """Raises StartRefused when the key ring does not open what the database holds."""
    for table, column, place in _SEALED:
        value = await db.fetch_value(
            f"SELECT {column} FROM {table} WHERE {column} IS NOT NULL LIMIT 1"
        )
        if value is None:
            continue
        try:
            sealed.open_sealed(place, value)
        except sealed.SealError as error:
            raise StartRefused(
                f"the encryption keys do not open the data in this database ({error}): put back "
                "the key file or WARDBELL_ENCRYPTION_KEYS that belongs to it"
            ) from error


async def check_secret(client: WeComClient) -> None:
    """Raises StartRefused when WeCom refuses our corp id or secret; an outage is no refusal."""
    try:
        await client.fetch_token()
    except SendFailed as failed:
        if failed.failure is Failure.CONFIGURATION:
            raise StartRefused(f"WeCom refuses us ({failed.code}): {failed.cure}") from failed
        log.warning("wecom_not_reached_at_start", code=failed.code, failure=failed.failure)
