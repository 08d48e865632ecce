"""One request of somebody who is signed in, and the answers a page can give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from aiohttp import web
from jinja2 import Environment

from message_templates.catalogue import Catalogue
from models.clock import SHANGHAI, Clock
from models.visible import visible
from services.actors import Actor
from services.callouts import CallOuts
from services.candidate_tasks import CandidateTasks
from services.chat_transfers import ChatTransfers
from services.checklist_reopening import Reopening
from services.checklists import Checklists
from services.console.licences import LicencePages
from services.courtesy_rules import CourtesyRules
from services.dead_letters import DeadLetters
from services.evidence import Evidence
from services.hospital import Hospital
from services.interview_answers import InterviewAnswers
from services.invitations import Invitations
from services.outcomes import Outcomes
from services.recruiting_uploads import RecruitingUploads
from services.refusals import Refusal
from services.result_notices import ResultNotices
from services.rosters import Rosters
from services.sign_in import SignIn
from services.skills import Skills
from services.slots import Slots
from services.staff_uploads import StaffUploads
from services.staffing_uploads import StaffingUploads
from services.talent_pool import TalentPool
from services.written_answers import WrittenAnswers
from services.wrong_absences import WrongAbsences

LARGEST_ID = 2**63 - 1


@dataclass(frozen=True)
class RecruitingDesk:
    """What the pages about posts and candidates work with."""

    uploads: RecruitingUploads
    invitations: Invitations
    outcomes: Outcomes
    pool: TalentPool
    slots: Slots
    answers: InterviewAnswers
    absences: WrongAbsences
    public: ResultNotices
    courtesy: CourtesyRules


@dataclass(frozen=True)
class CallOutDesk:
    """What the pages about call-outs work with."""

    calls: CallOuts
    skills: Skills


@dataclass(frozen=True)
class Console:
    """All the console works with. `samples` is a folder of sheets to try, in the demo only."""

    sign_in: SignIn
    rosters: Rosters
    uploads: StaffUploads
    dead_letters: DeadLetters
    tasks: CandidateTasks
    chats: ChatTransfers
    answers: WrittenAnswers
    recruiting: RecruitingDesk
    callouts: CallOutDesk
    lists: Checklists
    reopening: Reopening
    catalogue: Catalogue
    hospital: Hospital
    clock: Clock
    staffing: StaffingUploads
    licences: LicencePages
    evidence: Evidence
    samples: Path | None = None


@dataclass(frozen=True, slots=True)
class SentFile:
    name: str
    data: bytes


@dataclass(frozen=True)
class Visit:
    """Who asks, with which form, over which services. `token` is what its forms must carry."""

    console: Console
    pages: Environment
    request: web.Request
    actor: Actor
    token: str
    form: Mapping[str, str] = field(default_factory=dict)
    file: SentFile | None = None

    @property
    def now(self) -> datetime:
        return self.console.clock.now()

    @property
    def today(self) -> date:
        return self.now.astimezone(SHANGHAI).date()

    def page(self, template: str, /, *, status: int = 200, **facts: Any) -> web.Response:
        """The template as an answer, with what every page shows."""
        body = self.pages.get_template(template).render(
            hospital=self.console.hospital,
            actor=self.actor,
            token=self.token,
            path=self.request.path,
            now=self.now,
            today=self.today,
            **facts,
        )
        return html(body, status)

    def id_in_path(self, name: str = "id") -> int:
        return number(self.request.match_info[name])

    def query(self, name: str) -> str:
        return visible(self.request.query.get(name, "")).strip()

    def refused(self, refusal: Refusal) -> str:
        """What a refusal says."""
        return self.console.catalogue.phrase("refusals", refusal.key, **refusal.params)


def html(body: str, status: int = 200) -> web.Response:
    return web.Response(text=body, status=status, content_type="text/html", charset="utf-8")


def masked(name: str) -> str:
    """李小样 as 李＊＊: enough to know oneself, little for whom a link is forwarded to."""
    return name[:1] + "＊" * max(len(name) - 1, 0)


def number(text: str) -> int:
    """An id out of a path or a form. Raises Refusal, as for anything that is not there."""
    if not (text.isascii() and text.isdigit()) or len(text) > 19 or int(text) > LARGEST_ID:
        raise Refusal("not_allowed")
    return int(text)


def day_of(text: str) -> date | None:
    """A date out of a form, or None when there is none that makes sense."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 2000 <= found.year <= 2100 else None
