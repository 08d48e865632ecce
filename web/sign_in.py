"""In and out. Looking at a link spends nothing: chats and scanners open links on their own."""

from __future__ import annotations

import re

from aiohttp import web

from models.clock import Clock
from services import audit
from services.sign_in import SESSION_LIFE
from web.door import COOKIE, Door, Handler
from web.visit import Console, Visit, masked

_TOKEN = re.compile(r"[A-Za-z0-9_-]{20,128}")
# What a browser says of a form on our own page. Origin tells nothing: pages send no referrer.
_OURS = "same-origin"
_NUMBER = re.compile(r"[0-9]{1,18}")


def offer(door: Door) -> Handler:
    """`GET /in/{token}`: one button."""

    async def page(request: web.Request) -> web.Response:
        token = request.match_info["token"]
        name = await door.console.sign_in.whose(token) if _TOKEN.fullmatch(token) else None
        if name is None:
            return door.open_page("link_spent.html", 410)
        roster = _roster(request)
        query = f"?roster={roster}" if roster else ""
        return door.open_page("sign_in.html", link=f"/in/{token}{query}", name=masked(name))

    return page


def enter(door: Door) -> Handler:
    """`POST /in/{token}`: spends the link; `?roster=` leads on to that roster's preview."""

    async def page(request: web.Request) -> web.Response:
        if request.headers.get("Sec-Fetch-Site", _OURS) != _OURS:
            # Another site would have its reader work in somebody else's name: ask first.
            raise web.HTTPSeeOther(request.path_qs)
        session = await door.console.sign_in.open_session(request.match_info["token"])
        if session is None:
            return door.open_page("link_spent.html", 410)
        roster = _roster(request)
        place = f"/console/rosters/{roster}" if roster else "/console"
        answer = web.Response(status=303, headers={"Location": place})
        answer.set_cookie(
            COOKIE,
            session,
            max_age=int(SESSION_LIFE.total_seconds()),
            path="/",
            httponly=True,
            samesite="Strict",
            secure=_secure(door.console),
        )
        return answer

    return page


async def leave(visit: Visit) -> web.Response:
    """`POST /console/sign-out`."""
    await visit.console.sign_in.close_session(visit.request.cookies[COOKIE])
    await _note(visit, visit.console.clock)
    answer = web.Response(status=303, headers={"Location": "/console"})
    answer.del_cookie(
        COOKIE, path="/", httponly=True, samesite="Strict", secure=_secure(visit.console)
    )
    return answer


async def _note(visit: Visit, clock: Clock) -> None:
    actor = visit.actor
    await audit.record(clock.now(), actor, "sign_in.closed", f"persons:{actor.person_id}")


def _roster(request: web.Request) -> str:
    """A number or nothing: a link leads to no place but our own."""
    wanted = request.query.get("roster", "")
    return wanted if _NUMBER.fullmatch(wanted) else ""


def _secure(console: Console) -> bool:
    return console.hospital.public_url.startswith("https://")
