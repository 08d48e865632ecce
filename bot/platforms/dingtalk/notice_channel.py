"""Work notifications (工作通知): for those whom the robot cannot reach; needs the agent id only.

Pages S0769, S0773, S0775. The platform takes a call and then drops silently what exceeds a limit,
among it the same content to the same person on one day. So every notice says when it was sent,
and what became of it is asked for later. DingTalk wants approvals elsewhere: a last rung.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

import orjson

from bot.channels import Failure, Receipt, ReceiptState, SendFailed, Sent
from bot.platforms.dingtalk import limits
from bot.platforms.dingtalk.cards import decides, submits
from bot.platforms.dingtalk.client import DingTalkClient
from bot.platforms.dingtalk.errors import NO_SUCH_USER, Fault, cure_for
from bot.platforms.dingtalk.fitting import clean, escape_line, fit_chars, fit_said, own_markdown
from bot.platforms.dingtalk.links import AnswerLinks
from bot.platforms.dingtalk.messages import Shown, address, markdown_of, spoken_hint, title_of
from bot.platforms.dingtalk.outcome import Outcome, later, receivers
from bot.platforms.dingtalk.person_cards import BEGIN_WITHIN
from bot.platforms.dingtalk.transport import Json
from bot.platforms.dingtalk.words import words
from bot.platforms.fitting import require_words, unfit
from bot.platforms.one_way import OneWay
from models.cards import Card, Content, Markdown, Text
from models.clock import SHANGHAI, Clock

_NOT_BEGUN = timedelta(seconds=2)
_ROOMS = (1500, 1200, 900, 600, 300, 100)
_LISTS = (
    ("read_user_id_list", Receipt(ReceiptState.SEEN)),
    ("unread_user_id_list", Receipt(ReceiptState.ARRIVED)),
    ("failed_user_id_list", Receipt(ReceiptState.FAILED, 0, "the platform could not send it")),
    (
        "invalid_user_id_list",
        Receipt(ReceiptState.FAILED, NO_SUCH_USER, cure_for(Fault(NO_SUCH_USER))),
    ),
)


class DingTalkNoticeChannel(OneWay):
    """Implements bot.channels.Channel and TellsReceipts. Nothing here can be repeated or redrawn.

    With `links`, what asks for a decision goes to each person with buttons of their own; all else
    goes to up to a hundred people with one call and tells which words answer it.
    """

    name = "dingtalk_notice"
    batch = limits.NOTICE_RECEIVERS
    member_per_minute = limits.MEMBER_PER_MINUTE
    member_per_hour = limits.MEMBER_PER_HOUR

    def __init__(
        self, client: DingTalkClient, clock: Clock, *, links: AnswerLinks | None = None
    ) -> None:
        self._client = client
        self._clock = clock
        self._links = links

    async def send(
        self, content: Content, to: Sequence[str], *, key: str, again: bool = False
    ) -> Sent:
        if again:
            raise SendFailed(Failure.UNKNOWN, reason="a work notification cannot be repeated")
        outcome = Outcome()
        users, refused = receivers(to, self.batch)
        for user, why in refused.items():
            outcome.refuse([user], why)
        if self._links and isinstance(content, Card) and decides(content):
            await self._one_each(content, users, outcome, key)
        elif users:
            await self._to(users, self._message(content, key), outcome)
        return outcome.sent(confirmed=False)

    async def recall(self, message_id: str) -> None:
        """Within 24 h (S0770)."""
        await self._client.notice_recall(_task(message_id))

    async def receipts(self, message_id: str, to: Sequence[str]) -> Mapping[str, Receipt]:
        """Asks getsendresult; a person it says nothing of is left out."""
        result = await self._client.notice_result(_task(message_id))
        found: dict[str, Receipt] = {}
        for name, receipt in _LISTS:
            listed = result.get(name)
            found |= {str(user): receipt for user in (listed if isinstance(listed, list) else [])}
        found |= _forbidden(result)
        return {user: found[user] for user in to if user in found}

    async def _one_each(
        self, card: Card, users: Sequence[str], outcome: Outcome, key: str
    ) -> None:
        """Whom the worker's patience would leave out is not begun: who is, has a known fate."""
        slots = asyncio.Semaphore(limits.CARDS_AT_ONCE)
        ends = asyncio.get_running_loop().time() + BEGIN_WITHIN

        async def one(user: str) -> None:
            async with slots:
                if asyncio.get_running_loop().time() > ends:
                    outcome.refuse([user], later(_NOT_BEGUN, "not begun for this person"))
                    return
                await self._to([user], self._message(card, key, user), outcome)

        async with asyncio.TaskGroup() as group:
            for user in users:
                group.create_task(one(user))

    async def _to(self, users: Sequence[str], message: Json, outcome: Outcome) -> None:
        try:
            task_id = await self._client.notice_send(users, message)
        except SendFailed as failed:
            outcome.fail(users, failed)
            return
        outcome.reached(users, task_id)

    def _message(self, content: Content, key: str, user: str = "") -> Json:
        stamp = words("cards")["sent_at"].format(moment=self._moment())
        match content:
            case Text(said):
                require_words(said)
                return _fitted(lambda room: _text(f"{fit_said(clean(said), room)}\n{stamp}"))
            case Markdown(said):
                require_words(said)
                title = fit_chars(escape_line(said.partition("\n")[0]), limits.TITLE_CHARS)
                text = own_markdown(said)
                return _fitted(lambda r: _markdown(title, f"{fit_said(text, r)}\n\n{stamp}"))
            case Card():
                return self._card(content, key, user, stamp)

    def _card(self, card: Card, key: str, user: str, stamp: str) -> Json:
        buttons = () if card.closed else card.buttons
        if buttons and user and self._links:
            url = self._links.url
            taps = buttons[:1] if submits(card) else buttons
            shown = [Shown(escape_line(b.text), url(key, b.verb, user)) for b in taps]
            if _buttons_fit(shown):
                return _fitted(lambda room: _action(card, shown, stamp, room))
        hint = spoken_hint(card, key, "answer_to_robot") if buttons else ""
        if card.link and card.link.text:
            link = [Shown(escape_line(card.link.text), address(card.link))]
            tail = "\n\n".join(filter(None, (hint, stamp)))
            return _fitted(lambda room: _action(card, link, tail, room))
        tail = "\n\n".join(filter(None, (hint, stamp)))
        return _fitted(lambda room: _markdown(title_of(card), markdown_of(card, tail, room)))

    def _moment(self) -> str:
        local = self._clock.now().astimezone(SHANGHAI)
        return f"{local.month}月{local.day}日 {local:%H:%M:%S}"


