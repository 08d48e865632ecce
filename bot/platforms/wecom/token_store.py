"""The shared token store with WeCom's words for what it refuses."""

from __future__ import annotations

from collections.abc import Callable

from bot.platforms import token_store
from bot.platforms.wecom.errors import cure, cure_for
from models.clock import Clock


class DatabaseTokenStore(token_store.DatabaseTokenStore):
    def __init__(
        self, clock: Clock, *, seal: Callable[[str], str], open_: Callable[[str], str]
    ) -> None:
        super().__init__(
            clock, seal=seal, open_=open_, cure_for=cure_for, down_cure=cure("database")
        )
