"""createAndDeliver, update, and the registration of HTTP callbacks [S0783, S0782, S0786]."""

from __future__ import annotations

from typing import Any

from simulator.dingtalk import cards
from simulator.dingtalk.asks import Api, Ask, Reply
from simulator.dingtalk.cards import Card, Params
from simulator.dingtalk.errors import NewError
from simulator.dingtalk.memory import CardRoute
from simulator.dingtalk.org import Template
from simulator.dingtalk.places import GROUP, PERSON, ROBOT
from simulator.dingtalk.robot import open_message

SCOPE = "Card.Instance.Write"
KEY_BYTES = 100
PREFIX = "dtv1.card//"


def _create(ask: Ask) -> Reply:
    track = ask.text("outTrackId", NewError(400, "param.outTrackIdEmpty"))
    template = _template(ask)
    spaces = _spaces(ask)
    public = _params(ask, ask.body.get("cardData"))
    private = _private(ask)
    if track in ask.memory.cards:
        raise NewError(400, "param.cardAlreadyExist", f"outTrackId {track} is taken")
    card = Card(
        track, template,
        str(ask.body.get("callbackType") or ""), str(ask.body.get("callbackRouteKey") or ""),
        ask.body.get("userIdType") == 2, public or {}, private,
    )  # fmt: skip
    ask.memory.cards[track] = card
    results = [_deliver(ask, card, kind, key) for kind, key in spaces]
    ask.call.who = ",".join(key for _, key in spaces)[:200]
    ask.call.summary = f"card: {card.public.get('title', '')[:60]}"
    return {"success": True, "result": {"outTrackId": track, "deliverResults": results}}


def _template(ask: Ask) -> Template:
    name = ask.text("cardTemplateId", NewError(400, "param.empty", "cardTemplateId is empty"))
    template = ask.org.templates.get(name)
    if template is None:
        raise NewError(400, "param.templateNotExist", f"template {name[:80]} is not known")
    if not template.published:
        raise NewError(400, "param.templateUnpublished")
    return template


def _spaces(ask: Ask) -> list[tuple[str, str]]:
    """Read "dtv1.card//IM_ROBOT.a;IM_GROUP.b"; each kind needs its deliver model."""
    raw = ask.body.get("openSpaceId")
    wrong = NewError(400, "param.openSpaceIdInvalid", f"openSpaceId must begin with {PREFIX}")
    if not isinstance(raw, str) or not raw.startswith(PREFIX):
        raise wrong
    spaces = []
    for part in raw.removeprefix(PREFIX).split(";"):
        kind, _, key = part.strip().partition(".")
        if kind not in _MODELS or not key:
            raise wrong
        model = ask.body.get(_MODELS[kind])
        if not isinstance(model, dict) or not model:
            raise NewError(400, "param.openDeliverModelEmpty", f"{_MODELS[kind]} is empty")
        if model.get("robotCode", ask.org.robot_code) != ask.org.robot_code:
            raise NewError(400, "param.robotCodeInvalid", "robotCode is not known")
        spaces.append((kind, key))
    return spaces


def _deliver(ask: Ask, card: Card, kind: str, key: str) -> dict[str, Any]:
    problem = _obstacle(ask, kind, key)
    result = {"spaceType": kind, "spaceId": key, "success": not problem}
    if problem:
        return result | {"errorMsg": problem}
    sent = open_message(ask, key if kind == "IM_GROUP" else "")
    phone = GROUP + key if kind == "IM_GROUP" else PERSON + _userid(ask, key)
    if ask.sim.faults.take(("member_silent_drop",), ask.api.name, key):
        ask.call.dropped += 1
    else:
        item = ask.sim.phones.receive(
            phone,
            "card",
            ROBOT,
            card.seen_by(phone.removeprefix(PERSON)),
            sent.key,
            ask.org.robot_name,
        )
        card.items[phone] = sent.items[phone] = item
    return result | {"carrierId": sent.key, "errorMsg": ""}


