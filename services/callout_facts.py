"""A call-out as its cards and pages show it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from models import db
from models.callouts import AnswerState, CallKind, CallState
from models.clock import SHANGHAI
from services.callout_eligibility import Barred
from services.callout_wish import CallWish
from services.rest_rules import describe_violation
from services.skills import Skills

DATES = "%m月%d日"  # as everywhere in chat
LATER = (15, 30, 45, 60, 90)  # minutes after the time, offered to who comes later

_LOAD = """
SELECT c.*, u.name AS unit, p.name AS launcher, n.*
  FROM call_outs c
  JOIN persons p ON p.id = c.by_id
  LEFT JOIN units u ON u.id = c.unit_id
  CROSS JOIN LATERAL (
    SELECT count(*) AS asked,
           count(*) FILTER (WHERE a.state = 'no') AS declined,
           count(*) FILTER (WHERE a.state IN ('asked', 'stood_down')) AS silent,
           count(*) FILTER (WHERE a.state = 'left') AS gave_back,
           count(*) FILTER (WHERE a.state = 'too_late') AS too_late,
           count(*) FILTER (WHERE a.state = 'barred') AS barred,
           count(*) FILTER (WHERE a.state = 'yes' AND a.eta > c.report_at) AS later,
           max(a.eta) FILTER (WHERE a.state = 'yes') AS last_eta
      FROM call_answers a WHERE a.call_out_id = c.id) n
 WHERE {where} ORDER BY c.id DESC
"""


@dataclass(frozen=True, slots=True)
class CallView:
    """A call-out with its numbers. `silent` have not answered, `later` come after the time,
    `barred` would have come and may not.
    """

    id: int
    kind: CallKind
    state: CallState
    place: str
    skill: str  # its name; "" for anybody clinical
    reason: str
    unit: str
    launcher: str
    by_id: int
    needed: int
    taken: int
    asked: int
    declined: int
    silent: int
    gave_back: int
    too_late: int
    barred: int
    later: int
    last_eta: datetime | None
    wave: int
    report_at: datetime
    ends_at: datetime
    launched_at: datetime
    full_at: datetime | None
    closed_at: datetime | None
    short_at: datetime | None

    @property
    def open(self) -> bool:
        return self.state in (CallState.ASKING, CallState.FULL)


class CallFacts:
    def __init__(self, skills: Skills, words: Mapping[str, str], rules: Mapping[str, Any]) -> None:
        """`rules` is the parsed `rules/rest_rules.toml`."""
        self.skills = skills
        self.words = words
        self.rules = rules

    async def views(self, where: str, *args: Any) -> list[CallView]:
        """Newest first; `where` is one of our own conditions."""
        return [self._view(row) for row in await db.fetch(_LOAD.format(where=where), *args)]

    async def by_id(self, ids: Sequence[int]) -> dict[int, CallView]:
        return {view.id: view for view in await self.views("c.id = ANY($1)", list(ids))}

    def skill_name(self, key: str) -> str:
        """How people call it; a skill that the hospital has since dropped keeps its key."""
        return self.skills[key].name if key in self.skills else key

    def _view(self, row: db.Row) -> CallView:
        return CallView(
            id=row["id"],
            kind=CallKind(row["kind"]),
            state=CallState(row["state"]),
            place=row["place"],
            skill=self.skill_name(row["skill"]),
            reason=row["reason"],
            unit=row["unit"] or "",
            launcher=row["launcher"],
            by_id=row["by_id"],
            needed=row["needed"],
            taken=row["taken"],
            asked=row["asked"],
            declined=row["declined"],
            silent=row["silent"],
            gave_back=row["gave_back"],
            too_late=row["too_late"],
            barred=row["barred"],
            later=row["later"],
            last_eta=row["last_eta"],
            wave=row["wave"],
            report_at=row["report_at"],
            ends_at=row["ends_at"],
            launched_at=row["launched_at"],
            full_at=row["full_at"],
            closed_at=row["closed_at"],
            short_at=row["short_at"],
        )

    def asking(
        self,
        view: CallView,
        mine: AnswerState = AnswerState.ASKED,
        eta: datetime | None = None,
        barred: Barred | None = None,
    ) -> dict[str, Any]:
        """What is asked, and how it stands with the one who looks at it."""
        return {
            "kind": str(view.kind),
            "place": view.place,
            "skill": view.skill,
            "reason": view.reason,
            "launcher": view.launcher,
            "report_at": view.report_at,
            "ends_at": view.ends_at,
            "state": str(view.state),
            "mine": str(mine),
            "eta": eta or view.report_at,
            "etas": self._etas(view),
            "why": self._why(barred) if barred else "",
        }

    def _why(self, barred: Barred) -> str:
        """To the one who may not come: which rule, or where else they go."""
        if barred.violations:
            return describe_violation(barred.violations[0], self.rules, DATES)
        return self.words[f"barred_{barred.reason}"].format(place=barred.place)

    def told(self, view: CallView, context: Mapping[str, Any]) -> dict[str, Any]:
        """A line to the launcher; why somebody may not come is said as shortly as in a preview."""
        said = {"likely": 0, "left": 0, "name": "", **context, **self.board(view)}
        reason = context.get("why")
        return said | {"why": self.words[f"excluded_{reason}"] if reason else ""}

    def _etas(self, view: CallView) -> list[dict[str, str]]:
        times = [(step, view.report_at + timedelta(minutes=step)) for step in LATER]
        return [{"id": "none", "text": self.words["eta_none"]}] + [
            {"id": str(step), "text": self.words["eta"].format(time=_time(at))}
            for step, at in times
            if at < view.ends_at
        ]

    def board(self, view: CallView) -> dict[str, Any]:
        """What the launcher sees: every number, and nothing that is not known."""
        return {
            "kind": str(view.kind),
            "place": view.place,
            "skill": view.skill,
            "needed": view.needed,
            "taken": view.taken,
            "asked": view.asked,
            "declined": view.declined,
            "silent": view.silent,
            "gave_back": view.gave_back,
            "too_late": view.too_late,
            "barred": view.barred,
            "later": view.later,
            "last_eta": view.last_eta or "",
            "wave": view.wave,
            "report_at": view.report_at,
            "launched_at": view.launched_at,
            "closed_at": view.closed_at or "",
            "short": view.short_at is not None,
            "state": str(view.state),
        }


def _time(at: datetime) -> str:
    return f"{at.astimezone(SHANGHAI):%H:%M}"


def wish_of(row: Mapping[str, Any]) -> CallWish:
    """The wish that a stored call-out came from."""
    return CallWish(
        kind=CallKind(row["kind"]),
        place=row["place"],
        needed=row["needed"],
        report_at=row["report_at"],
        ends_at=row["ends_at"],
        skill=row["skill"],
        reason=row["reason"],
        unit_id=row["unit_id"],
    )


async def answer_of(call_out_id: int, person_id: int) -> db.Row | None:
    return await db.fetch_one(
        "SELECT * FROM call_answers WHERE call_out_id = $1 AND person_id = $2",
        call_out_id,
        person_id,
    )
