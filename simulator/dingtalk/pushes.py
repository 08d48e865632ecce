"""Everything that goes to the bot: by Stream or HTTP, once, again, or later."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import orjson

from simulator.callbacks import Outcome
from simulator.calls import Call
from simulator.clock import monotonic
from simulator.dingtalk.hooks import Hooks
from simulator.dingtalk.links import Link, frame_of
from simulator.dingtalk.parcels import Push, Verdict
from simulator.faults import CALLBACK_KINDS, Fault

if TYPE_CHECKING:
    from simulator.dingtalk.service import DingTalk

QUEUE = 1000


class Pushes:
    def __init__(self, service: DingTalk) -> None:
        self._service = service
        self.hooks = Hooks(service)
        self._held: tuple[int, Push] | None = None
        self._queue: list[tuple[int, Push]] = []
        self._last: dict[str, Push] = {}

    @property
    def queued(self) -> int:
        return len(self._queue)

    async def close(self) -> None:
        await self.hooks.close()

    async def deliver(self, push: Push) -> Verdict:
        """Send and wait for the answer; faults may double, delay or spoil it."""
        started = monotonic()
        self._last.pop(push.channel, None)
        self._last[push.channel] = push
        faults = {f.kind: f for f in self._service.sim.faults.take(CALLBACK_KINDS, push.label)}
        verdict = await self._play(push, faults)
        verdict.outcome.took_ms = round((monotonic() - started) * 1000, 2)
        return verdict

    async def again(self, channel: str = "") -> Verdict | None:
        """The last push once more with the same ids, on whatever connection chance picks."""
        fit = [p for p in self._last.values() if channel in ("", p.channel)]
        return await self._attempt(fit[-1], 2) if fit else None

    def opened(self, link: Link) -> None:
        """A connection is there: events that found none go out now."""
        if not any(kind == "EVENT" for kind, _ in link.topics):
            return
        waiting, self._queue = self._queue, []
        for epoch, push in waiting:
            self._later(push, epoch, 0.0, 1)

    async def _play(self, push: Push, faults: dict[str, Fault]) -> Verdict:
        if "callback_reorder" in faults and self._held is None:
            self._held = self._service.sim.epoch, push
            return Verdict(Outcome("held", problem="waits until the next push has gone"))
        if "callback_tampered" in faults:
            return await self._attempt(push, 1, forged=True)
        if "callback_replay_old" in faults:
            return await self._attempt(push, 1, age=faults["callback_replay_old"].age_s)
        if "callback_duplicate" in faults:
            first, _second = await asyncio.gather(self._attempt(push, 1), self._attempt(push, 2))
            return first
        verdict = await self._attempt(push, 1)
        self._after(push, verdict.outcome, 1)
        held, self._held = self._held, None
        if held:
            self._later(held[1], held[0], 0.0, 1)
        return verdict

    def _after(self, push: Push, outcome: Outcome, number: int) -> None:
        """Arrange the next attempt, as the kind of push deserves."""
        sim = self._service.sim
        if outcome.status == "ok":
            return
        if push.channel == "event" and outcome.status == "unheard":
            self._queue = [*self._queue[-QUEUE + 1 :], (sim.epoch, push)]
            outcome.status = "queued"
        elif push.channel == "event" and number < sim.pace.ding.event_tries:
            self._later(push, sim.epoch, sim.pace.ding.event_wait, number + 1)
        elif push.channel == "robot" and outcome.status != "unheard" and number == 1:
            self._later(push, sim.epoch, sim.pace.ding.again, 2)

    def _later(self, push: Push, epoch: int, pause: float, number: int) -> None:
        self._service.tasks.start(self._once_more(push, epoch, pause, number))

    async def _once_more(self, push: Push, epoch: int, pause: float, number: int) -> None:
        await asyncio.sleep(pause)
        if epoch == self._service.sim.epoch:
            verdict = await self._attempt(push, number)
            self._after(push, verdict.outcome, number)

    async def _attempt(
        self, push: Push, number: int, *, forged: bool = False, age: int = 0
    ) -> Verdict:
        started = monotonic()
        if self.hooks.takes(push):
            verdict = await self.hooks.post(push, forged=forged, age=age)
        else:
            verdict = await self._stream(push, forged=forged)
        verdict.outcome.attempts = number if verdict.outcome.status != "unheard" else 0
        self._log(push, verdict.outcome, number, started)
        return verdict

    async def _stream(self, push: Push, *, forged: bool) -> Verdict:
        service, org = self._service, self._service.org
        link = service.links.choose((push.kind, push.topic), org.client_id)
        if link is None:
            return Verdict(Outcome("unheard", problem="no connection subscribes to this"))
        pace = service.sim.pace.ding
        data = orjson.dumps(push.data).decode()
        frame = frame_of(
            push.kind, push.topic, push.message_id, service.now_ms(),
            data[: len(data) // 2] if forged else data,
            appId=org.client_id, connectionId=link.id, **push.headers,
        )  # fmt: skip
        patience = pace.card_patience if push.channel == "card" else pace.patience
        try:
            ack = await service.links.ask(link, frame, patience)
        except TimeoutError:
            return Verdict(Outcome("timeout"))
        if ack is None:
            return Verdict(Outcome("unreachable", problem="the connection ended"))
        if ack.code != 200:
            return Verdict(Outcome(f"code_{ack.code}"))
        return _read(push, ack.data)

    def _log(self, push: Push, outcome: Outcome, number: int, started: float) -> None:
        status, sim = outcome.status, self._service.sim
        bad = outcome.problem or ("" if status == "ok" else status)
        call = Call(
            api=push.label,
            direction="callback",
            app="dingtalk",
            who=push.who,
            summary=push.summary[:60],
            attempt=number,
            errmsg=bad,
            errcode=-1 if bad else 0,
            http=int(status[5:]) if status.startswith("http_") else 200 if status == "ok" else 0,
            took_ms=round((monotonic() - started) * 1000, 2),
        )
        sim.counters["callbacks"] += 1
        sim.calls.add(call)


def _read(push: Push, data: str) -> Verdict:
    """Judge the data of an acknowledgement with code 200."""
    try:
        answer = orjson.loads(data) if data else {}
    except orjson.JSONDecodeError:
        answer = None
    if not isinstance(answer, dict):
        problem = "the ack's data is not a JSON object"
        return Verdict(Outcome("ok" if push.channel != "event" else "no_status", problem=problem))
    if push.channel != "event":
        response = answer.get("response")
        return Verdict(Outcome("ok"), response if isinstance(response, dict) else {})
    status = answer.get("status")
    if status == "SUCCESS":
        return Verdict(Outcome("ok"))
    problem = "" if status == "LATER" else 'an event is taken by {"status":"SUCCESS"} only'
    return Verdict(Outcome("later" if status == "LATER" else "no_status", problem=problem))
