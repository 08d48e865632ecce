"""One mail over one SMTP connection, and what may have happened when it fails.

aiosmtplib puts addresses and the server's words into its exceptions, so none is chained here.
"""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum

import aiosmtplib

from bot.channels import SendFailed
from bot.platforms.mail import errors
from bot.platforms.mail.errors import Stage

_QUIT_SECONDS = 2.0


class Tls(StrEnum):
    """How the line is protected. NONE is for a mail server on the same machine only."""

    STARTTLS = "starttls"
    DIRECT = "tls"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Server:
    """The hospital's mail server. `seconds` for one answer, `patience` for the whole call.

    `opening` is for all that comes before the mail itself: it ends before the worker gives the
    call up, so that a server that says nothing is known not to have got anything.
    After the last dot only `patience` counts: whoever gives up early there makes doubles
    (RFC 5321 §4.5.3.2.6).

    `context` replaces the system's trusted certificates, for an authority of the hospital's own.
    """

    host: str
    port: int
    username: str = ""
    password: str = field(default="", repr=False)
    tls: Tls = Tls.STARTTLS
    seconds: float = 20.0
    opening: float = 12.0
    patience: float = 90.0
    context: ssl.SSLContext | None = field(default=None, repr=False)


async def deliver(server: Server, helo: str, sender: str, to: str, raw: bytes) -> str:
    """Hand one mail over; returns the server's reply. `helo` is our domain. Raises SendFailed."""
    call = _Call(server, helo)
    try:
        async with asyncio.timeout(server.patience):
            return await call.run(sender, to, raw)
    except (aiosmtplib.SMTPException, OSError, TimeoutError, ValueError) as error:
        failed = _classified(error, call.stage)
    finally:
        call.close()
    raise failed


async def knock(server: Server, helo: str, sender: str) -> None:
    """Sign in and name the sender, then leave: nobody is written to. Raises SendFailed."""
    call = _Call(server, helo)
    try:
        async with asyncio.timeout(server.seconds):
            await call.knock(sender)
            return
    except (aiosmtplib.SMTPException, OSError, TimeoutError, ValueError) as error:
        failed = _classified(error, call.stage)
    finally:
        call.close()
    raise failed


class _Call:
    """Remembers how far it came; the stage decides what a broken line means."""

    def __init__(self, server: Server, helo: str) -> None:
        self._server = server
        self.stage = Stage.CONNECT
        context = server.context or ssl.create_default_context()
        self._smtp = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            local_hostname=helo,
            timeout=server.seconds,
            use_tls=server.tls is Tls.DIRECT,
            start_tls=server.tls is Tls.STARTTLS,
            tls_context=context if server.tls is not Tls.NONE else None,
        )

    async def knock(self, sender: str) -> None:
        await self._as_sender(sender)
        await self._bye()

    async def _as_sender(self, sender: str) -> None:
        await self._smtp.connect()
        if self._server.username:
            self.stage = Stage.AUTH
            await self._smtp.login(self._server.username, self._server.password)
        self.stage = Stage.SENDER
        await self._smtp.mail(sender)

    async def run(self, sender: str, to: str, raw: bytes) -> str:
        async with asyncio.timeout(self._server.opening):
            await self._as_sender(sender)
            self.stage = Stage.RECIPIENT
            await self._smtp.rcpt(to)
        self.stage = Stage.DATA
        answer = await self._smtp.data(raw, timeout=self._server.patience)
        await self._bye()
        return f"{answer.code} {answer.message}"

    async def _bye(self) -> None:
        """Nothing that happens now can change what was said."""
        with suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
            await self._smtp.quit(timeout=_QUIT_SECONDS)

    def close(self) -> None:
        self._smtp.close()


def _classified(error: Exception, stage: Stage) -> SendFailed:
    name = type(error).__name__
    if isinstance(error, aiosmtplib.SMTPResponseException):
        if stage is Stage.DATA and not 400 <= error.code < 600:
            return errors.unsure(f"{name} {error.code}")
        return errors.refused(stage, error.code, error.message)
    if isinstance(error, ssl.SSLError) or isinstance(error.__cause__, ssl.SSLError):
        return errors.no_tls(name)
    if stage is Stage.DATA:
        return errors.unsure(name)
    if isinstance(error, aiosmtplib.SMTPServerDisconnected | OSError | TimeoutError):
        return errors.unreached(name)
    if stage is Stage.CONNECT:
        return errors.no_tls(name)  # the server offers no STARTTLS
    return errors.refused(Stage.AUTH, 530, name)
