"""Tasks about candidates: one's list, and one task with the number to dial and its buttons."""

from __future__ import annotations

from aiohttp import web

from models import db
from services.candidate_tasks import KINDS
from services.written_answers import KINDS as WRITTEN
from web.visit import Visit


async def listed(visit: Visit) -> web.Response:
    tasks = await visit.console.tasks.open_of(visit.actor)
    return visit.page("tasks.html", tasks=tasks)


async def one(visit: Visit) -> web.Response:
    task = await visit.console.tasks.seen_by(visit.id_in_path(), visit.actor)
    return visit.page(
        "task.html",
        task=task,
        outcomes=_outcomes(task["kind"], task["question"]),
        writes=task["kind"] in WRITTEN,
    )


async def report(visit: Visit) -> web.StreamResponse:
    task = visit.id_in_path()
    async with db.transaction():
        await visit.console.tasks.done(task, visit.actor, visit.form.get("outcome", ""))
    raise web.HTTPSeeOther(f"/console/tasks/{task}")


async def answer(visit: Visit) -> web.StreamResponse:
    """What was written goes to the candidate as it is, and the task is done."""
    task = visit.id_in_path()
    async with db.transaction():
        await visit.console.answers.send(task, visit.actor, visit.form.get("text", ""))
    raise web.HTTPSeeOther(f"/console/tasks/{task}")


async def take_chat(visit: Visit) -> web.StreamResponse:
    """我来接待: the candidate's chat goes to whoever is signed in."""
    task = visit.id_in_path()
    async with db.transaction():
        await visit.console.chats.take(task, visit.actor)
    raise web.HTTPSeeOther(f"/console/tasks/{task}")


async def give_chat_back(visit: Visit) -> web.StreamResponse:
    """交还给机器人, of the chat this task is about."""
    task = visit.id_in_path()
    facts = await visit.console.tasks.facts(task)  # whoever holds the chat may end it
    async with db.transaction():
        await visit.console.chats.give_back(facts["chat_id"], visit.actor)
    raise web.HTTPSeeOther(f"/console/tasks/{task}")


def _outcomes(kind: str, question: bool) -> list[str]:
    """As on the card: of a call that asks nothing, only whether it was made."""
    if kind != "phone":
        return list(KINDS[kind])
    hidden = {"told"} if question else {"agreed", "other_time", "declined"}
    return [outcome for outcome in KINDS[kind] if outcome not in hidden]
