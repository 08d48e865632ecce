"""Interactive cards of our own template: one per person, created, found again, updated.

Pages S0783, S0782, C1-0009. `outTrackId` is chosen by us, so that a creation of unknown fate can
be looked for before it is made again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from bot.channels import AGAIN, Failure, Refused, SendFailed
from bot.platforms.dingtalk import limits
from bot.platforms.dingtalk.cards import card_params
from bot.platforms.dingtalk.client import DingTalkClient
from bot.platforms.dingtalk.errors import (
    CARD_EXISTS,
    CARD_MISSING,
    Refusal,
    cure,
    verdict,
)
from bot.platforms.dingtalk.messages import title_of
from bot.platforms.dingtalk.outcome import Outcome, later, no_such_user
from bot.platforms.dingtalk.transport import Json
from models.cards import Card

# The worker gives a send fifteen seconds in all; who has not begun by then has surely got nothing.
BEGIN_WITHIN = 6.0  # seconds after which no further person is begun
_NOT_BEGUN = timedelta(seconds=2)
_OPTIONS = {"updateCardDataByKey": True, "updatePrivateDataByKey": True}
_NO_CARDS = frozenset({"card_template", "no_permission", "forbidden"})


@dataclass(slots=True)
class _Run:
    """One send to many: what all of its calls share."""

    card: Card
    params: dict[str, str]
    key: str
    again: bool
    outcome: Outcome
    ends: float
    left: dict[str, SendFailed] = field(default_factory=dict)
    slots: asyncio.Semaphore = field(
        default_factory=lambda: asyncio.Semaphore(limits.CARDS_AT_ONCE)
    )


class PersonCards:
    """`route` is the key of a registered HTTP callback; empty lets taps come over Stream."""

    def __init__(self, client: DingTalkClient, template: str, route: str = "") -> None:
        self._client = client
        self._template = template
        self._route = route

    async def send(
        self, card: Card, users: Sequence[str], outcome: Outcome, *, key: str, again: bool
    ) -> dict[str, SendFailed]:
        """A card for each of `users`; returns those whom cards cannot be sent to at all, and why.

        The first goes alone: if the template is missing, that costs one call and not twenty.
        Raises SendFailed(REQUEST) for what our template cannot show.
        """
        ends = asyncio.get_running_loop().time() + BEGIN_WITHIN
        run = _Run(card, card_params(card), key, again, outcome, ends)
        await self._to_one(run, users[0])
        if run.left:
            return dict.fromkeys(users, run.left[users[0]])
        async with asyncio.TaskGroup() as group:
            for user in users[1:]:
                group.create_task(self._to_one(run, user))
        outcome.response_code = AGAIN
        return run.left

    async def update(self, card: Card, users: Sequence[str], *, key: str) -> None:
        """Draw the card anew for these people. Raises SendFailed when it should be tried again."""
        params = card_params(card)
        slots = asyncio.Semaphore(limits.CARDS_AT_ONCE)

        async def one(user: str) -> SendFailed | None:
            async with slots:
                try:
                    await self._put(track_id(key, user), params)
                except SendFailed as failed:
                    return None if _word(failed) == CARD_MISSING else failed
            return None

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(user)) for user in users]
        failures = [failed for task in tasks if (failed := task.result()) is not None]
        if failures:
            # What may pass comes first: a redraw is tried again only then.
            raise min(failures, key=lambda failed: failed.failure is Failure.REQUEST)

    async def _to_one(self, run: _Run, user: str) -> None:
        async with run.slots:
            if asyncio.get_running_loop().time() > run.ends:
                run.outcome.refuse([user], later(_NOT_BEGUN, "not begun for this person"))
                return
            try:
                await self._put_or_create(run, user)
            except SendFailed as failed:
                if not _unusable(failed):
                    run.outcome.fail([user], failed)
                elif run.again:  # what the first call sent instead cannot be looked for
                    unsure = Refused(failed.code, failed.reason, Failure.UNKNOWN)
                    run.outcome.refuse([user], unsure)
                else:
                    run.left[user] = failed

    async def _put_or_create(self, run: _Run, user: str) -> None:
        track = track_id(run.key, user)
        if run.again and await self._exists(run, track):
            run.outcome.reached([user], "")
            return
        try:
            answer = await self._client.card_create(self._body(run, track, user))
        except SendFailed as failed:
            if _word(failed) != CARD_EXISTS:
                raise
            run.outcome.reached([user], "")
            return
        self._record(answer, user, run.outcome)

    async def _exists(self, run: _Run, track: str) -> bool:
        """Ask by an update that changes nothing: somebody may have answered the card already."""
        try:
            await self._put(track, {"source": run.params["source"]})
        except SendFailed as failed:
            if _word(failed) == CARD_MISSING:
                return False
            raise
        return True

    async def _put(self, track: str, params: dict[str, str]) -> None:
        body = {
            "outTrackId": track,
            "userIdType": 1,
            "cardData": {"cardParamMap": params},
            "cardUpdateOptions": _OPTIONS,  # without them all other variables are wiped
        }
        await self._client.card_update(body)

    def _body(self, run: _Run, track: str, user: str) -> Json:
        title = title_of(run.card)
        calls_back: Json = {"callbackType": "STREAM"}
        if self._route:
            calls_back = {"callbackType": "HTTP", "callbackRouteKey": self._route}
        return {
            "cardTemplateId": self._template,
            "outTrackId": track,
            "userIdType": 1,
            **calls_back,
            "cardData": {"cardParamMap": run.params},
            "openSpaceId": f"dtv1.card//IM_ROBOT.{user}",
            "imRobotOpenSpaceModel": {
                "supportForward": False,
                "lastMessageI18n": {"ZH_CN": title},
                "notification": {"alertContent": title, "notificationOff": False},
            },
            "imRobotOpenDeliverModel": {
                "spaceType": "IM_ROBOT",
                "robotCode": self._client.robot_code,
            },
        }

    def _record(self, answer: Json, user: str, outcome: Outcome) -> None:
        """200 and success may still hold a delivery that failed (S0783)."""
        result = answer.get("result")
        results = result.get("deliverResults") if isinstance(result, dict) else None
        told = results[0] if isinstance(results, list) and results else None
        if not answer.get("success", True) or not isinstance(told, dict):
            outcome.refuse([user], Refused(0, cure("unsure"), Failure.UNKNOWN))
        elif told.get("success") is False:
            outcome.refuse([user], no_such_user())
        else:
            outcome.reached([user], str(told.get("carrierId") or ""))


def track_id(key: str, user: str) -> str:
    """The id of one person's card; a callback's task id is what stands before the first `~`."""
    return f"{key}~{user}"


def _word(failed: SendFailed) -> object:
    return failed.fault.code if isinstance(failed, Refusal) else None


def _unusable(failed: SendFailed) -> bool:
    if not isinstance(failed, Refusal):
        return False
    return verdict(failed.fault.code, failed.fault.status).cure in _NO_CARDS
