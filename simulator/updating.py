"""message/update_template_card: one change per response code, for some or all receivers."""

from __future__ import annotations

from typing import Any

from simulator import advice, cards
from simulator.asks import Ask, Reply
from simulator.errors import WeComError
from simulator.sent import ResponseCode, Sent

MOST_USERS = 1000
MOST_GROUPS = 100


def update(ask: Ask) -> Reply:
    ask.check_agent()
    code = _code(ask)
    card, replace_text = _change(ask, code.sent)
    targets, invalid = _targets(ask, code.sent)
    if not targets:
        raise WeComError(82101)
    code.used = True
    for userid in sorted(targets):
        item = code.sent.items.get(userid)
        if item is not None:
            ask.sim.phones.change(item, card, replace_text)
    ask.call.who = "|".join(sorted(targets))[:200]
    return {"invaliduser": invalid}


def keep_task(card: dict[str, Any], task_id: str) -> dict[str, Any]:
    """An update keeps the task of the first card as its reference."""
    return {**card, "task_id": task_id} if task_id else card


def _code(ask: Ask) -> ResponseCode:
    code = ask.sim.outbox.code(ask.body.get("response_code"))
    if code.sent.agentid != ask.app.agentid:
        raise WeComError(42015)
    return code


def _change(ask: Ask, sent: Sent) -> tuple[dict[str, Any] | None, str]:
    raw = ask.body.get("template_card")
    if raw is not None:
        card = keep_task(cards.check(raw, update=True), sent.task_id)
        ask.call.advice = advice.of_card(card)
        ask.call.summary = f"card: {(card.get('main_title') or {}).get('title', '')}"[:60]
        return card, str(card.get("replace_text") or "")
    button = ask.body.get("button")
    if not isinstance(button, dict):
        raise WeComError(40063, "button or template_card is needed")
    name = button.get("replace_name")
    if not isinstance(name, str) or not name or sent.card_type not in cards.INTERACTIVE:
        raise WeComError(42018)
    ask.call.summary = f"button: {name}"[:60]
    return None, name


def _targets(ask: Ask, sent: Sent) -> tuple[set[str], list[str]]:
    userids, parties, tags = (ask.body.get(n) or [] for n in ("userids", "partyids", "tagids"))
    if len(userids) > MOST_USERS or max(len(parties), len(tags)) > MOST_GROUPS:
        raise WeComError(82102)
    if ask.body.get("atall"):
        return set(sent.receivers), []
    known = {userid.lower(): userid for userid in sent.receivers}
    targets = {known[u.lower()] for u in userids if u.lower() in known}
    for userid in sent.receivers:
        member = ask.sim.world.member(userid)
        if member and (
            _in_parties(ask, member.departments, parties) or set(member.tags) & {*tags}
        ):
            targets.add(userid)
    return targets, [u.lower() for u in userids if u.lower() not in known]


def _in_parties(ask: Ask, departments: list[int], parties: list[int]) -> bool:
    return any(ask.sim.world.subtree(p) & set(departments) for p in parties)
