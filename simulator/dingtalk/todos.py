"""To-do tasks [S0793, S0797]; people are named by unionId everywhere here."""

from __future__ import annotations

from typing import Any

from simulator.dingtalk.asks import Api, Ask, Reply
from simulator.dingtalk.errors import NewError
from simulator.dingtalk.memory import new_id
from simulator.dingtalk.org import Person
from simulator.dingtalk.todo_list import Todo

SUBJECT, DESCRIPTION, URL_BYTES = 1024, 4096, 1024
MOST_PEOPLE, MOST_UPDATES = 100, 1000
PRIORITIES = (10, 20, 30, 40)
BIZ_TAG = "third_party"


def _create(ask: Ask) -> Reply:
    owner, body = _owner(ask), ask.body
    subject = body.get("subject")
    if not isinstance(subject, str) or not subject:
        raise _wrong("taskCreate")
    source_id = str(body.get("sourceId") or "")
    if ask.memory.todos.source(source_id):
        raise _wrong("taskCreate", "task exist")
    now = ask.service.now_ms()
    app_url, pc_url = _urls(body.get("detailUrl"))
    todo = Todo(
        id=new_id("task"),
        subject=_short(subject, SUBJECT, "subject"),
        description=_short(str(body.get("description") or ""), DESCRIPTION, "description"),
        source_id=source_id,
        creator=_people(ask, [body.get("creatorId") or owner.unionid], "creators")[0],
        executors=_people(ask, body.get("executorIds") or [], "executors"),
        participants=_people(ask, body.get("participantIds") or [], "participants"),
        created=now,
        modified=now,
        due=_due(body.get("dueTime")),
        priority=_priority(body.get("priority")),
        only_executors=body.get("isOnlyShowExecutor") is True,
        app_url=app_url,
        pc_url=pc_url,
    )
    ask.memory.todos.by_id[todo.id] = todo
    _changed(ask, todo)
    return _view(todo)


def _read_source(ask: Ask) -> Reply:
    _owner(ask)
    todo = ask.memory.todos.source(ask.path["source_id"])
    if todo is None:
        raise _wrong("taskGet", "task not exist")
    ask.call.summary = todo.subject[:60]
    return _view(todo)


def _executors(ask: Ask) -> Reply:
    """Executors are finished, or open again; each is named by unionId."""
    todo = _task(ask, "taskExecutorStatusUpdate")
    rows = ask.body.get("executorStatusList")
    if not isinstance(rows, list) or not rows:
        raise _wrong("taskExecutorStatusUpdate")
    if len(rows) > MOST_UPDATES:
        raise _wrong("taskExecutorStatusUpdate", "executors is oversize")
    if any(row.get("id") not in todo.executors for row in rows):
        raise _wrong("taskExecutorStatusUpdate")
    for row in rows:
        (todo.done.add if row.get("isDone") is True else todo.done.discard)(row["id"])
    todo.finished = ask.service.now_ms() if todo.all_done else None
    _changed(ask, todo)
    return {"result": True, "requestId": new_id()}


def _delete(ask: Ask) -> Reply:
    todo = _task(ask, "taskDelete")
    del ask.memory.todos.by_id[todo.id]
    _changed(ask, todo)
    return {"result": True, "requestId": new_id()}


def _owner(ask: Ask) -> Person:
    """The person of the address, and of operatorId if that is given."""
    for unionid in (ask.path["union_id"], ask.query.get("operatorId")):
        if unionid and ask.org.by_union(unionid) is None:
            raise NewError(400, "param.error", f"unionId {unionid[:8]}… is of nobody here")
    found = ask.org.by_union(ask.path["union_id"])
    assert found
    return found


def _task(ask: Ask, function: str) -> Todo:
    _owner(ask)
    todo = ask.memory.todos.by_id.get(ask.path["task_id"])
    if todo is None:
        raise _wrong(function, "task not exist")
    return todo


def _changed(ask: Ask, todo: Todo) -> None:
    todo.modified = ask.service.now_ms()
    ask.memory.todos.rev += 1
    ask.call.summary = todo.subject[:60]
    ask.sim.pulse.bump()


def _wrong(function: str, message: str = "") -> NewError:
    code = f"todo.{function}.paramError"
    return NewError(400, code, message or code)


def _short(text: str, most: int, name: str) -> str:
    if len(text) > most:
        raise _wrong("taskCreate", f"{name} is oversize")
    return text


def _people(ask: Ask, unionids: list[Any], name: str) -> list[str]:
    if len(unionids) > MOST_PEOPLE:
        raise _wrong("taskCreate", f"{name} is oversize")
    if any(ask.org.by_union(str(u)) is None for u in unionids):
        raise _wrong("taskCreate")
    return [str(u) for u in unionids]


def _due(value: object) -> int | None:
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
        raise _wrong("taskCreate", "dueTime is invalid")
    return value


def _priority(value: object) -> int:
    if value is None:
        return 20
    if value not in PRIORITIES:
        raise _wrong("taskCreate")
    return int(str(value))


def _urls(raw: object) -> tuple[str, str]:
    """Mandatory since 2024-02-01: only tasks of third parties are made here."""
    if not isinstance(raw, dict) or not (raw.get("appUrl") or raw.get("pcUrl")):
        raise _wrong("taskCreate", "detailUrl is required")
    app_url, pc_url = str(raw.get("appUrl") or ""), str(raw.get("pcUrl") or "")
    if max(len(app_url.encode()), len(pc_url.encode())) > URL_BYTES:
        raise _wrong("taskCreate")
    return app_url, pc_url


def _view(todo: Todo) -> dict[str, Any]:
    body = {
        "id": todo.id,
        "subject": todo.subject,
        "description": todo.description,
        "startTime": todo.created,
        "done": todo.all_done,
        "executorIds": todo.executors,
        "participantIds": todo.participants,
        "detailUrl": {"appUrl": todo.app_url, "pcUrl": todo.pc_url},
        "source": BIZ_TAG,
        "sourceId": todo.source_id,
        "createdTime": todo.created,
        "modifiedTime": todo.modified,
        "creatorId": todo.creator,
        "modifierId": todo.creator,
        "bizTag": BIZ_TAG,
        "requestId": new_id(),
        "isOnlyShowExecutor": todo.only_executors,
        "priority": todo.priority,
        "dueTime": todo.due,
        "finishTime": todo.finished,
    }
    return {name: value for name, value in body.items() if value is not None}


_TASKS = "v1.0/todo/users/{union_id}/tasks"
APIS = (
    Api("POST", _TASKS, _create, scope="Todo.Todo.Write"),
    Api("GET", _TASKS + "/sources/{source_id}", _read_source, scope="Todo.Todo.Read"),
    Api("PUT", _TASKS + "/{task_id}/executorStatus", _executors, scope="Todo.Todo.Write"),
    Api("DELETE", _TASKS + "/{task_id}", _delete, scope="Todo.Todo.Write"),
)
