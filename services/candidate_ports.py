"""What the conversation with candidates asks of other rooms of recruiting, by shape."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

# A candidate's id and words → whether an open question about an outcome was answered by them.
HearChoice = Callable[[int, str], Awaitable[bool]]


class Tasks(Protocol):
    """services.candidate_tasks.CandidateTasks, as far as it is needed here."""

    async def open(
        self,
        kind: str,
        *,
        person: int,
        candidate_id: int | None,
        interview_id: int | None = None,
        detail: Mapping[str, Any],
        key: str | None = None,
        due_at: datetime | None = None,
    ) -> int | None: ...

    async def withdraw(
        self,
        kinds: Sequence[str],
        *,
        interview_id: int | None = None,
        candidate_id: int | None = None,
    ) -> None: ...


async def no_choice(_candidate_id: int, _text: str) -> bool:
    return False
