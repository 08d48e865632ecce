"""One request to the simulated API, as its functions see it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from simulator.calls import Call
from simulator.errors import WeComError
from simulator.hospital import App
from simulator.state import Simulator

Reply = dict[str, Any]
Api = Callable[["Ask"], "Reply | web.Response"]


@dataclass(frozen=True, slots=True)
class Upload:
    """The file of a multipart request; `named` is false without a plain `filename`."""

    filename: str
    data: bytes
    named: bool


@dataclass(slots=True)
class Ask:
    sim: Simulator
    query: Mapping[str, str]
    raw: bytes
    body: dict[str, Any]
    call: Call
    caller: App | None = None
    upload: Upload | None = None

    @property
    def app(self) -> App:
        assert self.caller
        return self.caller

    def check_agent(self) -> None:
        """Refuse when the body names another app than the token's."""
        agentid = self.body.get("agentid")
        if agentid is None:
            raise WeComError(41011)
        if not isinstance(agentid, int) or agentid not in self.sim.world.apps:
            raise WeComError(40056)
        if agentid != self.app.agentid:
            raise WeComError(301002, "agentid is of another app than the access_token")
