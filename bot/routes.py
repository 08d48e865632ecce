"""All handlers as one router; whether every purpose and button has its words and its handler."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from bot.routing import Router, RoutingError
from handlers import (
    attendance,
    callouts,
    candidate_tasks,
    candidates,
    chats,
    checklists,
    exits,
    interview_day,
    kf,
    managers,
    outcomes,
    people,
    preferences,
    receipts,
    recruiting_report,
    renewals,
    result_notices,
    roster_drafts,
    scorecards,
    shifts,
    swaps,
    talent_pool,
    unit_notices,
    wishes,
)
from handlers import gaps as gap_handlers
from handlers import groups as group_handlers
from handlers import help as help_handlers
from handlers import licences as licence_handlers
from message_templates.catalogue import Catalogue
from services.attendance_windows import WindowReader
from services.help import HelpIndex
from services.preferences import CHOICES
from services.purposes import Purposes
from services.reach import Ladder


def help_index(router: Router, absent: Collection[str]) -> HelpIndex:
    return HelpIndex(
        (route.help, route.act)
        for route in router.routes()
        if route.help and route.help not in absent
    )


def absent(ladder: Ladder, windows: WindowReader | None) -> set[str]:
    """Help lines of commands that make no sense in this hospital."""
    one_way = len(set(ladder.channels) & set(CHOICES)) < 2
    return ({"channel"} if one_way else set()) | (set() if windows else {"pull"})


def check_words(purposes: Purposes, routers: Sequence[Router], catalogue: Catalogue) -> None:
    """Every purpose has its words, and every button somebody who hears it.

    Raises TemplateError or RoutingError: at start-up, not when the first card is due.
    """
    for purpose in purposes:
        for verb in catalogue[purpose.template].verbs:
            if not any(verb in router.cards for router in routers):
                raise RoutingError(f"{purpose.template}.toml: nobody handles the verb {verb!r}")


def guest_routes() -> Router:
    router = Router()
    router.include(candidates.guest_router, interview_day.guest_router, chats.guest_router)
    return router


def all_routes() -> Router:
    router = Router()
    router.include(
        shifts.router,
        swaps.router,
        licence_handlers.router,
        unit_notices.router,
        group_handlers.router,
        managers.router,
        recruiting_report.router,
        renewals.router,
        result_notices.router,
        attendance.router,
        preferences.router,
        help_handlers.router,
        people.router,
        receipts.router,
        talent_pool.router,
        kf.router,
        scorecards.router,
        outcomes.router,
        candidate_tasks.router,
        chats.router,
        interview_day.router,
        checklists.router,
        exits.router,
        gap_handlers.router,
        callouts.router,
        roster_drafts.router,
        wishes.router,
    )
    return router
