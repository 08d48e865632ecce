"""DingTalk's robot as a channel of the ledger: few calls for many people, cards for decisions.

The standard edition has 5 000 counted calls a month for the whole hospital (S1431). Therefore
texts and acknowledgements go to twenty people with one call at every button level but `link`, and
only what asks for a decision becomes an interactive card, which is one call per person.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from enum import StrEnum

import structlog

from bot.channels import Failure, File, Receipt, ReceiptState, SendFailed, Sent
from bot.platforms.dingtalk import limits
from bot.platforms.dingtalk.batches import RobotBatches
from bot.platforms.dingtalk.cards import decides
from bot.platforms.dingtalk.client import DingTalkClient
from bot.platforms.dingtalk.links import AnswerLinks
from bot.platforms.dingtalk.messages import Message, commanded, filed, linked, plain
from bot.platforms.dingtalk.outcome import Outcome, receivers
from bot.platforms.dingtalk.person_cards import BEGIN_WITHIN, PersonCards
from bot.platforms.fitting import unfit
from models.cards import Card, Content

log = structlog.get_logger()

QUIET_SECONDS = 600.0  # between two loud lines about the same missing template
_READ = {"READ": ReceiptState.SEEN, "UNREAD": ReceiptState.ARRIVED}


class ButtonLevel(StrEnum):
    """How cards are answered: our own template, a sealed link, or a sentence to the robot."""

    TEMPLATE = "template"
    LINK = "link"
    COMMAND = "command"


class DingTalkChannel:
    """Implements bot.channels.Channel and TellsReceipts.

    `card_template` is needed at the template level, `links` at the link level; `card_route` names
    a registered HTTP callback, empty for Stream. With `every_card` acknowledgements become
    interactive cards as well, at a call for each person: for those who have the quota.
    """

    name = "dingtalk"
    batch = limits.ROBOT_RECEIVERS
    member_per_minute = limits.MEMBER_PER_MINUTE
    member_per_hour = limits.MEMBER_PER_HOUR

    def __init__(
        self,
        client: DingTalkClient,
        *,
        level: str,
        card_template: str = "",
        links: AnswerLinks | None = None,
        card_route: str = "",
        every_card: bool = False,
    ) -> None:
        self.level = ButtonLevel(level)
        if self.level is ButtonLevel.TEMPLATE and not card_template:
            raise ValueError("the template level needs the id of the imported card template")
        if self.level is ButtonLevel.LINK and links is None:
            raise ValueError("the link level needs the bot's own address")
        self._every_card = every_card
        self._client = client
        self._links = links
        self._cards = PersonCards(client, card_template, card_route)
        self._batches = RobotBatches(client)
        self._loud_at: float | None = None

    @property
    def ready(self) -> bool:
        return True

    def repeatable(self, content: Content) -> bool:
        """Only interactive cards carry an id of ours by which the platform can be asked."""
        return self._becomes_cards(content)

    async def send(
        self, content: Content, to: Sequence[str], *, key: str, again: bool = False
    ) -> Sent:
        if again and not self._becomes_cards(content):
            raise SendFailed(Failure.UNKNOWN, reason="only interactive cards can be repeated")
        outcome = Outcome()
        users, refused = receivers(to, self.batch)
        for user, why in refused.items():
            outcome.refuse([user], why)
        if users:
            await self._send(content, users, outcome, key=key, again=again)
        return outcome.sent()

    async def send_file(
        self,
        file: File,
        to: Sequence[str],
        *,
        key: str,  # noqa: ARG002 -- the port's; the platform keeps no id of ours
    ) -> Sent:
        """Two counted calls for twenty people: the file, and the message that shows it."""
        outcome = Outcome()
        users, refused = receivers(to, self.batch)
        for user, why in refused.items():
            outcome.refuse([user], why)
        if users:
            kind = "image" if file.media_type.startswith("image/") else "file"
            media_id = await self._client.media_upload(kind, file.filename, file.data)
            await self._batches.send(filed(media_id, file), users, outcome)
        return outcome.sent()

    async def redraw(self, card: Card, to: Sequence[str], *, response_code: str, key: str) -> str:
        """Each person's card, any number of times; what went out as a message stays as it is."""
        users, _ = receivers(to, len(to))
        if not response_code or not users:
            raise unfit("only interactive cards can be redrawn")
        await self._cards.update(card, users, key=key)
        return response_code

    async def recall(self, message_id: str) -> None:
        """Within 24 h (S0723)."""
        answer = await self._client.robot_recall([message_id])
        failed = answer.get("failedResult")
        if isinstance(failed, dict) and failed:
            raise SendFailed(Failure.REQUEST, reason=str(next(iter(failed.values())))[:200])

    async def receipts(self, message_id: str, to: Sequence[str]) -> Mapping[str, Receipt]:
        """Who has read it; meant for the first 24 h (S0720). One call, for all of one message."""
        answer = await self._client.robot_read_status(message_id)
        listed = answer.get("messageReadInfoList")
        rows = [row for row in listed if isinstance(row, dict)] if isinstance(listed, list) else []
        states = {str(row.get("userId")): _READ.get(str(row.get("readStatus"))) for row in rows}
        return {user: Receipt(state) for user in to if (state := states.get(user)) is not None}

    def _becomes_cards(self, content: Content) -> bool:
        if self.level is not ButtonLevel.TEMPLATE or not isinstance(content, Card):
            return False
        return decides(content) or (self._every_card and bool(content.buttons))

    async def _send(
        self, content: Content, users: Sequence[str], outcome: Outcome, *, key: str, again: bool
    ) -> None:
        if not isinstance(content, Card):
            await self._batches.send(plain(content), users, outcome)
        elif self._becomes_cards(content):
            await self._send_cards(content, users, outcome, key=key, again=again)
        else:
            await self._send_actions(content, users, outcome, key=key)

    async def _send_cards(
        self, card: Card, users: Sequence[str], outcome: Outcome, *, key: str, again: bool
    ) -> None:
        try:
            left = await self._cards.send(card, users, outcome, key=key, again=again)
        except SendFailed as unfitting:  # our template cannot show it: its words still arrive
            if again:
                raise
            left = dict.fromkeys(users, unfitting)
        if left:
            self._complain(next(iter(left.values())))
            await self._send_actions(card, list(left), outcome, key=key)

    async def _send_actions(
        self, card: Card, users: Sequence[str], outcome: Outcome, *, key: str
    ) -> None:
        """One call for all, unless everybody needs links of their own."""
        if not self._linkable(card):
            await self._batches.send(commanded(card, key), users, outcome)
            return
        slots = asyncio.Semaphore(limits.CARDS_AT_ONCE)
        ends = asyncio.get_running_loop().time() + BEGIN_WITHIN

        async def one(user: str) -> None:
            async with slots:
                message = self._linked(card, user, key)
                await self._batches.send(message, [user], outcome, ends)

        async with asyncio.TaskGroup() as group:
            for user in users:
                group.create_task(one(user))

    def _linkable(self, card: Card) -> bool:
        if self._links is None or not card.buttons or card.closed:
            return False
        instead = self.level is ButtonLevel.TEMPLATE and decides(card)
        return instead or self.level is ButtonLevel.LINK

    def _linked(self, card: Card, user: str, key: str) -> Message:
        assert self._links is not None
        urls = {button.verb: self._links.url(key, button.verb, user) for button in card.buttons}
        return linked(card, urls, key)

    def _complain(self, failed: SendFailed) -> None:
        """Loud, but not for every card: the hospital still gets its messages."""
        now = asyncio.get_running_loop().time()
        if self._loud_at is None or now - self._loud_at >= QUIET_SECONDS:
            self._loud_at = now
            log.error(
                "dingtalk_cards_unusable",
                code=failed.code,
                reason=failed.reason,
                cure=failed.cure,
            )
