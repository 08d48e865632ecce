"""E-mail as a channel of the ledger: one person a call, and never a second time on suspicion.

SMTP knows no key by which a server would drop a repeat (RFC 5321 §4.5.3.2.6 even warns of doubles
after a lost answer). The Message-ID is the same for the same delivery, so that a doubled mail can
be recognised in a log or a mailbox, but few servers act on it: a call of unknown fate is not
repeated. A taken mail is not a read mail; bounces go to the sender's mailbox and are not read.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from bot.channels import Sent
from bot.platforms.fitting import unfit
from bot.platforms.mail.errors import unsure
from bot.platforms.mail.ics import Calendar
from bot.platforms.mail.message import Sender, mail, message_id
from bot.platforms.mail.transport import Server, deliver
from bot.platforms.one_way import OneWay
from models.cards import Content
from models.clock import Clock

# The calendar part of a message, if it has one: by the ledger's key and what is said.
CalendarOf = Callable[[str, Content], Awaitable[Calendar | None]]


async def no_calendar(_key: str, _content: Content) -> Calendar | None:
    return None


class MailChannel(OneWay):
    """Implements bot.channels.Channel; `to` holds mail addresses."""

    name = "mail"
    batch = 1  # nobody sees who else was invited
    member_per_minute = 5
    member_per_hour = 20

    def __init__(
        self,
        server: Server,
        sender: Sender,
        clock: Clock,
        *,
        calendar: CalendarOf = no_calendar,
    ) -> None:
        self._server = server
        self._sender = sender
        self._clock = clock
        self._calendar = calendar

    async def send(
        self, content: Content, to: Sequence[str], *, key: str, again: bool = False
    ) -> Sent:
        if len(to) != 1:
            raise unfit("a mail goes to exactly one person")
        if again:
            raise unsure("a mail cannot be repeated without the risk of a second one")
        (address,) = to
        raw = mail(
            content,
            address,
            key=key,
            sender=self._sender,
            now=self._clock.now(),
            calendar=await self._calendar(key, content),
        )
        domain = self._sender.domain
        await deliver(self._server, domain, self._sender.address, address, raw)
        return Sent(message_id=message_id(key, address, domain))