def _buttons_fit(shown: Sequence[Shown]) -> bool:
    """The page limits titles, addresses and the whole list (S0775)."""
    whole = sum(len(each.text) + len(each.url) for each in shown)
    return whole <= limits.NOTICE_BUTTONS_CHARS and all(
        len(each.text) <= limits.NOTICE_BUTTON_CHARS and len(each.url) <= limits.NOTICE_URL_CHARS
        for each in shown
    )


def _text(said: str) -> Json:
    return {"msgtype": "text", "text": {"content": said}}


def _markdown(title: str, text: str) -> Json:
    return {"msgtype": "markdown", "markdown": {"title": title or "…", "text": text}}


def _action(card: Card, shown: Sequence[Shown], tail: str, room: int) -> Json:
    body: Json = {"title": title_of(card), "markdown": markdown_of(card, tail, room)}
    if len(shown) == 1:
        body |= {"single_title": shown[0].text, "single_url": shown[0].url}
    else:
        body["btn_orientation"] = "1" if len(shown) == 2 else "0"
        body["btn_json_list"] = [{"title": each.text, "action_url": each.url} for each in shown]
    return {"msgtype": "action_card", "action_card": body}


def _fitted(build: Callable[[int], Json]) -> Json:
    for room in _ROOMS:
        message = build(room)
        if len(orjson.dumps(message)) <= limits.NOTICE_BYTES:
            return message
    raise unfit("the notification is too long whatever is cut")


def _forbidden(result: Json) -> dict[str, Receipt]:
    """People whom a limit kept from getting it; the list with codes is the newer one (S0773)."""
    coarse = result.get("forbidden_user_id_list")
    reason = "forbidden by a limit of the platform"
    found = {
        str(user): Receipt(ReceiptState.FAILED, 0, reason)
        for user in (coarse if isinstance(coarse, list) else [])
    }
    rows = result.get("forbidden_list")
    for row in rows if isinstance(rows, list) else []:
        if isinstance(row, dict):
            code = _number(row.get("code"))
            told = Receipt(ReceiptState.FAILED, code, cure_for(Fault(code)))
            found[str(row.get("userid"))] = told
    return found


def _number(value: object) -> int:
    return int(value) if isinstance(value, int | str) and str(value).isdecimal() else 0


def _task(message_id: str) -> str:
    if not message_id.isdecimal():
        raise unfit("not the id of a work notification")
    return message_id
