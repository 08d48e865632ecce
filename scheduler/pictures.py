"""A picture on its way: the file where a channel shows it, else where to look at it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog

from bot.channels import Channel, Failure, File, SendFailed, Sent, ShowsFiles
from models.cards import Picture
from scheduler.parcels import Parcel
from services.evidence import StoredFile
from services.file_kinds import plain_name

log = structlog.get_logger()

Store = Callable[[int], Awaitable[StoredFile | None]]


class Pictures:
    """`store` gives a file by its id, None when it was deleted meanwhile."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def send(self, channel: Channel, picture: Picture, parcel: Parcel) -> Sent:
        """Raises SendFailed, as the channel does."""
        if isinstance(channel, ShowsFiles):
            stored = await self._store(picture.evidence_id)
            if stored is not None:
                try:
                    return await channel.send_file(
                        _file(stored, picture), parcel.addresses, key=parcel.task_id
                    )
                except SendFailed as failed:
                    if failed.failure is not Failure.REQUEST:
                        raise
                    log.warning("file_not_shown", channel=channel.name, reason=failed.reason)
        return await channel.send(picture.in_words, parcel.addresses, key=parcel.task_id)


def _file(stored: StoredFile, picture: Picture) -> File:
    """Named by what it shows: a phone's own name of it says nothing."""
    name = f"{picture.caption}.x" if picture.caption else stored.filename
    return File(stored.data, stored.media_type, plain_name(name, stored.media_type))
