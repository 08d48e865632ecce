"""What the candidate's page asks of the services, by shape."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from models.clock import Clock
from models.interviews import InterviewState
from services.entry_links import EntryLinks, Signed
from services.hospital import Hospital
from services.new_links import NewLinks

FORM = "candidate.form"  # the purpose of the token in every form


class Slot(Protocol):
    @property
    def slot_id(self) -> int: ...
    @property
    def starts_at(self) -> datetime: ...
    @property
    def ends_at(self) -> datetime: ...
    @property
    def place(self) -> str: ...


class View(Protocol):
    """services.interview_facts.InterviewView, as far as the page shows it."""

    @property
    def state(self) -> InterviewState: ...
    @property
    def address(self) -> str: ...
    @property
    def post(self) -> str: ...
    @property
    def starts_at(self) -> datetime | None: ...
    @property
    def place(self) -> str: ...
    @property
    def documents(self) -> Sequence[str]: ...
    @property
    def contact(self) -> str: ...
    @property
    def phone(self) -> str: ...
    @property
    def map(self) -> str: ...
    @property
    def offered(self) -> Sequence[Slot]: ...
    @property
    def slot_id(self) -> int | None: ...
    @property
    def queue_no(self) -> int | None: ...
    @property
    def group(self) -> str: ...
    @property
    def result_due_at(self) -> datetime | None: ...
    @property
    def made_public(self) -> bool: ...


class Answers(Protocol):
    """services.interview_answers.InterviewAnswers."""

    async def view(self, interview_id: int) -> View: ...

    async def confirm(self, interview_id: int, *, via: str) -> None: ...

    async def offer(
        self, interview_id: int, *, via: str = ..., say: bool = ...
    ) -> Sequence[Slot]: ...

    async def choose(self, interview_id: int, slot_id: int, *, via: str) -> None: ...

    async def decline(self, interview_id: int, *, via: str) -> None: ...


class OpenQuestion(Protocol):
    """services.outcome_choices.Open."""

    @property
    def outcome_id(self) -> int: ...
    @property
    def may_choose(self) -> bool: ...
    @property
    def may_rate(self) -> bool: ...


class Choices(Protocol):
    """services.outcome_choices.OutcomeChoices; `delete` asks for the deletion of everything."""

    async def open_question(self, candidate_id: int) -> OpenQuestion | None: ...

    async def keep(self, candidate_id: int, *, via: str) -> object: ...

    async def delete(self, candidate_id: int, *, via: str) -> None: ...

    async def rate(self, candidate_id: int, points: int, *, via: str) -> None: ...


class Leaving(Protocol):
    """services.erasure.Erasure, as far as the page asks it."""

    async def request(self, candidate_id: int, by: str, why: str) -> str: ...

    async def pending(self, candidate_id: int) -> bool: ...


@dataclass(frozen=True)
class CandidatePages:
    """All the page works with.

    `ask` brings what somebody wrote to the conversation (candidate id, words); `opt_out` notes
    that they want no more messages. `forms` signs for FORM; `words` are candidates/page.toml.
    """

    links: EntryLinks
    forms: Signed
    answers: Answers
    choices: Choices
    leaving: Leaving
    ask: Callable[[int, str], Awaitable[object]]
    opt_out: Callable[[int], Awaitable[object]]
    new_links: NewLinks
    words: Mapping[str, Any]
    hospital: Hospital
    clock: Clock
