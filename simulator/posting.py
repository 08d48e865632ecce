"""HTTP from the platform to the bot: one request, one word for how it went."""

from __future__ import annotations

import aiohttp


class Postman:
    """Shares one session; redirects are not followed, as on the real platforms."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        if self._session:
            await self._session.close()

    async def bring(
        self,
        method: str,
        url: str,
        query: dict[str, str],
        body: bytes,
        headers: dict[str, str],
        seconds: float,
    ) -> tuple[str, bytes]:
        """Status (ok, http_NNN, timeout, unreachable) and the body of the answer."""
        if self._session is None:
            self._session = aiohttp.ClientSession()
        try:
            async with self._session.request(
                method,
                url,
                params=query,
                data=body or None,
                headers=headers,
                timeout=aiohttp.ClientTimeout(total=seconds),
                allow_redirects=False,
            ) as response:
                answer = await response.read()
                return ("ok" if response.status == 200 else f"http_{response.status}"), answer
        except TimeoutError:
            return "timeout", b""
        except aiohttp.ClientError:
            return "unreachable", b""
