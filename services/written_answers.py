"""A person of HR answers a candidate in writing, from the task that their words became.

What is written goes out word by word, over the chat or by mail; it is checked only for what may
never be asked of a candidate. The task is done with it, in the same transaction.
"""

from __future__ import annotations

from models import db
from models.clock import Clock
from models.ledger import Priority
from services import audit
from services.actors import Actor
from services.candidate_reach import KF, MAIL, ways
from services.candidate_tasks import CandidateTasks
from services.courtesy import check_question
from services.courtesy_rules import CourtesyRules
from services.interview_words import REPLY
from services.ledger import Ledger
from services.personal_data import found_in
from services.refusals import Refusal

KINDS = frozenset({"question", "unclear", "document"})  # tasks that somebody's words became
LONGEST = 500  # characters

_ABOUT = "SELECT kind, candidate_id, interview_id FROM candidate_tasks WHERE id = $1"


class WrittenAnswers:
    def __init__(
        self, ledger: Ledger, tasks: CandidateTasks, courtesy: CourtesyRules, clock: Clock
    ) -> None:
        self.ledger = ledger
        self.tasks = tasks
        self.courtesy = courtesy
        self.clock = clock

    async def send(self, task_id: int, by: Actor, text: str) -> None:
        """Answer and settle the task.

        Raises Refusal: answer_empty, answer_long, answer_unfair, answer_id_card, no_written_way,
        or what settling refuses (task_done, task_gone, not_allowed); nothing was changed then.
        """
        words = self._checked(text)
        task = await db.fetch_one(_ABOUT, task_id)
        if task is None or task["candidate_id"] is None or task["kind"] not in KINDS:
            raise Refusal("task_gone")
        await self.tasks.done(task_id, by, "settled")
        found = await ways(task["candidate_id"], Priority.DECISION, self.clock.now())
        if found.opted_out or not found.channels & {KF, MAIL} & set(self._ladder()):
            raise Refusal("no_written_way")
        await self.ledger.notify_candidate(
            REPLY, task["interview_id"] or 0, task["candidate_id"], context={"text": words}
        )
        subject = f"candidate_tasks:{task_id}"
        await audit.record(self.clock.now(), by, "task.answered", subject, length=len(words))

    def _ladder(self) -> tuple[str, ...]:
        return self.ledger.ladder.candidates

    def _checked(self, text: str) -> str:
        words = text.strip()
        if not words:
            raise Refusal("answer_empty")
        if len(words) > LONGEST:
            raise Refusal("answer_long", most=LONGEST)
        if found_in(words) == "id_card":
            raise Refusal("answer_id_card")
        unfair = [
            word for finding in check_question(words, self.courtesy) for word in finding.words
        ]
        if unfair:
            raise Refusal("answer_unfair", words="、".join(unfair))
        return words
