"""The living parts of the platform beside its memory: sockets, pushes, background work."""

from __future__ import annotations

import secrets
from typing import Any

from simulator.callbacks import Outcome
from simulator.dingtalk.links import Links
from simulator.dingtalk.memory import Memory
from simulator.dingtalk.org import Org
from simulator.dingtalk.parcels import Push
from simulator.dingtalk.pushes import Pushes
from simulator.refusals import Refused
from simulator.state import Simulator
from simulator.tasks import Tasks


class DingTalk:
    """One per simulator; what it remembers is `sim.ding` and goes with every reset.

    `base` is the address by which the bot reaches us, learned from its last request.
    """

    def __init__(self, sim: Simulator, tasks: Tasks) -> None:
        self.sim = sim
        self.tasks = tasks
        self.base = ""
        self.links = Links()
        self.pushes = Pushes(self)

    @property
    def org(self) -> Org:
        if self.sim.world.ding is None:
            raise Refused(404, "this hospital has no DingTalk", 'give it a "dingtalk" part')
        return self.sim.world.ding

    @property
    def memory(self) -> Memory:
        if self.sim.ding is None:
            raise Refused(404, "this hospital has no DingTalk", 'give it a "dingtalk" part')
        return self.sim.ding

    def now_ms(self) -> int:
        return int(self.sim.clock.now().timestamp() * 1000)

    async def event(self, kind: str, data: dict[str, Any], who: str = "sys") -> Outcome:
        """Tell the bot what happened, if the console ticks this type of event."""
        if not self.org.ticked(kind):
            return Outcome("unticked", problem=f"the console does not subscribe to {kind}")
        if not self.memory.quota.push(kind):
            data = {"errorCode": "20001", "errMsg": "本月 Webhook 和 Stream 推送量已用完"}
        now = str(self.now_ms())
        headers = {
            "eventType": kind,
            "eventId": secrets.token_hex(16),
            "eventCorpId": self.org.corpid,
            "eventBornTime": now,
            "eventUnifiedAppId": self.org.client_id,
        }
        push = Push("event", kind, "EVENT", "*", who, data, headers=headers)
        return (await self.pushes.deliver(push)).outcome

    def tell(self, kind: str, data: dict[str, Any], who: str = "sys") -> None:
        """The same in the background, for API functions."""
        self.tasks.start(self._tell(kind, data, who))

    async def _tell(self, kind: str, data: dict[str, Any], who: str) -> None:
        await self.event(kind, data, who)

    async def close(self) -> None:
        await self.links.close()
        await self.pushes.close()
