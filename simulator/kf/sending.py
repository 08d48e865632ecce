"""kf/send_msg and kf/send_msg_on_event: the window, the five messages, and what fails later."""

from __future__ import annotations

import re
import secrets
from typing import Any

from simulator.asks import Ask, Reply
from simulator.errors import WeComError
from simulator.kf import messages
from simulator.kf.api import account_of, customer_of, settings
from simulator.kf.memory import ENDED, HUMAN, MOST_SENT, WAITING, WINDOW, Account, Session
from simulator.kf.settings import KfAccount
from simulator.render import flat_body

_MSGID = re.compile(r"[0-9a-zA-Z_-]{1,32}")
WELCOME_ENTRIES = 10


def send_msg(ask: Ask) -> Reply:
    account, customer = account_of(ask), customer_of(ask, "touser")
    kind, content = messages.check(ask.body, ask.sim.media)
    memory = ask.sim.kf.account(account.open_kfid)
    msgid = _msgid(ask, memory)
    session = memory.session(customer.external_userid)
    _window(ask, session)
    memory.msgids.add(msgid)
    session.sent += 1
    _bring(ask, account, customer.external_userid, kind, content, msgid)
    return {"msgid": msgid}


def send_msg_on_event(ask: Ask) -> Reply:
    """The answer to one event by its code, outside the window and the five."""
    kf, code = settings(ask), str(ask.body.get("code") or "")
    found = ask.sim.kf.codes.get(code)
    if found is None or found.until < ask.sim.clock.now():
        raise WeComError(40058, "invalid parameter: code")
    ask.call.who = found.external_userid
    if str(ask.body.get("msgtype")) not in found.kinds:
        raise WeComError(40008)
    kind, content = messages.check(ask.body, ask.sim.media, entries=WELCOME_ENTRIES)
    memory = ask.sim.kf.account(found.open_kfid)
    msgid = _msgid(ask, memory)
    memory.msgids.add(msgid)
    del ask.sim.kf.codes[code]
    if found.welcome:
        memory.session(found.external_userid).welcomed_at = ask.sim.clock.now()
    _bring(ask, kf.accounts[found.open_kfid], found.external_userid, kind, content, msgid)
    return {"msgid": msgid}


def _msgid(ask: Ask, memory: Account) -> str:
    if "msgid" not in ask.body:
        return secrets.token_urlsafe(18)
    msgid = ask.body["msgid"]
    if not isinstance(msgid, str) or not _MSGID.fullmatch(msgid):
        raise WeComError(40058, "invalid parameter: msgid")
    if msgid in memory.msgids:
        raise WeComError(95033)
    return msgid


def _window(ask: Ask, session: Session) -> None:
    if session.said_at is None or session.state in (WAITING, HUMAN):
        raise WeComError(95018)
    if session.state == ENDED:
        raise WeComError(95013)
    if ask.sim.clock.now() > session.said_at + WINDOW:
        raise WeComError(95002)
    if session.sent >= MOST_SENT:
        raise WeComError(95001)


def _bring(
    ask: Ask, account: KfAccount, who: str, kind: str, content: dict[str, Any], msgid: str
) -> None:
    sim = ask.sim
    ask.call.summary = f"{kind}: {flat_body(kind, content).partition(chr(10))[0][:60]}"
    sim.counters["sends"] += 1
    failing = sim.faults.take(("msg_send_fail",), ask.call.api, who)
    if failing:
        more = {"fail_msgid": msgid, "fail_type": failing[0].fail_type}
        sim.kf.event(account.open_kfid, who, "msg_send_fail", **more)
        sim.kf.ring(account.open_kfid)
        return
    if sim.faults.take(("member_silent_drop",), ask.call.api, who):
        sim.limits.dropped[who] += 1
        ask.call.dropped = 1
        return
    phone = f"wechat:{who}"
    sim.phones.receive(phone, kind, account.open_kfid, content, msgid, account.name)
