"""Control API of the servicers' client: one's chats, and what one does with them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from simulator.callbacks import Outcome
from simulator.control import KF_HANDS, SIM, answer, read_body
from simulator.kf.servicing import Servicing
from simulator.kf.settings import KfAccount, KfCustomer
from simulator.owners import TEXT_LIMIT, Body, outcome_view
from simulator.refusals import Refused

routes = web.RouteTableDef()
Act = Callable[[Servicing, KfAccount, KfCustomer, Body], Awaitable[Outcome]]


@routes.get("/sim/kf/desk/{userid}")
async def desk(request: web.Request) -> web.Response:
    """{"accounts", "resting", "chats"}: empty for whoever is no servicer."""
    mine = _servicing(request)
    accounts = [{"open_kfid": a.open_kfid, "name": a.name} for a in mine.accounts()]
    return answer({"accounts": accounts, "resting": mine.resting(), "chats": mine.chats()})


@routes.post("/sim/kf/desk/{userid}/rest")
async def rest(request: web.Request) -> web.Response:
    """{"resting": true}: stop receiving, or begin again."""
    mine, body = _servicing(request), await read_body(request)
    mine.rest(resting=body.get("resting") is True)
    return answer({"resting": mine.resting()})


@routes.post("/sim/kf/desk/{userid}/{act:take|say|end|pass}")
async def act(request: web.Request) -> web.Response:
    """{"open_kfid", "external_userid", "text"? (say), "to"? (pass)}."""
    mine, body = _servicing(request), await read_body(request)
    kf = request.app[SIM].world.kf
    account = kf.accounts.get(str(body.get("open_kfid"))) if kf else None
    customer = kf.customers.get(str(body.get("external_userid"))) if kf else None
    if account is None or customer is None:
        raise Refused(400, "open_kfid and external_userid are needed")
    return answer(
        outcome_view(await _ACTS[request.match_info["act"]](mine, account, customer, body))
    )


def _servicing(request: web.Request) -> Servicing:
    userid = request.match_info["userid"]
    if request.app[SIM].world.member(userid) is None:
        raise Refused(404, f"no member {userid!r}")
    return Servicing(request.app[SIM], request.app[KF_HANDS], userid)


async def _take(s: Servicing, account: KfAccount, customer: KfCustomer, _: Body) -> Outcome:
    return await s.take(account, customer)


async def _say(s: Servicing, account: KfAccount, customer: KfCustomer, body: Body) -> Outcome:
    text = body.get("text")
    if not isinstance(text, str) or not text.strip() or len(text) > TEXT_LIMIT:
        raise Refused(400, f"text must have 1 to {TEXT_LIMIT} characters")
    return await s.say(account, customer, text)


async def _end(s: Servicing, account: KfAccount, customer: KfCustomer, _: Body) -> Outcome:
    return await s.end(account, customer)


async def _pass(s: Servicing, account: KfAccount, customer: KfCustomer, body: Body) -> Outcome:
    return await s.hand_on(account, customer, str(body.get("to") or ""))


_ACTS: dict[str, Act] = {"take": _take, "say": _say, "end": _end, "pass": _pass}
