"""What the platform would let the hospital say to one candidate now."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from simulator.kf.memory import BOT, HUMAN, MOST_SENT, STATES, UNTOUCHED, WINDOW, Session
from simulator.kf.settings import KfAccount
from simulator.state import Simulator


def windows(sim: Simulator, external_userid: str) -> list[dict[str, Any]]:
    """One row for each account; `until` is null and `left` 0 while nothing may be sent."""
    kf = sim.world.kf
    return [_window(sim, a, external_userid) for a in kf.accounts.values()] if kf else []


def _window(sim: Simulator, account: KfAccount, external_userid: str) -> dict[str, Any]:
    session = sim.kf.account(account.open_kfid).session(external_userid)
    until, state = _until(sim, session), sim.kf.state(session)
    servicer = sim.world.member(session.servicer) if state == HUMAN else None
    free = until is not None and state in (UNTOUCHED, BOT)
    return {
        "open_kfid": account.open_kfid,
        "opened": session.opened,
        "state": STATES[state],
        "servicer": servicer.name if servicer else "",
        "until": until,
        "left": max(0, MOST_SENT - session.sent) if free else 0,
        "most": MOST_SENT,
    }


def _until(sim: Simulator, session: Session) -> datetime | None:
    if session.said_at is None or sim.clock.now() > session.said_at + WINDOW:
        return None
    return session.said_at + WINDOW
