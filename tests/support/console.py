"""Somebody at the console: signs in from the chat, opens pages, sends forms."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from io import BytesIO

from aiohttp import ClientSession, CookieJar, FormData

from tests.support.hospital import Hospital

_TOKEN = re.compile(r'name="token" value="([^"]+)"')


@dataclass(frozen=True)
class Seen:
    """A page as it came."""

    status: int
    text: str
    headers: Mapping[str, str]
    path: str


@dataclass
class Reader:
    """Opens pages and remembers the token of the last form."""

    session: ClientSession
    base: str
    token: str = ""

    async def opens(self, path: str) -> Seen:
        async with self.session.get(self.base + path) as reply:
            seen = Seen(reply.status, await reply.text(), reply.headers, reply.url.path)
        found = _TOKEN.search(seen.text)
        self.token = found[1] if found else self.token
        return seen


@dataclass
class Operator(Reader):
    """A browser of one person, without the pictures."""

    async def sends(self, path: str, **form: str) -> Seen:
        return await self._post(path, {"token": self.token, **form})

    async def uploads(self, path: str, name: str, data: bytes, **form: str) -> Seen:
        body = FormData(quote_fields=False)
        for key, value in {"token": self.token, **form}.items():
            body.add_field(key, value)
        body.add_field(
            "file", BytesIO(data), filename=name, content_type="application/octet-stream"
        )
        return await self._post(path, body)

    async def _post(self, path: str, body: object) -> Seen:
        async with self.session.post(self.base + path, data=body) as reply:
            return Seen(reply.status, await reply.text(), reply.headers, reply.url.path)


async def link_for(hospital: Hospital, userid: str) -> str:
    """The path of a fresh sign-in link, as the chat gives it."""
    text = await hospital.phone(userid).says("控制台")
    found = re.search(r"/in/[A-Za-z0-9_-]+", text)
    assert found is not None, text
    return found[0]


@asynccontextmanager
async def stranger(hospital: Hospital) -> AsyncIterator[Operator]:
    """A browser that nobody signed in to."""
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as session:
        yield Operator(session, f"http://127.0.0.1:{hospital.bot.port}")


@asynccontextmanager
async def signed_in(hospital: Hospital, userid: str) -> AsyncIterator[Operator]:
    async with stranger(hospital) as operator:
        entered = await operator.sends(await link_for(hospital, userid))
        assert entered.path == "/console", entered.text
        await operator.opens("/console")
        yield operator
