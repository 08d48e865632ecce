"""kf/add_contact_way, sync_msg, service_state and customer/batchget."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from typing import Any

from simulator.asks import Ask, Reply
from simulator.errors import WeComError
from simulator.kf.memory import (
    BOT,
    ENDED,
    HUMAN,
    REACH,
    STATES,
    UNTOUCHED,
    WAITING,
    WELCOME_LIFE,
    WINDOW,
    Account,
    Code,
    Session,
)
from simulator.kf.settings import Kf, KfAccount, KfCustomer

LINK = "https://work.weixin.qq.com/kfid/"
MOST = 1000
CURSOR_BYTES = 64
TOKEN_BYTES = 128
_SCENE = re.compile(r"[0-9a-zA-Z_-]{0,32}")
# From which state the API may move to which (the table of D94669).
_MAY = {UNTOUCHED: {BOT, WAITING, HUMAN}, BOT: {WAITING, HUMAN}}
_MAY |= {WAITING: {HUMAN}, HUMAN: {HUMAN, ENDED}, ENDED: set()}


def settings(ask: Ask) -> Kf:
    """The corp's customer service, where the calling app may use it."""
    kf = ask.sim.world.kf
    if kf is None:
        raise WeComError(95017)
    may = ask.app.kind == "app" if kf.apps is None else ask.app.agentid in kf.apps
    if not may:
        raise WeComError(48007)
    return kf


def account_of(ask: Ask) -> KfAccount:
    kf, wanted = settings(ask), ask.body.get("open_kfid")
    if not wanted:
        raise WeComError(60251)
    if not isinstance(wanted, str) or not wanted.startswith("wk"):
        raise WeComError(95000)
    found = kf.accounts.get(wanted)
    if found is None:
        raise WeComError(95004)
    return found


def customer_of(ask: Ask, name: str = "external_userid") -> KfCustomer:
    found = settings(ask).customers.get(str(ask.body.get(name) or ""))
    if found is None:
        raise WeComError(40096)
    ask.call.who = found.external_userid
    return found


def code_of_link(account: KfAccount) -> str:
    digest = hashlib.sha256(account.open_kfid.encode()).hexdigest()
    return f"kfc{digest[:14]}"


def add_contact_way(ask: Ask) -> Reply:
    account, scene = account_of(ask), ask.body.get("scene", "")
    if not isinstance(scene, str) or not _SCENE.fullmatch(scene):
        raise WeComError(40058, "invalid parameter: scene")
    url = LINK + code_of_link(account)
    if scene:
        sealed = "ENC" + secrets.token_urlsafe(12)
        ask.sim.kf.links[sealed] = account.open_kfid, scene
        url += f"?enc_scene={sealed}"
    ask.call.summary = f"scene: {scene}"
    return {"url": url}


def sync_msg(ask: Ask) -> Reply:
    memory = ask.sim.kf
    account = memory.account(account_of(ask).open_kfid)
    _check_token(ask, account)
    limit = ask.body.get("limit", MOST)
    if not isinstance(limit, int) or not 0 <= limit <= MOST:
        raise WeComError(40058, "invalid parameter: limit")
    begin = _position(ask, account)
    if memory.empties > 0:
        memory.empties -= 1
        return {"next_cursor": _cursor(ask, account, begin), "has_more": 1, "msg_list": []}
    end = min(begin + min(limit or MOST, memory.most), len(account.log))
    rows = [entry.body for entry in account.log[begin:end]]
    ask.call.summary = f"{len(rows)} of {account.open_kfid}"
    return {
        "next_cursor": _cursor(ask, account, end),
        "has_more": int(end < len(account.log)),
        "msg_list": rows,
    }


def _check_token(ask: Ask, account: Account) -> None:
    token = ask.body.get("token") or ""
    if not token:
        if not ask.sim.kf.spend_untokened(account):
            raise WeComError(45009)
        return
    known = ask.sim.kf.tokens.get(token) if len(str(token).encode()) <= TOKEN_BYTES else None
    if known is None or known[0] != account.open_kfid or known[1] < ask.sim.clock.now():
        raise WeComError(95007)


def _cursor(ask: Ask, account: Account, position: int) -> str:
    plain = f"{ask.sim.kf.life}.{_mark(account)}.{position}"
    return base64.urlsafe_b64encode(plain.encode()).decode()


def _mark(account: Account) -> str:
    return hashlib.sha256(account.open_kfid.encode()).hexdigest()[:6]


