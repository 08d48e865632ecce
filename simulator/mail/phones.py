"""Mailboxes, and phones that only know text messages: people outside the organisation."""

from __future__ import annotations

from typing import Any

from simulator.callbacks import Outcome
from simulator.mail.settings import MAIL, PREFIX, Mailbox
from simulator.owners import Body, Owner
from simulator.phones import Item
from simulator.refusals import CannotTap, Refused
from simulator.sms.settings import PREFIX as SMS_PREFIX
from simulator.sms.settings import SMS, Number
from simulator.state import Simulator


class OutsidePhones:
    """Implements `owners.Platform`. Answers are kept, but nobody at the hospital reads them."""

    def __init__(self, sim: Simulator) -> None:
        self._sim = sim

    def owners(self) -> list[Owner]:
        world = self._sim.world
        boxes = world.mail.users.values() if world.mail else ()
        numbers = world.sms.numbers.values() if world.sms else ()
        return [_mailbox(b) for b in boxes] + [_number(n) for n in numbers]

    def owner(self, phone: str) -> Owner | None:
        world = self._sim.world
        if phone.startswith(PREFIX) and world.mail:
            box = world.mail.box(phone.removeprefix(PREFIX))
            return _mailbox(box) if box else None
        if phone.startswith(SMS_PREFIX) and world.sms:
            number = world.sms.numbers.get(phone.removeprefix(SMS_PREFIX))
            return _number(number) if number else None
        return None

    async def say(self, owner: Owner, text: str, body: Body) -> Outcome:  # noqa: ARG002
        self._sim.phones.say(owner.id, owner.platform, text, app_name="回信")
        return Outcome("unheard", problem="nobody reads answers to mails and text messages")

    async def enter(self, owner: Owner, body: Body) -> Outcome:
        self.read(owner, body)
        return Outcome("unheard", problem="opening a mailbox tells nobody anything")

    async def event(self, owner: Owner, body: Body) -> Outcome:  # noqa: ARG002
        raise Refused(400, "mailboxes and text messages have no events")

    async def tap(self, owner: Owner, item: Item, body: Body) -> dict[str, Any]:  # noqa: ARG002
        raise CannotTap(400, "this message has no buttons", "follow its link")

    def read(self, owner: Owner, body: Body) -> None:  # noqa: ARG002
        self._sim.phones.read(owner.id)

    def login(self, owner: Owner, body: Body) -> str:  # noqa: ARG002
        raise Refused(400, "people outside the hospital do not sign in")


def _mailbox(box: Mailbox) -> Owner:
    name = box.name or box.address
    return Owner(PREFIX + box.address, box.address, name, position=box.address, platform=MAIL)


def _number(number: Number) -> Owner:
    return Owner(SMS_PREFIX + number.number, number.number, number.shown, platform=SMS)
