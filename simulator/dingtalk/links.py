"""Live Stream connections: frames out, acknowledgements in."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from aiohttp import web

Topic = tuple[str, str]


@dataclass(slots=True, eq=False)
class Link:
    """One socket. A parting one gets nothing more; a frozen one neither reads nor writes."""

    id: str
    ws: web.WebSocketResponse
    request: web.Request
    client_id: str
    topics: frozenset[Topic]
    since: datetime
    parting: bool = False
    frozen: bool = False
    pushed: int = 0
    pongs: int = 0
    thawed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def alive(self) -> bool:
        transport = self.request.transport
        return transport is not None and not transport.is_closing() and not self.ws.closed

    def hears(self, topic: Topic) -> bool:
        return topic in self.topics

    def cut(self) -> None:
        """End TCP without a closing handshake."""
        if self.request.transport:
            self.request.transport.abort()
        self.thawed.set()

    def view(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "since": self.since.isoformat(),
            "topics": sorted(f"{kind} {topic}" for kind, topic in self.topics),
            "parting": self.parting,
            "frozen": self.frozen,
            "pushed": self.pushed,
            "pongs": self.pongs,
        }


@dataclass(frozen=True, slots=True)
class Ack:
    """What a client answered to one frame; `code` 200 is success."""

    code: int
    data: str


@dataclass(slots=True, eq=False)
class Waiter:
    link: Link
    answer: asyncio.Future[Ack | None]


class Links:
    """All sockets of the app. Every push goes to one of them, chosen by chance [DP protocol]."""

    def __init__(self) -> None:
        self._links: dict[str, Link] = {}
        self._waiting: dict[str, list[Waiter]] = {}

    def add(self, link: Link) -> None:
        self._links[link.id] = link

    def live(self) -> list[Link]:
        for link in tuple(self._links.values()):
            if not link.alive:
                self.remove(link)
        return list(self._links.values())

    def remove(self, link: Link) -> None:
        self._links.pop(link.id, None)
        for waiters in self._waiting.values():
            for waiter in waiters:
                if waiter.link is link and not waiter.answer.done():
                    waiter.answer.set_result(None)

    def choose(self, topic: Topic, client_id: str) -> Link | None:
        fit = [
            link
            for link in self.live()
            if link.hears(topic) and not link.parting and link.client_id == client_id
        ]
        return secrets.choice(fit) if fit else None

    async def ask(self, link: Link, frame: dict[str, Any], patience: float) -> Ack | None:
        """Send and wait for the acknowledgement; None when the socket ends first.

        Raises TimeoutError when nothing comes in time.
        """
        message_id = frame["headers"]["messageId"]
        waiter = Waiter(link, asyncio.get_running_loop().create_future())
        self._waiting.setdefault(message_id, []).append(waiter)
        link.pushed += 1
        try:
            async with asyncio.timeout(patience):
                if not await send(link, frame):
                    return None
                return await waiter.answer
        finally:
            self._waiting[message_id].remove(waiter)
            if not self._waiting[message_id]:
                del self._waiting[message_id]

    def take(self, link: Link, text: str) -> bool:
        """Read an acknowledgement; false when nobody waits for it or it is none."""
        try:
            body = orjson.loads(text)
            message_id, code = str(body["headers"]["messageId"]), int(body["code"])
            data = body.get("data") or ""
        except (ValueError, KeyError, TypeError):
            return False
        open_ = [w for w in self._waiting.get(message_id, ()) if not w.answer.done()]
        if not open_:
            return False
        own = next((w for w in open_ if w.link is link), open_[0])
        own.answer.set_result(Ack(code, data if isinstance(data, str) else str(data)))
        return True

    async def close(self) -> None:
        for link in tuple(self._links.values()):
            link.cut()


async def send(link: Link, frame: dict[str, Any]) -> bool:
    """Write one frame; a frozen socket swallows it. False when the socket is gone."""
    if link.frozen:
        return True
    try:
        await link.ws.send_str(orjson.dumps(frame).decode())
    except (ConnectionError, RuntimeError):
        return False
    return True


def frame_of(
    kind: str, topic: str, message_id: str, at_ms: int, data: str, **headers: str
) -> dict[str, Any]:
    """The envelope of everything the platform sends; `data` is JSON as a string."""
    head = {
        "topic": topic,
        "messageId": message_id,
        "contentType": "application/json",
        "time": str(at_ms),
    }
    return {"specVersion": "1.0", "type": kind, "headers": head | headers, "data": data}
