"""A link that somebody taps on a phone: into a WeChat chat, or to a page."""

from __future__ import annotations

from aiohttp import web

from simulator.control import KF_HANDS, SIM, answer, phone_of, read_body
from simulator.kf.api import LINK
from simulator.kf.phones import PREFIX
from simulator.outsiders import owner_of
from simulator.owners import Owner, outcome_view
from simulator.refusals import Refused
from simulator.state import Simulator

routes = web.RouteTableDef()


@routes.post("/sim/phones/{id}/follow")
async def follow(request: web.Request) -> web.Response:
    """{"url"}: an entry link opens the chat in the same person's WeChat; others are for a browser.

    Answers an outcome with `url`, and `phone`, the WeChat that it opened in.
    """
    (_, owner), body = phone_of(request), await read_body(request)
    url = body.get("url")
    if not isinstance(url, str) or not url.startswith(("http://", "https://")):
        raise Refused(400, "url must be a link", "one that stands in a message")
    if not url.startswith(LINK):
        return answer({"status": "link", "url": url, "phone": ""})
    phone = _wechat(request.app[SIM], owner)
    outcome = await request.app[KF_HANDS].enter(phone.removeprefix(PREFIX), url)
    return answer(outcome_view(outcome) | {"url": url, "phone": phone})


def _wechat(sim: Simulator, owner: Owner) -> str:
    if owner.platform == "wechat":
        return owner.id
    person, kf = owner_of(sim.world.people, owner.id), sim.world.kf
    customers = {PREFIX + external for external in kf.customers} if kf else set()
    found = next((p for p in person.phones if p in customers), None) if person else None
    if found is None:
        raise Refused(409, "nobody's WeChat belongs to this phone", 'see "people" of the hospital')
    return found
