"""The to-do tasks of the organisation, and what a person's phone shows of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from simulator.dingtalk.org import Org, Person


@dataclass(slots=True)
class Todo:
    """One task. `done` holds the unionIds of executors who are finished; times are in ms."""

    id: str
    subject: str
    description: str
    source_id: str
    creator: str
    executors: list[str]
    participants: list[str]
    app_url: str
    pc_url: str
    created: int
    due: int | None = None
    priority: int = 20
    only_executors: bool = False
    done: set[str] = field(default_factory=set)
    modified: int = 0
    finished: int | None = None

    @property
    def all_done(self) -> bool:
        return bool(self.executors) and set(self.executors) <= self.done

    def concerns(self, unionid: str) -> bool:
        watching = [] if self.only_executors else [*self.participants, self.creator]
        return unionid in self.executors or unionid in watching


@dataclass(slots=True)
class Todos:
    """All tasks by id, in order of creation; `rev` grows with every change."""

    by_id: dict[str, Todo] = field(default_factory=dict)
    rev: int = 0

    def source(self, source_id: str) -> Todo | None:
        return next(
            (t for t in self.by_id.values() if source_id and t.source_id == source_id), None
        )

    def of(self, org: Org, who: Person) -> list[dict[str, Any]]:
        """What the to-do page of this person's phone shows."""
        mine = [t for t in self.by_id.values() if t.concerns(who.unionid)]
        return [_shown(org, todo, who.unionid) for todo in mine]


def _shown(org: Org, todo: Todo, unionid: str) -> dict[str, Any]:
    creator = org.by_union(todo.creator)
    done = unionid in todo.done if unionid in todo.executors else todo.all_done
    return {
        "id": todo.id,
        "subject": todo.subject,
        "description": todo.description,
        "due": _moment(todo.due),
        "done": done,
        "finished_at": _moment(todo.finished),
        "url": todo.app_url or todo.pc_url,
        "priority": todo.priority,
        "source_id": todo.source_id,
        "creator": creator.name if creator else "",
    }


def _moment(milliseconds: int | None) -> str | None:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat() if milliseconds else None
