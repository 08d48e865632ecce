"""Who asks, when a reverse proxy stands before us: only a proxy we were told of is believed.

X-Forwarded-For is written by anybody. Read from its end, each address is vouched for by the one
after it; the first that is no proxy of ours is the visitor. So a proxy of ours has to add the
address it saw; one that hands the header on as it came vouches for whatever stands in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

Networks = Sequence[IPv4Network | IPv6Network]
HEADER = "X-Forwarded-For"


def visitor(remote: str, forwarded: Sequence[str], trusted: Networks) -> str:
    """The address that asks: `remote`, unless a proxy of ours names another."""
    listed = [part.strip() for line in forwarded for part in line.split(",")]
    asks = remote
    while listed and _trusted(asks, trusted):
        said = listed.pop()
        if not _address(said):
            break
        asks = said
    return asks


def believing(trusted: Networks) -> Middleware:
    """A middleware that makes `request.remote` the visitor's address."""

    @web.middleware
    async def believe(request: web.Request, handler: Handler) -> web.StreamResponse:
        remote = request.remote or ""
        asks = visitor(remote, request.headers.getall(HEADER, []), trusted)
        return await handler(request if asks == remote else request.clone(remote=asks))

    return believe


def _trusted(address: str, trusted: Networks) -> bool:
    return _address(address) and any(ip_address(address) in network for network in trusted)


def _address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
