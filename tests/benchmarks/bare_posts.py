"""The least that sends: aiohttp posts to the stub from 64 tasks, no database at all.

Run it as `python -m tests.benchmarks.bare_posts PORT CALLS RECEIVERS`; prints calls a second.
"""

from __future__ import annotations

import asyncio
import sys
import time

import aiohttp
import orjson
import uvloop

TASKS = 64


async def _post(session: aiohttp.ClientSession, url: str, bodies: list[bytes]) -> None:
    while bodies:
        async with session.post(url, data=bodies.pop()) as reply:
            assert orjson.loads(await reply.read())["errcode"] == 0


async def main(port: int, calls: int, receivers: int) -> None:
    to = "|".join(f"n{n}" for n in range(receivers))
    bodies = [
        orjson.dumps({"touser": to, "msgtype": "text", "text": {"content": f"第{n}条通知"}})
        for n in range(calls)
    ]
    url = f"http://127.0.0.1:{port}/cgi-bin/message/send"
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=TASKS)) as session:
        started = time.perf_counter()
        await asyncio.gather(*(_post(session, url, bodies) for _ in range(TASKS)))
        sys.stdout.write(str(calls / (time.perf_counter() - started)))


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
