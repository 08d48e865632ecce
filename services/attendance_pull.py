"""A ward's roster out of DingTalk's attendance: read whole, then a draft like any other.

Nothing is published by itself, and what could not be read as a whole is not shown in part.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import date
from typing import Any

from message_templates.catalogue import Catalogue
from models import db
from models.clock import SHANGHAI, Clock
from models.ledger import Priority
from services import audit, jobs
from services.actors import Actor, by_id
from services.attendance_cells import margin
from services.attendance_wards import read_ward, unit_name
from services.attendance_windows import Progress, WindowNotRead, WindowReader
from services.ledger import Ledger
from services.permissions import Act, require
from services.purposes import Purpose, from_context
from services.refusals import Refusal
from services.roster_previews import Draft
from services.rosters import Origin, Rosters
from services.sheets.problems import Problem, Severity
from services.sheets.roster import RosterSheet
from services.sign_in import SignIn

PULLED = "rosters.pulled"
SHOWN = 8  # problems of one message


class AttendancePull:
    """`windows` is None where the hospital has not connected any attendance."""

    def __init__(
        self,
        windows: WindowReader | None,
        rosters: Rosters,
        ledger: Ledger,
        sign_in: SignIn,
        catalogue: Catalogue,
        clock: Clock,
    ) -> None:
        self.windows = windows
        self.rosters = rosters
        self.ledger = ledger
        self.sign_in = sign_in
        self.clock = clock
        self._catalogue = catalogue
        ledger.purposes.add([Purpose(PULLED, from_context, Priority.REMINDER, quiet=False)])

    @property
    def today(self) -> date:
        return self.clock.now().astimezone(SHANGHAI).date()

    async def draft(
        self,
        by: Actor | None,
        unit_id: int,
        first: date,
        last: date,
        progress: Progress | None = None,
    ) -> Draft:
        """Read the whole period and show what it would change; stored when `by` is somebody.

        Raises Refusal: not allowed, no such days; WindowNotRead: nothing was stored.
        """
        if by is not None:
            require(by, Act.IMPORT_ROSTER, unit_id)
        windows = self._check(first, last)
        sheet = await self._read(windows, unit_id, first, last, progress)
        cells = [(e.staff.id, e.day.isoformat(), e.labels) for e in sheet.entries]
        body = json.dumps([Origin.DINGTALK, str(first), str(last), cells], ensure_ascii=False)
        digest = hashlib.sha256(body.encode()).hexdigest()
        name = self._say("pull_source", first=first, last=last)
        return await self.rosters.draft_read(by, unit_id, sheet, name, digest, Origin.DINGTALK)

    def _check(self, first: date, last: date) -> WindowReader:
        if self.windows is None:
            raise Refusal("pull_not_here")
        if last < first:
            raise Refusal("pull_days")
        reach = self.windows.source.reach
        if max(abs(first - self.today), abs(last - self.today)) > reach:
            raise Refusal("pull_too_far", most=reach.days)
        return self.windows

    async def _read(
        self,
        windows: WindowReader,
        unit_id: int,
        first: date,
        last: date,
        progress: Progress | None,
    ) -> RosterSheet:
        ward = await read_ward(self.rosters.codes, unit_id, first, last)
        if not ward.people:
            raise Refusal("pull_no_accounts")
        around = margin(await self.rosters.codes.of_unit(unit_id))
        begin = max(first - around, self.today - windows.source.reach)
        end = min(last + around, self.today + windows.source.reach)
        checks = await windows.read(list(ward.people), begin, end, progress)
        sheet = ward.reader.read(checks)
        if not ward.without:
            return sheet
        missing = Problem(
            Severity.WARNING, "plan_without_account", params={"names": "、".join(ward.without)}
        )
        return replace(sheet, problems=(*sheet.problems, missing))

    async def ask(self, by: Actor, unit_id: int, first: date, last: date, wish: str) -> str:
        """Have it read by a job; the answer comes as a message. The unit's name.

        `wish` names this one asking: however often the job runs, it answers once. Raises Refusal.
        """
        require(by, Act.IMPORT_ROSTER, unit_id)
        self._check(first, last)
        body = {"by": by.person_id, "unit": unit_id, "wish": wish}
        await jobs.enqueue(jobs.PULL, json.dumps(body | {"first": str(first), "last": str(last)}))
        await audit.record(
            self.clock.now(), by, "roster.pull_asked", f"units:{unit_id}", first=first, last=last
        )
        return await unit_name(unit_id)

    async def run(self, payload: str) -> None:
        """The job of one asking: read, draft, answer."""
        wish = json.loads(payload)
        by, once = await by_id(wish["by"]), f"{PULLED}:{wish['wish']}"
        answered = await db.fetch_value("SELECT 1 FROM messages WHERE dedupe_key = $1", once)
        if by is None or answered:
            return  # they have left meanwhile, or the job came twice
        first, last = date.fromisoformat(wish["first"]), date.fromisoformat(wish["last"])
        facts = await self._attempt(by, wish["unit"], first, last)
        context = facts | {"unit": await unit_name(wish["unit"]), "first": str(first)}
        context["last"] = str(last)
        async with db.transaction():
            url = ""
            if facts["roster_id"] is not None:
                url = f"{await self.sign_in.link(by)}?roster={facts['roster_id']}"
            await self.ledger.notify(
                PULLED,
                facts["roster_id"] or 0,
                [by.person_id],
                context=context | {"url": url},
                once=once,
            )

    async def _attempt(self, by: Actor, unit_id: int, first: date, last: date) -> dict[str, Any]:
        """What the answer says of it; a failure is an answer too."""
        failed = ""
        draft = Draft(None, "", (), (), (), ())
        try:
            draft = await self.draft(by, unit_id, first, last)
        except Refusal as refusal:
            failed = self._catalogue.phrase("refusals", refusal.key, **refusal.params)
        except WindowNotRead as stopped:
            failed = self.not_read(stopped)
        return {
            "roster_id": draft.roster_id,
            "failed": failed,
            "line": draft.line,
            "errors": list(draft.errors[:SHOWN]),
            "warnings": list(draft.warnings[:SHOWN]),
            "more": max(0, len(draft.errors) - SHOWN) + max(0, len(draft.warnings) - SHOWN),
            "violations": len(draft.violations),
            "minutes": self.sign_in.minutes,
        }

    def not_read(self, stopped: WindowNotRead) -> str:
        """What was not read, why, and the cure."""
        window, failed = stopped.window, stopped.failed
        return self._say(
            "pull_not_read",
            first=window.first,
            last=window.last,
            people=len(window.user_ids),
            reason=failed.reason,
            cure=failed.cure,
        )

    def _say(self, key: str, **facts: object) -> str:
        return self._catalogue.phrase("replies", key, **facts)
