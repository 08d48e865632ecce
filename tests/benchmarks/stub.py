"""A platform that says yes as fast as one process can: gettoken and message/send, counted.

`GET /stub/count` is the number of calls so far, `GET /stub/summary` what was in them, and
`GET /stub/reset` forgets. Run it as `python -m tests.benchmarks.stub PORT`.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections import Counter
from typing import cast

import orjson
import uvloop

_TOKEN = b'{"errcode":0,"errmsg":"ok","access_token":"stub-token","expires_in":7200}'


class Book:
    """The bodies of all sends, in order of arrival."""

    def __init__(self) -> None:
        self.bodies: list[tuple[float, bytes]] = []

    def summary(self) -> bytes:
        """Receivers reached, contents that came more than once, and the arrivals' instants."""
        people: Counter[str] = Counter()
        for _, body in self.bodies:
            sent = orjson.loads(body)
            for user in sent["touser"].split("|"):
                people[user + ":" + _content(sent)] += 1
        return orjson.dumps(
            {
                "calls": len(self.bodies),
                "reached": len(people),
                "doubled": sum(1 for count in people.values() if count > 1),
                "first": self.bodies[0][0] if self.bodies else 0,
                "last": self.bodies[-1][0] if self.bodies else 0,
            }
        )


def _content(sent: dict[str, dict[str, str]]) -> str:
    return sent["text"]["content"] if "text" in sent else sent["template_card"]["task_id"]


class Platform(asyncio.Protocol):
    """HTTP/1.1 with keep-alive and content-length, nothing more."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._data = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._data += data
        while (end := self._data.find(b"\r\n\r\n")) >= 0:
            head = self._data[:end]
            length = _length(head)
            if len(self._data) < end + 4 + length:
                return
            body = self._data[end + 4 : end + 4 + length]
            self._data = self._data[end + 4 + length :]
            self._answer(self._reply(head, body))

    def _reply(self, head: bytes, body: bytes) -> bytes:
        path = head.split(b" ", 2)[1]
        if path.startswith(b"/cgi-bin/message/send"):
            self._book.bodies.append((time.monotonic(), body))
            return b'{"errcode":0,"errmsg":"ok","msgid":"m%d"}' % len(self._book.bodies)
        if path.startswith(b"/cgi-bin/gettoken"):
            return _TOKEN
        if path == b"/stub/summary":
            return self._book.summary()
        if path == b"/stub/reset":
            self._book.bodies.clear()
        return b"%d" % len(self._book.bodies)

    def _answer(self, body: bytes) -> None:
        assert self._transport is not None
        self._transport.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
            % (len(body), body)
        )


def _length(head: bytes) -> int:
    found = head.lower().find(b"content-length:")
    return int(head[found + 15 :].split(b"\r\n", 1)[0]) if found >= 0 else 0


async def main(port: int) -> None:
    book = Book()
    server = await asyncio.get_running_loop().create_server(
        lambda: Platform(book), "127.0.0.1", port
    )
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
