"""The Stream gateway: tickets, and the socket behind them [DP protocol]."""

from __future__ import annotations

import asyncio
import secrets

from aiohttp import WSMsgType, web

from simulator.dingtalk.asks import Api, Ask, Reply
from simulator.dingtalk.errors import NewError
from simulator.dingtalk.links import Link, frame_of, send
from simulator.dingtalk.memory import Ticket, new_id
from simulator.dingtalk.service import DingTalk
from simulator.dingtalk.signin import known

TICKET_LIFETIME = 90
BIGGEST = 1 << 20


def _open(ask: Ask) -> Reply:
    if not known(ask, ask.body.get("clientId"), ask.body.get("clientSecret")):
        raise NewError(401, "authFailed")
    topics = frozenset(
        (str(row["type"]), str(row["topic"])) for row in ask.body.get("subscriptions") or ()
    )
    ask.call.summary = " ".join(sorted(topic for _, topic in topics))[:120]
    ticket = new_id()
    ask.memory.tickets[ticket] = Ticket(ask.sim.clock.unix() + TICKET_LIFETIME, topics)
    return {"endpoint": ask.base.replace("http", "ws", 1) + "/dingtalk/connect", "ticket": ticket}


APIS = (Api("POST", "v1.0/gateway/connections/open", _open, token=False, counted=False),)


async def connect(service: DingTalk, request: web.Request) -> web.StreamResponse:
    """Turn a fresh ticket into a socket and serve it to its end."""
    memory, clock = service.sim.ding, service.sim.clock
    ticket = memory.tickets.pop(request.query.get("ticket", ""), None) if memory else None
    if ticket is None or ticket.expires <= clock.unix():
        return web.Response(status=401, text="ticket is unknown, used or too old")
    ws = web.WebSocketResponse(autoping=False, autoclose=False, max_msg_size=BIGGEST)
    await ws.prepare(request)
    link = Link(
        secrets.token_hex(16), ws, request, service.org.client_id, ticket.topics, clock.now()
    )
    service.links.add(link)
    service.tasks.start(_pinging(service, link))
    service.pushes.opened(link)
    service.sim.pulse.bump()
    try:
        await _serve(service, link)
    finally:
        service.links.remove(link)
        service.sim.pulse.bump()
    return ws


async def _serve(service: DingTalk, link: Link) -> None:
    while True:
        message = await link.ws.receive()
        while link.frozen and link.alive:
            await link.thawed.wait()
        if not link.alive:
            return
        if message.type is WSMsgType.PING:
            await link.ws.pong(message.data)
        elif message.type is WSMsgType.TEXT:
            service.links.take(link, message.data)
        elif message.type is WSMsgType.CLOSE:
            await link.ws.close()
            return
        elif message.type in (WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR):
            return


async def _pinging(service: DingTalk, link: Link) -> None:
    """SYSTEM pings keep the line open; an echo is counted, silence is suffered."""
    while True:
        await asyncio.sleep(service.sim.pace.ding.ping)
        if not link.alive or link.parting:
            return
        await ping(service, link)


async def ping(service: DingTalk, link: Link) -> bool:
    """Send one SYSTEM ping; true when the client echoed its data in time."""
    opaque = f'{{"opaque":"{secrets.token_hex(8)}"}}'
    frame = frame_of("SYSTEM", "ping", secrets.token_hex(16), service.now_ms(), opaque)
    try:
        ack = await service.links.ask(link, frame, service.sim.pace.ding.patience)
    except TimeoutError:
        return False
    echoed = ack is not None and ack.code == 200 and ack.data.replace(" ", "") == opaque
    link.pongs += echoed
    return echoed


async def part(service: DingTalk, link: Link) -> None:
    """Announce the end, fall silent, and close TCP after a while."""
    link.parting = True
    data = '{"reason":"connection is expired"}'
    await send(
        link, frame_of("SYSTEM", "disconnect", secrets.token_hex(16), service.now_ms(), data)
    )
    service.tasks.start(_close_later(service, link))


async def _close_later(service: DingTalk, link: Link) -> None:
    await asyncio.sleep(service.sim.pace.ding.parting)
    link.cut()
