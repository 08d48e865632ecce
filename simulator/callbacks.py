"""Delivers messages and events to the bot's callback URL: encrypted, with retries."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from typing import Any

from simulator.calls import Call
from simulator.clock import monotonic
from simulator.crypto import Envelope
from simulator.faults import CALLBACK_KINDS, Fault
from simulator.hospital import App
from simulator.inner import Field, write
from simulator.phones import Item
from simulator.posting import Postman
from simulator.replies import apply
from simulator.state import Simulator
from simulator.tasks import Tasks


@dataclass(frozen=True, slots=True)
class Parcel:
    """One event on its way; every attempt carries the same inner XML."""

    app: App
    label: str
    who: str
    xml: str
    summary: str = ""
    item: Item | None = None


@dataclass(slots=True)
class Outcome:
    """How a delivery ended; `status` is ok, timeout, unreachable, http_NNN, held or unheard."""

    status: str
    attempts: int = 0
    reply: str | None = None
    problem: str = ""
    took_ms: float = 0.0


class Callbacks:
    """The platform's side of the callback protocol."""

    def __init__(self, sim: Simulator, tasks: Tasks) -> None:
        self._sim = sim
        self._tasks = tasks
        self._postman = Postman()
        self._held: tuple[int, Parcel] | None = None

    async def close(self) -> None:
        await self._postman.close()

    def parcel(
        self,
        app: App,
        who: str,
        label: str,
        fields: list[Field],
        item: Item | None = None,
        summary: str = "",
    ) -> Parcel:
        head: list[Field] = [
            ("ToUserName", self._sim.world.corpid),
            ("FromUserName", who),
            ("CreateTime", self._sim.clock.unix()),
        ]
        xml = write([*head, *fields, ("AgentID", app.agentid)])
        return Parcel(app, label, who, xml, summary, item)

    async def deliver(self, parcel: Parcel) -> Outcome:
        """Send and wait for the bot's answer; faults may double, delay or spoil it."""
        if parcel.app.callback is None:
            return Outcome("unheard", problem="the app has no callback URL")
        started = monotonic()
        kinds = {f.kind: f for f in self._sim.faults.take(CALLBACK_KINDS, parcel.label)}
        outcome = await self._play(parcel, kinds)
        outcome.took_ms = round((monotonic() - started) * 1000, 2)
        return outcome

    async def verify(self, app: App) -> Outcome:
        """The GET with an encrypted echo; the real platform waits `Pace.verify`, one second."""
        echo = str(self._sim.next_msgid())
        envelope = self._sim.world.envelope(app)
        query = self._signed(envelope, echo)
        query["echostr"] = query.pop("encrypt")
        status, body = await self._http("GET", app, query, b"", self._sim.pace.verify)
        if status == "ok" and body != echo.encode():
            return Outcome("wrong_echo", 1, problem="the answer is not the decrypted echostr")
        return Outcome(status, 1)

    async def _play(self, parcel: Parcel, faults: dict[str, Fault]) -> Outcome:
        if "callback_reorder" in faults and self._held is None:
            self._held = self._sim.epoch, parcel
            return Outcome("held", problem="waits until the next callback has gone")
        if "callback_tampered" in faults:
            return await self._attempt(parcel, 1, forged=True)
        if "callback_replay_old" in faults:
            return await self._attempt(parcel, 1, age=faults["callback_replay_old"].age_s)
        if "callback_duplicate" in faults:
            first, _second = await asyncio.gather(self._persist(parcel), self._persist(parcel))
            return first
        outcome = await self._persist(parcel)
        held, self._held = self._held, None
        if held and held[0] == self._sim.epoch:
            self._tasks.start(self._late(held[1]))
        return outcome

    async def _late(self, parcel: Parcel) -> None:
        await self._persist(parcel)

    async def _persist(self, parcel: Parcel) -> Outcome:
        pace = self._sim.pace
        outcome = await self._attempt(parcel, 1)
        while outcome.status != "ok" and outcome.attempts <= pace.retries:
            await asyncio.sleep(pace.retry_wait)
            outcome = await self._attempt(parcel, outcome.attempts + 1)
        return outcome

    async def _attempt(
        self, parcel: Parcel, number: int, *, forged: bool = False, age: int = 0
    ) -> Outcome:
        started = monotonic()
        envelope = self._sim.world.envelope(parcel.app)
        query = self._signed(envelope, parcel.xml, age)
        if forged:
            query["msg_signature"] = secrets.token_hex(20)
        body = write(
            [
                ("ToUserName", self._sim.world.corpid),
                ("AgentID", str(parcel.app.agentid)),
                ("Encrypt", query.pop("encrypt")),
            ]
        )
        status, answer = await self._http(
            "POST", parcel.app, query, body.encode(), self._sim.pace.timeout
        )
        outcome = Outcome(status, number)
        if status == "ok" and answer.strip():
            outcome.reply, outcome.problem = apply(self._sim, parcel, envelope, answer)
        self._log(parcel, outcome, started)
        return outcome

    def _signed(self, envelope: Envelope, message: str, age: int = 0) -> dict[str, str]:
        timestamp = str(self._sim.clock.unix() - age)
        nonce = str(secrets.randbelow(10**10))
        sealed = envelope.seal(message)
        signature = envelope.sign(timestamp, nonce, sealed)
        return {
            "msg_signature": signature,
            "timestamp": timestamp,
            "nonce": nonce,
            "encrypt": sealed,
        }

    async def _http(
        self, method: str, app: App, query: dict[str, str], body: bytes, seconds: float
    ) -> tuple[str, bytes]:
        assert app.callback
        headers = {"Content-Type": "text/xml"}
        return await self._postman.bring(method, app.callback.url, query, body, headers, seconds)

    def _log(self, parcel: Parcel, outcome: Outcome, started: float) -> None:
        status = outcome.status
        call = Call(
            api=parcel.label,
            direction="callback",
            app=parcel.app.agentid,
            who=parcel.who,
            summary=parcel.summary[:60],
            attempt=outcome.attempts,
            errmsg="" if status == "ok" and not outcome.problem else outcome.problem or status,
            errcode=0 if status == "ok" and not outcome.problem else -1,
            http=int(status[5:]) if status.startswith("http_") else 200 if status == "ok" else 0,
            took_ms=round((monotonic() - started) * 1000, 2),
        )
        self._sim.counters["callbacks"] += 1
        self._sim.calls.add(call)


def with_kind(kind: str, **fields: Any) -> list[Field]:
    """The fields of an event, in the order given."""
    return [("MsgType", "event"), ("Event", kind), *fields.items()]
