"""The last rung to a candidate: somebody of HR calls and says what the message says."""

from __future__ import annotations

from collections.abc import Sequence

from bot.channels import Failure, Refused, Sent
from bot.platforms.one_way import OneWay
from models.cards import Card, Content
from services.candidate_reach import PHONE
from services.phone_tasks import Call, PhoneTasks


class PhoneTaskChannel(OneWay):
    """One call is one task. Nothing is confirmed until the person who called reports.

    Receivers are candidates' ids. Repeating a send finds the task that is there already.
    """

    name = PHONE
    batch = 1
    member_per_minute = 5
    member_per_hour = 20

    def __init__(self, calls: PhoneTasks) -> None:
        self._calls = calls

    def repeatable(self, content: Content) -> bool:  # noqa: ARG002 -- of the port
        return True

    async def send(
        self,
        content: Content,
        to: Sequence[str],
        *,
        key: str,
        again: bool = False,  # noqa: ARG002 -- the task's key says it
    ) -> Sent:
        words = in_words(content)
        refused = {}
        reached = True
        for candidate in to:
            state = await self._calls.ask(key, int(candidate), words)
            reached = reached and state is Call.REACHED
            if state in (Call.IMPOSSIBLE, Call.MISSED):
                reason = "no number" if state is Call.IMPOSSIBLE else "nobody picked up"
                refused[candidate] = Refused(0, reason, Failure.RECIPIENT)
        return Sent("", refused=refused, confirmed=reached)


def in_words(content: Content) -> str:
    """Everything a content says, to be read aloud; its buttons are the task's."""
    if not isinstance(content, Card):
        return content.content
    facts = (f"{fact.label}：{fact.value}" for fact in content.facts)
    options = (option.text for select in content.selects for option in select.options)
    return "\n".join(filter(None, (content.title, content.body, *facts, *options)))
