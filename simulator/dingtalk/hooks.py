"""Pushes by HTTP, for channels whose address is configured (or, for cards, registered)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING, Any

import orjson

from simulator.callbacks import Outcome
from simulator.crypto import CryptoError
from simulator.dingtalk.parcels import Push, Verdict
from simulator.posting import Postman

if TYPE_CHECKING:
    from simulator.dingtalk.org import EventHook
    from simulator.dingtalk.service import DingTalk


class Hooks:
    """Signs each channel in its own way [E0004, S0718, C1-0007]."""

    def __init__(self, service: DingTalk) -> None:
        self._service = service
        self._postman = Postman()

    async def close(self) -> None:
        await self._postman.close()

    def takes(self, push: Push) -> bool:
        hooks = self._service.org.hooks
        if push.channel == "card":
            return bool(push.route)
        return bool(hooks.events if push.channel == "event" else hooks.robot)

    async def post(self, push: Push, *, forged: bool = False, age: int = 0) -> Verdict:
        stamp = self._service.now_ms() - age * 1000
        if push.channel == "event":
            return await self._event(push, stamp, forged=forged)
        if push.channel == "robot":
            return await self._robot(push, stamp, forged=forged)
        return await self._card(push, stamp, forged=forged)

    async def verify(self, hook: EventHook) -> Outcome:
        """The console's check: the address must answer the encrypted word success."""
        return await self._sealed(hook, {"EventType": "check_url"}, self._service.now_ms())

    async def _event(self, push: Push, stamp: int, *, forged: bool) -> Verdict:
        hook, org = self._service.org.hooks.events, self._service.org
        assert hook
        head = {
            "EventType": push.headers["eventType"],
            "EventTime": int(push.headers["eventBornTime"]),
            "CorpId": org.corpid,
            "BizId": push.headers["eventId"],
            "eventId": push.headers["eventId"],
        }
        return Verdict(await self._sealed(hook, head | push.data, stamp, forged=forged))

    async def _sealed(
        self, hook: EventHook, event: dict[str, Any], stamp: int, *, forged: bool = False
    ) -> Outcome:
        envelope = self._service.org.envelope(hook)
        sealed = envelope.seal(orjson.dumps(event).decode())
        nonce = secrets.token_hex(4)
        signature = envelope.sign(str(stamp), nonce, sealed)
        query = {
            "signature": secrets.token_hex(20) if forged else signature,
            "timestamp": str(stamp),
            "nonce": nonce,
        }
        body = orjson.dumps({"encrypt": sealed})
        status, answer = await self._http(hook.url, body, {}, query)
        if status != "ok":
            return Outcome(status)
        try:
            reply = orjson.loads(answer)
            parts = [str(reply[k]) for k in ("msg_signature", "timeStamp", "nonce", "encrypt")]
            envelope.check(*parts)
            word = envelope.open(parts[3])
        except (KeyError, TypeError, ValueError, CryptoError) as problem:
            return Outcome("wrong_answer", problem=f"the answer is not sealed: {problem!r}")
        if word != "success":
            return Outcome("wrong_answer", problem="the answer does not say success")
        return Outcome("ok")

    async def _robot(self, push: Push, stamp: int, *, forged: bool) -> Verdict:
        secret = self._service.org.client_secret
        sign = _hmac("wrong" if forged else secret, f"{stamp}\n{secret}")
        headers = {"timestamp": str(stamp), "sign": sign}
        return await self._plain(self._service.org.hooks.robot, push, headers)

    async def _card(self, push: Push, stamp: int, *, forged: bool) -> Verdict:
        route = self._service.memory.routes[push.route]
        headers = {"x-ddpaas-signature-timestamp": str(stamp)}
        if route.secret:
            key = "wrong" if forged else route.secret
            headers["x-ddpaas-signature"] = _hmac(key, str(stamp))
        return await self._plain(route.url, push, headers)

    async def _plain(self, url: str, push: Push, headers: dict[str, str]) -> Verdict:
        pace = self._service.sim.pace.ding
        patience = pace.card_patience if push.channel == "card" else pace.http_patience
        status, raw = await self._http(url, orjson.dumps(push.data), headers, {}, patience)
        if status != "ok":
            return Verdict(Outcome(status))
        try:
            answer = orjson.loads(raw) if raw.strip() else {}
        except orjson.JSONDecodeError:
            answer = None
        if not isinstance(answer, dict):
            return Verdict(Outcome("ok", problem="the answer is not a JSON object"))
        return Verdict(Outcome("ok"), answer)

    async def _http(
        self,
        url: str,
        body: bytes,
        headers: dict[str, str],
        query: dict[str, str],
        patience: float | None = None,
    ) -> tuple[str, bytes]:
        seconds = patience or self._service.sim.pace.ding.http_patience
        kind = {"Content-Type": "application/json"}
        return await self._postman.bring("POST", url, query, body, kind | headers, seconds)


def _hmac(key: str, text: str) -> str:
    return base64.b64encode(
        hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()
    ).decode()
