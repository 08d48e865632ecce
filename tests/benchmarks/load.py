"""A hospital writing to its bot: 64 kept connections, each its own people, one question at a time.

Run it as `python -m tests.benchmarks.load PORT SECONDS WORDS`; prints JSON. The envelopes are
made before the clock starts.
"""

from __future__ import annotations

import asyncio
import secrets
import sys
import time
from functools import partial
from typing import cast

import orjson
import uvloop

from bot import sample
from simulator.crypto import Envelope
from tests.benchmarks.machine import percentile

CONNECTIONS = 64
PEOPLE = 2000
MOST = 3500  # requests a second that are made ready


class Caller(asyncio.Protocol):
    """One connection; sends the next request when the last one was answered."""

    def __init__(self, requests: list[bytes], done: asyncio.Future[None]) -> None:
        self._requests = requests
        self._done = done
        self._data = b""
        self._sent = 0.0
        self._transport: asyncio.Transport | None = None
        self.waits: list[float] = []
        self.refused = 0
        self.stop_at = float("inf")

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def next(self) -> None:
        now = time.perf_counter()
        if now >= self.stop_at or not self._requests:
            if not self._done.done():
                self._done.set_result(None)
            return
        self._sent = now
        assert self._transport is not None
        self._transport.write(self._requests.pop())

    def data_received(self, data: bytes) -> None:
        self._data += data
        end = self._data.find(b"\r\n\r\n")
        if end < 0:
            return
        found = self._data.find(b"Content-Length: ")
        length = int(self._data[found + 16 : self._data.find(b"\r\n", found)])
        if len(self._data) < end + 4 + length:
            return
        self.waits.append(time.perf_counter() - self._sent)
        self.refused += not (self._data.startswith(b"HTTP/1.1 200") and length > 0)
        self._data = b""
        self.next()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._done.done():
            self._done.set_exception(exc or ConnectionError("closed"))


def request(envelope: Envelope, words: str, user: int, port: int) -> bytes:
    at = str(int(time.time()))
    nonce = secrets.token_hex(5)
    inner = (
        f"<xml><ToUserName><![CDATA[{sample.CORP_ID}]]></ToUserName>"
        f"<FromUserName><![CDATA[n{user}]]></FromUserName><CreateTime>{at}</CreateTime>"
        f"<MsgType><![CDATA[text]]></MsgType><Content><![CDATA[{words}]]></Content>"
        f"<MsgId>{secrets.randbits(62)}</MsgId><AgentID>{sample.AGENT_ID}</AgentID></xml>"
    )
    sealed = envelope.seal(inner)
    signed = envelope.sign(at, nonce, sealed)
    body = (
        f"<xml><ToUserName><![CDATA[{sample.CORP_ID}]]></ToUserName>"
        f"<AgentID><![CDATA[{sample.AGENT_ID}]]></AgentID>"
        f"<Encrypt><![CDATA[{sealed}]]></Encrypt></xml>"
    )
    query = f"msg_signature={signed}&timestamp={at}&nonce={nonce}"
    return (
        f"POST /callbacks/wecom/main?{query} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
        f"Content-Type: text/xml\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


async def main(port: int, seconds: float, words: str) -> None:
    envelope = Envelope(sample.TOKEN, sample.AES_KEY, sample.CORP_ID)
    each = int(MOST * seconds / CONNECTIONS)
    loop = asyncio.get_running_loop()
    callers: list[Caller] = []
    ends: list[asyncio.Future[None]] = []
    for index in range(CONNECTIONS):
        made = [
            request(envelope, words, (index + turn * CONNECTIONS) % PEOPLE, port)
            for turn in range(each)
        ]
        ends.append(loop.create_future())
        _, caller = await loop.create_connection(
            partial(Caller, made, ends[-1]), "127.0.0.1", port
        )
        callers.append(caller)
    started = time.perf_counter()
    for caller in callers:
        caller.stop_at = started + seconds
        caller.next()
    await asyncio.gather(*ends)
    waits = [wait for caller in callers for wait in caller.waits]
    figures = {
        "rate": len(waits) / (time.perf_counter() - started),
        "p50": percentile(waits, 0.5) * 1000,
        "p99": percentile(waits, 0.99) * 1000,
        "refused": sum(caller.refused for caller in callers),
    }
    sys.stdout.write(orjson.dumps(figures).decode())


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), float(sys.argv[2]), sys.argv[3]))
