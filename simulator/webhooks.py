"""Group webhooks of WeCom: the configured groups, and what the platform remembers of each."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from simulator.clock import Clock
from simulator.errors import WeComError
from simulator.media import Media

PER_MINUTE = 20


@dataclass(slots=True)
class WebhookGroup:
    """A group chat with one message-push robot. The key is a secret; `id` names the phone."""

    id: str
    title: str
    key: str
    members: list[str]


class Webhooks:
    """When each webhook posted, and which files belong to it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._posted: dict[str, deque[float]] = {}
        self._files: dict[str, str] = {}

    def spend(self, key: str) -> None:
        """Note one post; the 21st within a minute is refused and does not count (D99110)."""
        now = self._clock.now().timestamp()
        times = self._posted.setdefault(key, deque())
        while times and times[0] <= now - 60:
            times.popleft()
        if len(times) >= PER_MINUTE:
            raise WeComError(45009)
        times.append(now)

    def keep(self, key: str, media: Media) -> None:
        self._files[media.id] = key

    def owns(self, key: str, media: Media | None) -> bool:
        return media is not None and self._files.get(media.id) == key


def read_groups(raw: Iterable[Mapping[str, Any]]) -> list[WebhookGroup]:
    """`[{"title", "key", "members"}]`, numbered in the order given."""
    return [
        WebhookGroup(
            f"group:{number}",
            str(g["title"]),
            str(g["key"]),
            [str(u) for u in g.get("members", [])],
        )
        for number, g in enumerate(raw, 1)
    ]
