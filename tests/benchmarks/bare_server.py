"""The least that could be called a bot: aiohttp, wechatpy, one INSERT, an encrypted answer.

Run it as `python -m tests.benchmarks.bare_server PORT DATABASE_URL`.
"""

from __future__ import annotations

import asyncio
import sys
import time

import asyncpg
import uvloop
from aiohttp import web
from wechatpy.enterprise import parse_message
from wechatpy.enterprise.crypto import WeChatCrypto
from wechatpy.enterprise.replies import TextReply

from bot import database, sample

_TABLE = """
CREATE TABLE IF NOT EXISTS bare (id bigserial PRIMARY KEY, event_id text UNIQUE, body text)
"""
_ANSWER = "护铃能听懂:\n我的班 看接下来7天的班\n本周 看这周的班\n换班 找人换班\n为什么发给我"


class Bare:
    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._crypto = WeChatCrypto(sample.TOKEN, sample.AES_KEY, sample.CORP_ID)

    async def receive(self, request: web.Request) -> web.Response:
        query = request.query
        xml = self._crypto.decrypt_message(
            await request.text(), query["msg_signature"], query["timestamp"], query["nonce"]
        )
        message = parse_message(xml)
        await self._pool.execute(
            "INSERT INTO bare (event_id, body) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            str(message.id),
            message.content,
        )
        reply = TextReply(content=_ANSWER, message=message).render()
        sealed = self._crypto.encrypt_message(reply, query["nonce"], str(int(time.time())))
        return web.Response(text=sealed, content_type="application/xml")


async def main(port: int, url: str) -> None:
    async with asyncpg.create_pool(**database.credentials(url), min_size=2, max_size=12) as pool:
        await pool.execute(_TABLE)
        app = web.Application()
        app.router.add_post("/callbacks/wecom/main", Bare(pool).receive)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), sys.argv[2]))