def _obstacle(ask: Ask, kind: str, key: str) -> str:
    if ask.sim.faults.take(("invalid_user",), ask.api.name, key):
        return "user is not valid"
    if kind == "IM_GROUP":
        group = ask.org.groups.get(key)
        return "" if group and group.robot else "the robot is not a member of the group"
    who = ask.org.person(_userid(ask, key))
    return "" if who and who.reachable else "user does not exist or is out of sight"


def _userid(ask: Ask, key: str) -> str:
    """With userIdType 2 people are named by their unionid."""
    who = ask.org.by_union(key) if ask.body.get("userIdType") == 2 else None
    return who.userid if who else key


def _update(ask: Ask) -> Reply:
    track = ask.text("outTrackId", NewError(400, "param.outTrackIdEmpty"))
    card = ask.memory.cards.get(track)
    if card is None:
        raise NewError(400, "param.cardNotExist", f"outTrackId {track} is not known")
    options = ask.body.get("cardUpdateOptions") or {}
    cards.change(card, _params(ask, ask.body.get("cardData")), _private(ask), options)
    cards.redraw(ask.sim.phones, card)
    ask.call.who = ",".join(card.items)[:200]
    ask.call.summary = f"card: {card.public.get('title', '')[:60]}"
    return {"success": True, "result": True}


def _private(ask: Ask) -> dict[str, Params]:
    raw = ask.body.get("privateData") or {}
    by_union = ask.body.get("userIdType") == 2
    found = {}
    for user, data in raw.items():
        who = ask.org.by_union(user) if by_union else ask.org.person(user)
        if who is None:
            raise NewError(400, "param.userIdNotExist", f"privateData of unknown user {user}")
        found[who.userid] = _params(ask, data) or {}
    return found


def _params(ask: Ask, raw: object) -> Params | None:
    return params_of(raw, ask.org.card_value_bytes)


def params_of(raw: object, most: int) -> Params | None:
    """Read {"cardParamMap": {...}}: only strings, or None when it is absent [S0789]."""
    if raw is None:
        return None
    params = raw.get("cardParamMap") if isinstance(raw, dict) else raw
    if params is None:
        return None
    if not isinstance(params, dict):
        raise NewError(400, "param.error", "cardParamMap must be an object")
    for key, value in params.items():
        if not isinstance(value, str):
            raise NewError(400, "param.error", f"cardParamMap.{key[:40]} must be a string")
        if len(key.encode()) > KEY_BYTES:
            raise NewError(400, "param.error", f"a key has more than {KEY_BYTES} bytes")
        if len(value.encode()) > most:
            raise NewError(400, "param.error", f"cardParamMap.{key[:40]} exceeds {most} bytes")
    return params


def _register(ask: Ask) -> Reply:
    key = ask.text("callbackRouteKey", NewError(400, "param.empty", "callbackRouteKey is empty"))
    url = ask.text("callbackUrl", NewError(400, "param.empty", "callbackUrl is empty"))
    secret = str(ask.body.get("apiSecret") or "")
    known = ask.memory.routes.get(key)
    if known and known.url != url and not ask.body.get("forceUpdate"):
        raise NewError(400, "param.callbackRouteKeyExist", "forceUpdate replaces it")
    ask.memory.routes[key] = CardRoute(url, secret)
    ask.call.summary = f"{key[:40]} {url[:80]}"
    return {"success": True, "result": {"callbackUrl": url, "apiSecret": secret}}


_MODELS = {"IM_ROBOT": "imRobotOpenDeliverModel", "IM_GROUP": "imGroupOpenDeliverModel"}
APIS = (
    Api("POST", "v1.0/card/instances/createAndDeliver", _create, scope=SCOPE),
    Api("PUT", "v1.0/card/instances", _update, scope=SCOPE),
    Api("POST", "v1.0/card/callbacks/register", _register, scope="Card.Instance.Write"),
)
