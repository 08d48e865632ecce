"""To-do lists of DingTalk behind the port of services/todos.py (S0793, S0797)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

from bot.channels import Failure, SendFailed
from bot.platforms.dingtalk.client import DingTalkClient
from bot.platforms.dingtalk.errors import MonthUsedUp
from bot.platforms.dingtalk.transport import Json
from bot.platforms.fitting import fit_chars
from services.todos import NewTodo, TodoFailed

SUBJECT_CHARS = 1024
DESCRIPTION_CHARS = 4096  # the page names no limit
REST = timedelta(minutes=10)  # a missing right or a spent quota: somebody has to act first


class DingTalkTodoList:
    """Each to-do is its person's own: they are creator, executor and the only one to see it."""

    def __init__(self, client: DingTalkClient) -> None:
        self._client = client

    async def create(self, todo: NewTodo) -> str:
        """Asked for twice, the platform answers that the task exists; then it is looked up.

        The page does not name the code of that answer, so any refusal of the request is taken as
        a reason to look; what is not there was refused for itself.
        """
        try:
            made = await _asked(lambda: self._client.todo_create(todo.union_id, _body(todo)))
        except TodoFailed as failed:
            if failed.again:
                raise
            found = await self.find(todo.union_id, todo.source_id)
            if not found:
                raise failed from None
            return found
        return _id(made) or await self._must_find(todo)

    async def _must_find(self, todo: NewTodo) -> str:
        found = await self.find(todo.union_id, todo.source_id)
        if not found:
            raise TodoFailed("created without an id, and not to be found")
        return found

    async def find(self, union_id: str, source_id: str) -> str:
        """By the source id: an address that only DingTalk's own SDK names, not its pages."""
        try:
            return _id(await _asked(lambda: self._client.todo_find(union_id, source_id)))
        except TodoFailed as failed:
            if failed.again:
                raise
            return ""

    async def close(self, union_id: str, todo_id: str) -> None:
        await _asked(
            lambda: self._client.todo_executor_status(union_id, todo_id, {union_id: True})
        )


def _body(todo: NewTodo) -> Json:
    return {
        "sourceId": todo.source_id,
        "subject": fit_chars(todo.subject, SUBJECT_CHARS),
        "description": fit_chars(todo.description, DESCRIPTION_CHARS),
        "creatorId": todo.union_id,
        "executorIds": [todo.union_id],
        "dueTime": int(todo.due.timestamp() * 1000),
        "detailUrl": {"appUrl": todo.detail_url, "pcUrl": todo.detail_url},
        "isOnlyShowExecutor": True,
    }


def _id(answer: Json) -> str:
    found = answer.get("id")
    return found if isinstance(found, str) else ""


async def _asked(call: Callable[[], Awaitable[Json]]) -> Json:
    """What the client's failures mean for a to-do: again later, not our turn yet, or never."""
    try:
        return await call()
    except (
        MonthUsedUp
    ) as failed:  # next month it can be closed, and what is over needs no creating
        raise TodoFailed(failed.reason, wait=failed.wait, counts=False) from failed
    except SendFailed as failed:
        match failed.failure:
            case Failure.REQUEST | Failure.RECIPIENT:
                raise TodoFailed(failed.reason, again=False) from failed
            case Failure.WINDOW:
                raise TodoFailed(failed.reason, wait=failed.wait, counts=False) from failed
            case Failure.CONFIGURATION:
                raise TodoFailed(failed.reason, wait=max(failed.wait or REST, REST)) from failed
            case Failure.RETRY | Failure.UNKNOWN:
                raise TodoFailed(failed.reason, wait=failed.wait) from failed
