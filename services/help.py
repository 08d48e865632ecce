"""Which commands a person may use: what 帮助 lists."""

from __future__ import annotations

from collections.abc import Iterable

from services.actors import Actor
from services.permissions import Act, may_anywhere


class HelpIndex:
    """Phrase keys of commands in the order they are shown, with the act each needs."""

    def __init__(self, entries: Iterable[tuple[str, Act | None]]) -> None:
        self._entries = tuple(dict.fromkeys(entries))

    def allowed(self, actor: Actor) -> list[str]:
        return [key for key, act in self._entries if act is None or may_anywhere(actor, act)]
