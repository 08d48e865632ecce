"""message/send and message/recall."""

from __future__ import annotations

from typing import Any

from simulator import advice, cards, messages
from simulator.asks import Ask, Reply
from simulator.errors import WeComError
from simulator.hospital import Member
from simulator.receivers import Receivers, resolve
from simulator.render import flat_body
from simulator.sent import Sent

DEFAULT_INTERVAL = 1800
LONGEST_INTERVAL = 14_400


def send(ask: Ask) -> Reply:
    """Check as the platform does, then deliver to everyone reached."""
    kind, content = messages.check(ask.body, ask.sim.media)
    ask.check_agent()
    _describe(ask, kind, content)
    card = content if kind == "template_card" else None
    if card and cards.needs_callback(card) and ask.app.callback is None:
        raise WeComError(43012)
    repeated = _repeated(ask)
    if repeated is not None:
        ask.sim.counters["duplicates_suppressed"] += 1
        ask.call.duplicate = True
        return repeated
    reply = _accept(ask, kind, content, resolve(ask))
    if ask.body.get("enable_duplicate_check"):
        ask.sim.outbox.remember(ask.app.agentid, ask.raw, _interval(ask), reply)
    return reply


def recall(ask: Ask) -> Reply:
    sent = ask.sim.outbox.find(str(ask.body.get("msgid") or ""))
    if sent is None or sent.agentid != ask.app.agentid:
        raise WeComError(40058, "invalid parameter: msgid")
    if not ask.sim.outbox.may_recall(sent):
        raise WeComError(42052)
    for item in sent.items.values():
        ask.sim.phones.recall(item)
    ask.call.who = "|".join(sorted(sent.items))[:200]
    return {}


def _repeated(ask: Ask) -> Reply | None:
    if not ask.body.get("enable_duplicate_check"):
        return None
    return ask.sim.outbox.repeated(ask.app.agentid, ask.raw)


def _interval(ask: Ask) -> int:
    asked = ask.body.get("duplicate_check_interval")
    return min(asked, LONGEST_INTERVAL) if isinstance(asked, int) else DEFAULT_INTERVAL


def _accept(ask: Ask, kind: str, content: dict[str, Any], found: Receivers) -> Reply:
    sim = ask.sim
    sim.limits.spend(ask.app, len(found.members), len(sim.world.members))
    card = content if kind == "template_card" else None
    sent = sim.outbox.open(ask.app.agentid, kind, card)
    sim.counters["sends"] += 1
    for member in found.members.values():
        _deliver(ask, sent, member, content)
    ask.call.dropped = len(found.members) - len(sent.items)
    reply: Reply = {
        "invaliduser": "|".join(found.unknown),
        "invalidparty": "|".join(found.parties),
        "invalidtag": "|".join(found.tags),
        "unlicenseduser": "|".join(found.unlicensed),
        "msgid": sent.msgid,
    }
    if card and cards.needs_callback(card):
        reply["response_code"] = sim.outbox.issue(sent)
    return reply


def _deliver(ask: Ask, sent: Sent, member: Member, content: dict[str, Any]) -> None:
    sim = ask.sim
    sent.receivers.add(member.userid)
    swallowed = sim.faults.take(("member_silent_drop",), "message/send", member.userid)
    if swallowed:
        sim.limits.dropped[member.userid] += 1
        return
    if sim.limits.admit(ask.app, member.userid):
        sent.items[member.userid] = sim.phones.receive(
            member.userid, sent.kind, sent.agentid, content, sent.msgid
        )


def _describe(ask: Ask, kind: str, content: dict[str, Any]) -> None:
    everyone = (ask.body.get(name) for name in ("touser", "toparty", "totag"))
    ask.call.who = " ".join(str(part) for part in everyone if part)[:200]
    first_line = flat_body(kind, content).partition("\n")[0]
    ask.call.summary = f"{kind}: {first_line[:60]}"
    if kind == "template_card":
        ask.call.advice = advice.of_card(content)
