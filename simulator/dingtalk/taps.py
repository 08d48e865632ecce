"""Taps on cards, action cards and links, and what the bot's answer does to the card."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote_plus, urlsplit

import orjson

from simulator import neutral
from simulator.callbacks import Outcome
from simulator.dingtalk import cards, markdown
from simulator.dingtalk.cards import Card
from simulator.dingtalk.cards_api import params_of
from simulator.dingtalk.errors import NewError
from simulator.dingtalk.org import Person
from simulator.dingtalk.parcels import Push, Verdict
from simulator.dingtalk.service import DingTalk
from simulator.owners import Body, Owner, outcome_view
from simulator.phones import Item
from simulator.refusals import CannotTap

if TYPE_CHECKING:
    from simulator.dingtalk.phones import DingTalkPhones

TOPIC = "/v1.0/card/instances/callback"
DTMD = "dtmd://dingtalkclient/sendMessage?content="
SIDE_PANEL = "dingtalk://dingtalkclient/page/link?"


async def tap(
    service: DingTalk, phones: DingTalkPhones, owner: Owner, item: Item, body: Body
) -> dict[str, Any]:
    """Press what the message offers; `as` lets somebody else press a forwarded card."""
    who = phones.actor(owner, dict(body) | {"force": True})
    if item.state == "recalled" and not body.get("force"):
        raise CannotTap(409, "the message is recalled", 'send "force": true to tap it anyway')
    button = _find(item, body)
    phones.read(owner, {"as": who.userid})
    if button.get("url"):
        outcome, url = await _follow(phones, owner, who, str(button["url"]))
        return outcome_view(outcome) | {"key": "", "url": url}
    card = next((c for c in service.memory.cards.values() if item in c.items.values()), None)
    if card is None:
        raise CannotTap(400, "this message has no buttons")
    outcome = await _press(service, card, who, button, body.get("selected"))
    return outcome_view(outcome) | {"key": button["key"], "url": ""}


def _find(item: Item, body: Body) -> dict[str, Any]:
    wanted = body.get("button", 0)
    card = item.body if item.kind == "card" else _as_card(item)
    old = item.first or card
    offers = _offers(card)
    if card["closed"]:
        if not body.get("force"):
            raise CannotTap(409, "the card is closed", 'send "force": true to tap it anyway')
        offers += _offers(old)
    found = _pick(offers, wanted)
    if found is None and body.get("force"):
        found = _pick(_offers(old), wanted)
    if found is None:
        names = "、".join(str(o["text"]) for o in offers)
        raise CannotTap(404, f"no button {wanted!r}", f"buttons: {names}")
    return found | {"selects": card["selects"] or old["selects"]}


def _as_card(item: Item) -> dict[str, Any]:
    """The links of a markdown message can be tapped like buttons."""
    links = markdown.links(str(item.body.get("raw", item.body.get("content", ""))))
    rows = [{"key": "", "text": words, "url": url} for words, url in links]
    return neutral.blank(item.kind) | {"buttons": rows}


def _offers(card: dict[str, Any]) -> list[dict[str, Any]]:
    jumps = [{"key": "", "text": j["title"], "url": j["url"]} for j in card["jumps"]]
    return [*card["buttons"], *jumps]


def _pick(offers: list[dict[str, Any]], wanted: object) -> dict[str, Any] | None:
    for name in ("key", "text"):
        found = next((o for o in offers if wanted and o[name] == wanted), None)
        if found:
            return found
    number = int(str(wanted)) if str(wanted).isdecimal() else len(offers)
    return offers[number] if number < len(offers) else None


async def _follow(
    phones: DingTalkPhones, owner: Owner, who: Person, url: str
) -> tuple[Outcome, str]:
    """Open an address, or let the tapper say what a dtmd link holds [hermes-agent#92254]."""
    if url.startswith(DTMD):
        words = url.removeprefix(DTMD)
        encoded = words.isascii() and not set(words) & set(" \n&#")
        said = unquote_plus(words).strip()
        if encoded and said:
            return await phones.say(owner, said, {"as": who.userid}), url
    if url.startswith(SIDE_PANEL):
        url = parse_qs(urlsplit(url).query).get("url", [""])[0]
    if url.startswith(("http://", "https://")):
        return Outcome("link"), url
    return Outcome("dead_link", problem="the client does nothing at all on this address"), url


async def _press(
    service: DingTalk, card: Card, who: Person, button: dict[str, Any], selected: object
) -> Outcome:
    if card.callback_type not in ("STREAM", "HTTP"):
        problem = f"the card's callbackType is {card.callback_type!r}: taps go nowhere"
        return Outcome("unheard", problem=problem)
    if card.callback_type == "HTTP" and card.route not in service.memory.routes:
        return Outcome("unheard", problem=f"no callback is registered for {card.route!r}")
    params = {"action": button["key"]} | _answers(button["selects"], selected)
    content = {"cardPrivateData": {"actionIds": [button["key"]], "params": params}}
    data = {
        "type": "actionCallback",
        "outTrackId": card.out_track_id,
        "corpId": service.org.corpid,
        "userId": card.id_of(service.org, who.userid),
        "spaceType": "IM",
        "spaceId": "",
        "extension": "{}",
        "content": orjson.dumps(content).decode(),
    }
    route = card.route if card.callback_type == "HTTP" else ""
    push = Push(
        "card", "card_callback", "CALLBACK", TOPIC, who.userid, data,
        summary=str(button["key"]), route=route,
    )  # fmt: skip
    verdict = await service.pushes.deliver(push)
    _apply(service, card, who, verdict)
    return verdict.outcome


def _apply(service: DingTalk, card: Card, who: Person, verdict: Verdict) -> None:
    """Redraw the card as the answer says: public data for all, private for the tapper."""
    answer, most = verdict.answer, service.org.card_value_bytes
    if not answer:
        return
    try:
        public = params_of(answer.get("cardData"), most)
        private = params_of(answer.get("userPrivateData"), most)
    except NewError as problem:
        verdict.outcome.problem = f"the answer was refused: {problem.message}"
        return
    if public is None and private is None:
        return
    options = answer.get("cardUpdateOptions")
    own = {who.userid: private} if private is not None else {}
    cards.change(card, public, own, options if isinstance(options, dict) else {})
    cards.redraw(service.sim.phones, card)
    shown = card.seen_by(who.userid)
    verdict.outcome.reply = "\n".join(line for line in neutral.lines(shown) if line)


def _answers(selects: list[dict[str, Any]], selected: object) -> dict[str, str]:
    """One option id a question, or several joined by commas where many are allowed."""
    answers = {s["question_key"]: s["selected_id"] for s in selects}
    if selected is None:
        return {k: v for k, v in answers.items() if v}
    if not isinstance(selected, dict):
        if len(selects) != 1:
            raise CannotTap(400, "name the question", f"questions: {list(answers)}")
        selected = {selects[0]["question_key"]: selected}
    for key, ids in selected.items():
        question = next((s for s in selects if s["question_key"] == key), None)
        chosen = [str(i) for i in (ids if isinstance(ids, list) else [ids])]
        known = {o["id"] for o in question["options"]} if question else set()
        if question is None or not set(chosen) <= known:
            raise CannotTap(400, f"no such choice: {key}: {chosen}", f"choices: {sorted(known)}")
        if len(chosen) > 1 and not question["multiple"]:
            raise CannotTap(400, "only one choice is allowed")
        answers[key] = ",".join(chosen)
    return answers
