"""Puts the services together: each gets what it needs by name, nothing is found by magic."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from bot.callouts import CallOutServices, build_call_outs
from bot.checklists import ComingAndGoing, build_checklists
from bot.dispatch import Dispatcher
from bot.gaps import Gaps, build_gaps
from bot.guest_dispatch import GuestDispatcher
from bot.licences import LicenceDesk, build_licences
from bot.media import Fetcher
from bot.pipeline import CARRIES_REPLY, Pipeline
from bot.recruiting import Recruiting, build_recruiting
from bot.recruiting_rules import RecruitingRules
from bot.renewals import RenewalDesk, build_renewals
from bot.roster_drafts import RosterDrafting, build_roster_drafts
from bot.routing import Router, RoutingError
from bot.staffing_rules import StaffingRules
from bot.staffing_sheets import StaffingSheets, build_staffing_sheets
from handlers import (
    attendance,
    callouts,
    candidate_tasks,
    candidates,
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
from models.clock import Clock
from models.policies import Policies
from models.rest import Rule
from models.shift_codes import ShiftCodeTable
from services.approvals import Approvals
from services.asks import Asks
from services.attendance_compare import AttendanceCompare
from services.attendance_pull import AttendancePull
from services.attendance_windows import WindowReader
from services.change_notices import ChangeNotices
from services.dead_letters import DeadLetters
from services.deputies import Deputies
from services.directory import DirectoryChanges, leading
from services.directory_check import DirectoryCheck
from services.duties import Codes, RestCheck
from services.escalation import Escalation
from services.evidence import Evidence
from services.evidence_pictures import EvidencePictures
from services.group_failures import GroupFailures
from services.groups import Groups
from services.help import HelpIndex
from services.hospital import Hospital
from services.ledger import Ledger
from services.people_import import PeopleImport
from services.preferences import CHOICES, Preferences
from services.purposes import Purpose, Purposes, from_context
from services.quotas import Quotas
from services.reach import Ladder
from services.receipts import Receipts
from services.reminders import Reminders
from services.retention import Retention
from services.rosters import Rosters
from services.sheets.staff_columns import StaffWords
from services.sign_in import SignIn
from services.sources import Sources
from services.staff_uploads import StaffUploads
from services.swaps import Swaps
from services.todos import Todos
from services.unit_notices import UnitNotices


@dataclass(frozen=True)
class Rules:
    """What a hospital may tune, already read."""

    policies: Policies
    shift_codes: ShiftCodeTable
    rest_rules: tuple[Rule, ...]
    staff_words: StaffWords
    catalogue: Catalogue
    hospital: Hospital
    recruiting: RecruitingRules
    staffing: StaffingRules


@dataclass(frozen=True)
class Services:
    """The use cases, and the pipeline in front of them."""

    ledger: Ledger
    asks: Asks
    approvals: Approvals
    escalation: Escalation
    reminders: Reminders
    notices: ChangeNotices
    codes: Codes
    people: PeopleImport
    uploads: StaffUploads
    dead_letters: DeadLetters
    rosters: Rosters
    swaps: Swaps
    sign_in: SignIn
    quotas: Quotas
    retention: Retention
    groups: Groups
    unit_notices: UnitNotices
    group_failures: GroupFailures
    todos: Todos
    directory_check: DirectoryCheck
    attendance_pull: AttendancePull
    attendance_compare: AttendanceCompare
    recruiting: Recruiting
    lists: ComingAndGoing
    call_outs: CallOutServices
    licences: LicenceDesk
    renewals: RenewalDesk
    staffing_sheets: StaffingSheets
    gaps: Gaps
    evidence: Evidence
    drafting: RosterDrafting
    pictures: EvidencePictures
    pipeline: Pipeline
    router: Router


def build(
    rules: Rules,
    clock: Clock,
    sources: Sources | None = None,
    fetcher: Fetcher | None = None,
) -> Services:
    """All services over one clock. Raises RoutingError when a handler cannot be provided for.

    `sources` are the platforms' directories and rosters that can be asked, `fetcher` knows where
    what people send lies.
    """
    sources = sources or Sources()
    policies, catalogue = rules.policies, rules.catalogue
    purposes = Purposes([Purpose(CARRIES_REPLY, from_context, quiet=False)])
    ledger = Ledger(purposes, Ladder(policies.ladder, policies.candidate_ladder), clock)
    asks = Asks(ledger, policies, clock)
    escalation = Escalation(ledger, policies, clock)
    approvals = Approvals(ledger, asks, escalation, policies, clock)
    codes = Codes(rules.shift_codes)
    rest = RestCheck(
        codes,
        rules.rest_rules,
        rules.staffing.licences.blocking,
        rules.staffing.checklists.supervision,
    )
    reminders = Reminders(ledger, asks, escalation, policies, clock)
    notices = ChangeNotices(ledger, asks, escalation, policies, clock)
    groups = Groups(ledger, clock)
    group_notices = UnitNotices(ledger, asks, groups, catalogue, policies, clock)
    rosters = Rosters(codes, rest, notices, group_notices, catalogue, policies, clock)
    swap_service = Swaps(
        ledger, asks, approvals, escalation, notices, codes, rest, catalogue, policies, clock
    )
    group_failures = GroupFailures(ledger, clock)
    sign_in = SignIn(rules.hospital, clock)
    quotas = Quotas(ledger, policies, clock)
    evidence, pictures = Evidence(clock), EvidencePictures(ledger, rules.hospital)
    retention = Retention(policies.records_kept, clock)
    lists = build_checklists(
        rules.staffing.checklists, ledger, asks, approvals, escalation, swap_service, clock
    )
    people_import = PeopleImport(
        rules.staff_words, catalogue, lists.newcomers, lists.leaving, clock, leading(policies)
    )
    directory_check = DirectoryCheck(sources.directories, ledger, clock)
    windows = WindowReader(sources.attendance) if sources.attendance else None
    attendance_pull = AttendancePull(windows, rosters, ledger, sign_in, catalogue, clock)
    attendance_compare = AttendanceCompare(windows, codes, ledger, catalogue, clock)
    recruiting = build_recruiting(
        ledger, asks, approvals, escalation, policies, catalogue, rules, clock
    )
    gaps = build_gaps(ledger, codes, rest, catalogue, clock)
    licences = build_licences(
        rules.staffing.licences,
        ledger,
        asks,
        escalation,
        policies,
        catalogue,
        rules.recruiting.working_time.calendar,
        clock,
    )
    renewal_desk = build_renewals(
        ledger, asks, approvals, licences.records, evidence, catalogue, rules.hospital, clock
    )
    call_outs = build_call_outs(ledger, asks, escalation, rest, rules.staffing, catalogue, clock)
    drafting = build_roster_drafts(
        rosters, ledger, asks, approvals, sign_in, rules.staffing.drafting, catalogue, clock
    )
    lists.train_for(call_outs.call_outs)
    router = all_routes()
    guest_router = guest_routes()
    check_words(purposes, [router, guest_router], catalogue)
    handlers_get = [
        reminders,
        notices,
        rosters,
        swap_service,
        codes,
        catalogue,
        sign_in,
        groups,
        group_notices,
        rules.hospital,
        DirectoryChanges(ledger.ladder, leading(policies), lists.leaving, clock),
        Preferences(ledger.ladder, clock),
        attendance_pull,
        _help_index(router, _absent(ledger.ladder, windows)),
        Deputies(clock),
        Receipts(clock),
        retention,
        evidence,
        pictures,
        *recruiting.provided(),
        *lists.provided(),
        *call_outs.provided(),
        rules.staffing.skills,
        *licences.provided(),
        *gaps.provided(),
        *renewal_desk.provided(),
        *drafting.provided(),
    ]
    provided: dict[type, Any] = {type(part): part for part in handlers_get} | {Clock: clock}
    guests = GuestDispatcher(
        guest_router, provided, catalogue, recruiting.bind, recruiting.tell, clock
    )
    dispatcher = Dispatcher(router, provided, catalogue, clock, guests)
    pipeline = Pipeline(dispatcher, ledger, clock, fetcher=fetcher)
    return Services(
        ledger=ledger,
        asks=asks,
        approvals=approvals,
        escalation=escalation,
        reminders=reminders,
        notices=notices,
        codes=codes,
        people=people_import,
        uploads=StaffUploads(people_import, clock),
        dead_letters=DeadLetters(ledger, clock),
        rosters=rosters,
        swaps=swap_service,
        sign_in=sign_in,
        quotas=quotas,
        retention=retention,
        groups=groups,
        unit_notices=group_notices,
        group_failures=group_failures,
        todos=Todos(approvals.facts, catalogue, rules.hospital, clock),
        directory_check=directory_check,
        attendance_pull=attendance_pull,
        attendance_compare=attendance_compare,
        recruiting=recruiting,
        lists=lists,
        call_outs=call_outs,
        licences=licences,
        gaps=gaps,
        renewals=renewal_desk,
        staffing_sheets=build_staffing_sheets(rules, licences.records, codes, clock),
        evidence=evidence,
        drafting=drafting,
        pictures=pictures,
        pipeline=pipeline,
        router=router,
    )


def _help_index(router: Router, absent: Collection[str]) -> HelpIndex:
    return HelpIndex(
        (route.help, route.act)
        for route in router.routes()
        if route.help and route.help not in absent
    )


def _absent(ladder: Ladder, windows: WindowReader | None) -> set[str]:
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
    router.include(candidates.guest_router, interview_day.guest_router)
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
        interview_day.router,
        checklists.router,
        exits.router,
        gap_handlers.router,
        callouts.router,
        roster_drafts.router,
        wishes.router,
    )
    return router