def _position(ask: Ask, account: Account) -> int:
    """Where to go on; nothing older than three days comes.

    A cursor from before a reset begins anew, as the log it pointed into is gone.
    """
    old = ask.sim.clock.now() - REACH
    oldest = next((n for n, e in enumerate(account.log) if e.at >= old), len(account.log))
    cursor = ask.body.get("cursor") or ""
    if not cursor:
        return oldest
    try:
        plain = base64.urlsafe_b64decode(cursor[:CURSOR_BYTES].encode()).decode()
        life, mark, number = plain.split(".")
        position = int(number)
    except ValueError:
        raise WeComError(40058, "invalid parameter: cursor") from None
    if mark != _mark(account):
        raise WeComError(40058, "invalid parameter: cursor is of another account")
    if life != ask.sim.kf.life:
        return oldest
    return max(oldest, min(position, len(account.log)))


def service_state_get(ask: Ask) -> Reply:
    session = _session(ask)
    return {"service_state": ask.sim.kf.state(session), "servicer_userid": session.servicer}


def service_state_trans(ask: Ask) -> Reply:
    """Only what servicers do in their client is told by an event; this is not (D94670)."""
    account = account_of(ask)
    session, wanted = _session(ask), ask.body.get("service_state")
    if not isinstance(wanted, int) or wanted not in _MAY[ask.sim.kf.state(session)]:
        raise WeComError(95016)
    servicer = str(ask.body.get("servicer_userid") or "") if wanted == HUMAN else ""
    if wanted == HUMAN:
        _check_servicer(ask, account, servicer)
    session.state, session.servicer = wanted, servicer
    session.last = servicer or session.last
    ask.call.summary = f"to {STATES[wanted]} {servicer}".rstrip()
    ask.sim.pulse.bump()
    return _reply_code(ask, session, wanted)


def _check_servicer(ask: Ask, account: KfAccount, servicer: str) -> None:
    if not servicer:
        raise WeComError(60253)
    if ask.sim.world.member(servicer) is None or not account.served_by(servicer):
        raise WeComError(95014)
    if servicer in ask.sim.kf.account(account.open_kfid).resting:
        raise WeComError(95019)


def _reply_code(ask: Ask, session: Session, state: int) -> Reply:
    """For one text on the first coming to the pool or to a person, or for a last word."""
    if state == BOT or (state in session.answered and state != ENDED):
        return {}
    session.answered.add(state)
    life, kinds = (WELCOME_LIFE, ("text", "msgmenu")) if state == ENDED else (WINDOW, ("text",))
    whom = str(ask.body["open_kfid"]), str(ask.body["external_userid"])
    return {"msg_code": ask.sim.kf.code(Code(*whom, ask.sim.clock.now() + life, kinds))}


def _session(ask: Ask) -> Session:
    account, customer = account_of(ask), customer_of(ask)
    return ask.sim.kf.account(account.open_kfid).session(customer.external_userid)


def batchget(ask: Ask) -> Reply:
    kf, asked = settings(ask), ask.body.get("external_userid_list")
    if not isinstance(asked, list) or not 1 <= len(asked) <= 100:
        raise WeComError(40058, "invalid parameter: external_userid_list")
    found, unknown = [], []
    for external in map(str, asked):
        customer, session = kf.customers.get(external), _latest(ask, external)
        if customer is None or session is None:
            unknown.append(external)
        else:
            found.append(_view(customer, session, context=bool(_wants_context(ask))))
    return {"customer_list": found, "invalid_external_userid": unknown}


def _wants_context(ask: Ask) -> object:
    return ask.body.get("need_enter_session_context")


def _latest(ask: Ask, external: str) -> Session | None:
    """The session of somebody who entered or wrote within 48 hours."""
    since = ask.sim.clock.now() - WINDOW
    rows = [a.sessions[external] for a in ask.sim.kf.accounts.values() if external in a.sessions]
    fresh = [(max(filter(None, (s.said_at, s.entered_at)), default=None), s) for s in rows]
    active = [(at, s) for at, s in fresh if at is not None and at >= since]
    return max(active, key=lambda pair: pair[0])[1] if active else None


def _view(customer: KfCustomer, session: Session, *, context: bool) -> dict[str, Any]:
    row: dict[str, Any] = {
        "external_userid": customer.external_userid,
        "nickname": customer.nickname,
        "avatar": "",
        "gender": 0,
    }
    if customer.unionid:
        row["unionid"] = customer.unionid
    if context:
        entered = {"scene": session.scene, "scene_param": session.scene_param}
        row["enter_session_context"] = entered
    return row
