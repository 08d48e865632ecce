"""A file behind an address that a platform gave us: whole, bounded, and never in the clear."""

from __future__ import annotations

from collections.abc import Callable

import aiohttp
from yarl import URL

from bot.channels import Failure, SendFailed
from bot.platforms.exchange import Exchanges
from services.refusals import Refusal

_GONE = frozenset({403, 404, 410})  # such addresses are signed for a few minutes


class Downloads:
    """`clear` is an http address for trials, whose host alone may be asked without encryption."""

    def __init__(
        self, session: aiohttp.ClientSession, cure: Callable[[str], str], clear: str = ""
    ) -> None:
        self._exchanges = Exchanges(session, cure)
        self._clear = URL(clear) if clear.startswith(("http://", "ws://")) else None

    async def get(self, address: str, most: int) -> bytes:
        """Raises SendFailed, TooLarge, and Refusal("photo_gone") when it has run out."""
        answer = await self._exchanges.exchange("GET", self._url(address), most=most, file=True)
        if answer.status in _GONE:
            raise Refusal("photo_gone")
        if answer.status != 200:
            raise self._exchanges.unreadable(answer, delivers=False)
        return answer.body

    def _url(self, address: str) -> URL:
        """As it was signed, letter by letter, apart from its scheme."""
        try:
            url = URL(address, encoded=True)
            port = url.port
        except ValueError:
            raise _unfit() from None
        if url.scheme not in ("http", "https") or not url.host or url.user or url.password:
            raise _unfit()
        if self._clear and (url.host, port) == (self._clear.host, self._clear.port):
            return url
        if url.scheme == "https":
            return url
        return URL(f"https{address[4:]}", encoded=True)


def _unfit() -> SendFailed:
    return SendFailed(Failure.REQUEST, reason="the platform gave no usable address")
