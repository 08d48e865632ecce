"""One ESMTP connection (RFC 5321) with AUTH PLAIN and LOGIN (RFC 4954), STARTTLS (RFC 3207)."""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
from collections.abc import Awaitable, Callable

from simulator.calls import Call
from simulator.faults import Fault
from simulator.mail.certificate import Certificate
from simulator.mail.reading import read
from simulator.mail.settings import MAIL, PREFIX, Mail
from simulator.state import Simulator

LINE_BYTES = 64 << 10
MESSAGE_BYTES = 10 << 20
SILENCE = 60.0  # seconds after which a mute client is let go
_PATH = re.compile(r"(?i)(?:FROM|TO):\s*<([^<>\s]{0,320})>((?:\s+\S+)*)\s*")
_KINDS = {
    "slow",
    "mail_error",
    "mail_greylist",
    "mail_cut",
    "accepted_then_timeout",
    "black_hole",
}


class Hangup(Exception):
    """The connection ends here."""


class Session:
    """From the greeting to the end; raises Hangup when it is over."""

    def __init__(
        self,
        sim: Simulator,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        certificate: Certificate,
    ) -> None:
        self._sim = sim
        self._reader = reader
        self._writer = writer
        self._certificate = certificate
        self._tls = False
        self._signed_in = False
        self._sender: str | None = None
        self._recipients: list[str] = []

    async def run(self) -> None:
        await self._say(220, "mail.example.org ESMTP simulator")
        while True:
            verb, _, rest = (await self._line()).decode(errors="replace").strip().partition(" ")
            command = self._commands().get(verb.upper())
            if command is None:
                await self._say(502, "5.5.1 command not known")
                continue
            await command(rest.strip())

    def _commands(self) -> dict[str, Callable[[str], Awaitable[None]]]:
        return {
            "EHLO": self._ehlo,
            "HELO": self._helo,
            "STARTTLS": self._starttls,
            "AUTH": self._auth,
            "MAIL": self._mail_from,
            "RCPT": self._rcpt_to,
            "DATA": self._data,
            "RSET": self._rset,
            "NOOP": self._noop,
            "QUIT": self._quit,
        }

    @property
    def _mail(self) -> Mail | None:
        return self._sim.world.mail

    async def _ehlo(self, _rest: str) -> None:
        self._reset()
        offers = ["mail.example.org", f"SIZE {MESSAGE_BYTES}", "ENHANCEDSTATUSCODES"]
        mail = self._mail
        if mail and mail.tls and not self._tls:
            offers.append("STARTTLS")
        if mail and mail.username and (self._tls or not mail.tls):
            offers.append("AUTH PLAIN LOGIN")
        for offer in offers[:-1]:
            self._writer.write(f"250-{offer}\r\n".encode())
        await self._say(250, offers[-1])

    async def _helo(self, _rest: str) -> None:
        self._reset()
        await self._say(250, "mail.example.org")

    async def _starttls(self, _rest: str) -> None:
        if self._mail is None or not self._mail.tls or self._tls:
            return await self._say(454, "4.7.0 TLS not available")
        await self._say(220, "go ahead")
        await self._writer.start_tls(self._certificate.context)
        self._tls, self._signed_in = True, False
        return self._reset()

    async def _auth(self, rest: str) -> None:
        mail = self._mail
        if mail is None or not mail.username or (mail.tls and not self._tls):
            return await self._say(503, "5.5.1 AUTH not available")
        method, _, first = rest.partition(" ")
        if await self._spoilt("auth", ""):
            return None
        try:
            given = await self._credentials(method.upper(), first.strip())
        except (binascii.Error, ValueError):
            return await self._say(501, "5.5.2 cannot decode")
        if given is None:
            return await self._say(504, "5.5.4 mechanism not known")
        if given != (mail.username, mail.password):
            return await self._refuse("auth", "", 535, "5.7.8 authentication failed")
        self._signed_in = True
        return await self._say(235, "2.7.0 welcome")

    async def _credentials(self, method: str, first: str) -> tuple[str, str] | None:
        if method == "PLAIN":
            raw = _decoded(first or await self._ask(""))
            _, username, password = raw.split("\0")
            return username, password
        if method == "LOGIN":
            username = _decoded(first or await self._ask("VXNlcm5hbWU6"))
            return username, _decoded(await self._ask("UGFzc3dvcmQ6"))
        return None

    async def _mail_from(self, rest: str) -> None:
        path = _PATH.fullmatch(rest)
        if self._mail is None:
            return await self._say(554, "5.3.0 no mail service is configured")
        if self._mail.username and not self._signed_in:
            return await self._refuse("mail", "", 530, "5.7.0 authentication required")
        if path is None:
            return await self._say(501, "5.5.4 syntax: MAIL FROM:<address>")
        if await self._spoilt("mail", ""):
            return None
        self._reset()
        self._sender = path[1]
        return await self._say(250, "2.1.0 ok")

    async def _rcpt_to(self, rest: str) -> None:
        path = _PATH.fullmatch(rest)
        if self._sender is None or self._mail is None:
            return await self._say(503, "5.5.1 MAIL first")
        if path is None:
            return await self._say(501, "5.5.4 syntax: RCPT TO:<address>")
        address = path[1]
        if await self._spoilt("rcpt", address):
            return None
        box = self._mail.box(address)
        if box is None:
            return await self._refuse("rcpt", address, 550, "5.1.1 no such mailbox here")
        self._recipients.append(box.address)
        return await self._say(250, "2.1.5 ok")

    async def _data(self, _rest: str) -> None:
        if not self._recipients:
            return await self._say(503, "5.5.1 RCPT first")
        await self._say(354, "end with a dot")
        raw = await self._message()
        if raw is None:
            return await self._refuse("data", "", 552, "5.3.4 message too big")
        recipients = list(self._recipients)
        if await self._spoilt("data", recipients[0], raw):
            return self._reset()
        self._deliver(raw, recipients)
        self._reset()
        return await self._say(250, f"2.0.0 queued as {self._sim.next_msgid()}")

    async def _message(self) -> bytes | None:
        """All lines up to the dot, unstuffed; None when there are too many."""
        lines, size = [], 0
        while (line := await self._line()) != b".\r\n":
            size += len(line)
            if size <= MESSAGE_BYTES:
                lines.append(line[1:] if line.startswith(b".") else line)
        return b"".join(lines) if size <= MESSAGE_BYTES else None

    def _deliver(self, raw: bytes, recipients: list[str]) -> None:
        body = read(raw)
        sim, seen = self._sim, f"mail:{body['message_id']}"
        for address in recipients:
            phone = PREFIX + address
            again = any(i.msgid == seen for i in sim.phones.of(phone).items)
            name = body["from"].partition("<")[0].strip(' "') or body["from"]
            sim.phones.receive(phone, MAIL, MAIL, body | {"repeat": again}, seen, name)
            sim.counters["sends"] += 1
            self._log("data", address, 250, summary=str(body["subject"])[:60])

    async def _spoilt(self, verb: str, address: str, raw: bytes = b"") -> bool:
        """Play the faults of this command; True when it is answered, or never will be."""
        faults = self._sim.faults.take(_KINDS, f"smtp/{verb}", PREFIX + address)
        for fault in faults:
            if fault.kind == "slow":
                await asyncio.sleep(fault.ms / 1000)
            elif fault.kind == "mail_greylist":
                if self._sim.post.greylisted(address):
                    await self._refuse(verb, address, 451, "4.7.1 greylisted, try again", fault)
                    return True
            elif fault.kind == "mail_error":
                code = fault.errcode or 451
                words = fault.code or f"{code // 100}.3.0 refused by the simulator"
                await self._refuse(verb, address, code, words, fault)
                return True
            else:
                await self._vanish(fault, raw)
        return False

    async def _vanish(self, fault: Fault, raw: bytes) -> None:
        """Cut the line without a word: after keeping the message, unless it is a black hole."""
        if raw and fault.kind != "black_hole":
            self._deliver(raw, self._recipients)
        if fault.kind != "mail_cut":
            await self._sim.faults.hold(self._sim.pace.hold)
        raise Hangup

    async def _rset(self, _rest: str) -> None:
        self._reset()
        await self._say(250, "2.0.0 ok")

    async def _noop(self, _rest: str) -> None:
        await self._say(250, "2.0.0 ok")

    async def _quit(self, _rest: str) -> None:
        await self._say(221, "2.0.0 bye")
        raise Hangup

    def _reset(self) -> None:
        self._sender = None
        self._recipients = []

    async def _refuse(
        self, verb: str, address: str, code: int, words: str, fault: Fault | None = None
    ) -> None:
        self._log(verb, address, code, words, fault.kind if fault else "")
        await self._say(code, words)

    def _log(
        self, verb: str, who: str, code: int, words: str = "", fault: str = "", summary: str = ""
    ) -> None:
        call = Call(api=f"smtp/{verb}", app=MAIL, who=who, summary=summary, fault=fault)
        call.errcode, call.errmsg = (code, words) if code >= 400 else (0, "")
        self._sim.calls.add(call)

    async def _ask(self, prompt: str) -> str:
        await self._say(334, prompt)
        return (await self._line()).decode(errors="replace").strip()

    async def _line(self) -> bytes:
        try:
            async with asyncio.timeout(SILENCE):
                line = await self._reader.readline()
        except (TimeoutError, ValueError):
            raise Hangup from None
        if not line.endswith(b"\n"):
            raise Hangup
        return line

    async def _say(self, code: int, words: str) -> None:
        self._writer.write(f"{code} {words}\r\n".encode())
        await self._writer.drain()


def _decoded(value: str) -> str:
    return base64.b64decode(value, validate=True).decode()
