"""What HR reports of a candidate's answer, heard or read, is the answer itself."""

from __future__ import annotations

from models.interviews import OPEN, InterviewState
from services.actors import Actor
from services.candidate_tasks import CandidateTasks, Task
from services.interview_answers import InterviewAnswers
from services.interview_facts import InterviewView
from services.refusals import Refusal

KINDS = ("phone", "unclear")


class TaskAnswers:
    """Registers the outcomes agreed, other_time and declined of the tasks that ask for them."""

    def __init__(self, tasks: CandidateTasks, answers: InterviewAnswers) -> None:
        self.answers = answers
        for kind in KINDS:
            tasks.on(kind, "agreed", self._agreed)
            tasks.on(kind, "other_time", self._other_time)
            tasks.on(kind, "declined", self._declined)

    async def _agreed(self, task: Task, by: Actor) -> None:  # noqa: ARG002 -- a deed of a task
        """Raises Refusal: which_slot where several times could be meant, and the console chooses;
        time_changed where what is offered now was not yet offered when the task was opened."""
        view = await self._open(task)
        if view is None:
            return
        if not view.offered:
            await self.answers.confirm(view.interview_id, via=task.kind)
        elif view.offered_at is not None and task.opened_at < view.offered_at:
            raise Refusal("time_changed")
        elif view.state is InterviewState.CHOOSING and len(view.offered) == 1:
            await self.answers.choose(view.interview_id, view.offered[0].slot_id, via=task.kind)
        else:
            raise Refusal("which_slot")

    async def _other_time(self, task: Task, by: Actor) -> None:  # noqa: ARG002 -- a deed
        view = await self._open(task)
        if view is not None:
            await self.answers.offer(view.interview_id, via=task.kind)

    async def _declined(self, task: Task, by: Actor) -> None:  # noqa: ARG002 -- a deed of a task
        view = await self._open(task)
        if view is not None:
            words = str(task.detail.get("words", ""))
            await self.answers.decline(view.interview_id, via=task.kind, words=words)

    async def _open(self, task: Task) -> InterviewView | None:
        """None when the task is about no interview, or about one that is over."""
        if task.interview_id is None:
            return None
        view = await self.answers.view(task.interview_id)
        return view if view.state in OPEN else None
