"""Control API of customer service: strangers, taking back, servicers, the shape of pages."""

from __future__ import annotations

from aiohttp import web

from simulator.control import KF_HANDS, SIM, answer, phone_of, read_body
from simulator.kf.memory import HUMAN
from simulator.kf.phones import PREFIX
from simulator.kf.settings import Kf, customer_from
from simulator.kf.windows import windows
from simulator.owners import outcome_view
from simulator.refusals import Refused

routes = web.RouteTableDef()


@routes.post("/sim/kf/customers")
async def add_customer(request: web.Request) -> web.Response:
    """{"external_userid", "nickname"}: somebody new with a WeChat."""
    kf, body = _kf(request), await read_body(request)
    try:
        customer = customer_from(body)
    except (KeyError, ValueError) as problem:
        raise Refused(400, str(problem), "external_userid (wm…) and nickname") from None
    kf.customers[customer.external_userid] = customer
    request.app[SIM].pulse.bump()
    return answer({"id": PREFIX + customer.external_userid})


@routes.post("/sim/phones/{id}/recall")
async def recall(request: web.Request) -> web.Response:
    """{"seq"}: take back one's own words."""
    (_, owner), body = phone_of(request), await read_body(request)
    if owner.platform != "wechat":
        raise Refused(400, "only words said in WeChat can be taken back here")
    seq = body.get("seq")
    item = request.app[SIM].phones.of(owner.id).find(seq) if isinstance(seq, int) else None
    if item is None:
        raise Refused(404, f"no message {seq} in this phone")
    return answer(outcome_view(await request.app[KF_HANDS].recall(owner.key, item)))


@routes.get("/sim/phones/{id}/windows")
async def show_windows(request: web.Request) -> web.Response:
    """How long and how often the hospital may still write, for each account."""
    _, owner = phone_of(request)
    if owner.platform != "wechat":
        return answer([])
    return answer(windows(request.app[SIM], owner.key))


@routes.post("/sim/kf/sessions")
async def serve(request: web.Request) -> web.Response:
    """{"open_kfid", "external_userid", "state", "servicer"?}: as a servicer would in WeCom."""
    kf, body = _kf(request), await read_body(request)
    account = kf.accounts.get(str(body.get("open_kfid")))
    customer = kf.customers.get(str(body.get("external_userid")))
    state, servicer = body.get("state"), str(body.get("servicer") or "")
    if account is None or customer is None or not isinstance(state, int) or state not in range(5):
        raise Refused(400, "open_kfid, external_userid and a state from 0 to 4 are needed")
    if state == HUMAN and request.app[SIM].world.member(servicer) is None:
        raise Refused(400, "servicer must be the userid of a member")
    hands = request.app[KF_HANDS]
    outcome = await hands.serve(customer.external_userid, account, state, servicer)
    return answer(outcome_view(outcome))


@routes.post("/sim/kf/pages")
async def pages(request: web.Request) -> web.Response:
    """{"most": 2, "empties": 1}: at most two entries a page; the next page is empty, with more."""
    memory, body = request.app[SIM].kf, await read_body(request)
    most, empties = body.get("most", memory.most), body.get("empties", 0)
    if not isinstance(most, int) or not isinstance(empties, int) or most < 1 or empties < 0:
        raise Refused(400, "most and empties must be whole numbers")
    memory.most, memory.empties = most, empties
    return answer({"most": most, "empties": empties})


def _kf(request: web.Request) -> Kf:
    kf = request.app[SIM].world.kf
    if kf is None:
        raise Refused(404, "no customer service", 'the hospital needs "kf"')
    return kf
