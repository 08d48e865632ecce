"""Puts the services together: each gets what it needs by name, nothing is found by magic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.callouts import CallOutServices, build_call_outs
from bot.checklists import ComingAndGoing, build_checklists
from bot.core import Core, build_core
from bot.directories import Directories, build_directories
from bot.dispatch import Dispatcher
from bot.everyday import Everyday, build_everyday
from bot.gaps import Gaps, build_gaps
from bot.guest_dispatch import GuestDispatcher
from bot.licences import LicenceDesk, build_licences
from bot.media import Fetcher
from bot.pipeline import Pipeline
from bot.recruiting import Recruiting, build_recruiting
from bot.renewals import RenewalDesk, build_renewals
from bot.roster_drafts import RosterDrafting, build_roster_drafts
from bot.routes import absent, all_routes, check_words, guest_routes, help_index
from bot.routing import Router
from bot.rules import Rules
from bot.staffing_sheets import StaffingSheets, build_staffing_sheets
from models.clock import Clock
from services.approvals import Approvals
from services.asks import Asks
from services.attendance_compare import AttendanceCompare
from services.attendance_pull import AttendancePull
from services.change_notices import ChangeNotices
from services.dead_letters import DeadLetters
from services.deputies import Deputies
from services.directory import leading
from services.duties import Codes
from services.escalation import Escalation
from services.evidence import Evidence
from services.evidence_pictures import EvidencePictures
from services.group_failures import GroupFailures
from services.groups import Groups
from services.ledger import Ledger
from services.people_import import PeopleImport
from services.preferences import Preferences
from services.quotas import Quotas
from services.receipts import Receipts
from services.reminders import Reminders
from services.retention import Retention
from services.rosters import Rosters
from services.sign_in import SignIn
from services.sources import Sources
from services.staff_uploads import StaffUploads
from services.swaps import Swaps
from services.todos import Todos
from services.unit_notices import UnitNotices


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
    directories: Directories
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


@dataclass(frozen=True)
class _Rooms:
    """The features beside the ward's everyday work."""

    recruiting: Recruiting
    lists: ComingAndGoing
    directories: Directories
    licences: LicenceDesk
    renewals: RenewalDesk
    call_outs: CallOutServices
    drafting: RosterDrafting
    gaps: Gaps
    evidence: Evidence
    pictures: EvidencePictures

    def provided(self) -> Sequence[object]:
        """What handlers may ask for by type."""
        return [
            self.evidence,
            self.pictures,
            *self.recruiting.provided(),
            *self.lists.provided(),
            *self.directories.provided(),
            *self.licences.provided(),
            *self.renewals.provided(),
            *self.call_outs.provided(),
            *self.drafting.provided(),
            *self.gaps.provided(),
        ]


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
    core = build_core(rules, clock)
    daily = build_everyday(core, sources)
    rooms = _rooms(core, daily, sources)
    router, guest_router = all_routes(), guest_routes()
    check_words(core.ledger.purposes, [router, guest_router], rules.catalogue)
    provided = _provided(core, daily, rooms, router)
    guests = GuestDispatcher(
        guest_router,
        provided,
        rules.catalogue,
        rooms.recruiting.bind,
        rooms.recruiting.tell,
        clock,
    )
    dispatcher = Dispatcher(router, provided, rules.catalogue, clock, guests)
    pipeline = Pipeline(dispatcher, core.ledger, clock, fetcher=fetcher)
    return _services(core, daily, rooms, pipeline, router)


def _rooms(core: Core, daily: Everyday, sources: Sources) -> _Rooms:
    evidence = Evidence(core.clock)
    lists, licences = build_checklists(core, daily.swaps), build_licences(core)
    call_outs = build_call_outs(core, lists.leaving)
    lists.train_for(call_outs.call_outs)
    return _Rooms(
        recruiting=build_recruiting(core),
        lists=lists,
        directories=build_directories(core, sources, lists.leaving, lists.exits),
        licences=licences,
        renewals=build_renewals(core, licences.records, evidence, lists.leaving),
        call_outs=call_outs,
        drafting=build_roster_drafts(core, daily.rosters, daily.sign_in),
        gaps=build_gaps(core),
        evidence=evidence,
        pictures=EvidencePictures(core.ledger, core.hospital),
    )


def _provided(core: Core, daily: Everyday, rooms: _Rooms, router: Router) -> dict[type, Any]:
    """What handlers may ask for, by type."""
    ladder, clock = core.ledger.ladder, core.clock
    parts: list[object] = [
        core.codes,
        core.catalogue,
        core.hospital,
        core.rules.staffing.skills,
        Preferences(ladder, clock),
        help_index(router, absent(ladder, daily.windows)),
        Deputies(clock),
        Receipts(clock),
        Retention(core.policies.records_kept, clock),
        *daily.provided(),
        *rooms.provided(),
    ]
    return {type(part): part for part in parts} | {Clock: clock}


def _services(
    core: Core,
    daily: Everyday,
    rooms: _Rooms,
    pipeline: Pipeline,
    router: Router,
) -> Services:
    clock, policies = core.clock, core.policies
    people = PeopleImport(
        core.rules.staff_words,
        core.catalogue,
        rooms.lists.newcomers,
        rooms.lists.leaving,
        clock,
        leading(policies),
    )
    return Services(
        ledger=core.ledger,
        asks=core.asks,
        approvals=core.approvals,
        escalation=core.escalation,
        codes=core.codes,
        reminders=daily.reminders,
        notices=daily.notices,
        rosters=daily.rosters,
        swaps=daily.swaps,
        sign_in=daily.sign_in,
        groups=daily.groups,
        unit_notices=daily.unit_notices,
        group_failures=daily.group_failures,
        attendance_pull=daily.attendance_pull,
        attendance_compare=daily.attendance_compare,
        people=people,
        uploads=StaffUploads(people, clock),
        dead_letters=DeadLetters(core.ledger, clock),
        quotas=Quotas(core.ledger, policies, clock),
        retention=Retention(policies.records_kept, clock),
        todos=Todos(core.approvals.facts, core.catalogue, core.hospital, clock),
        staffing_sheets=build_staffing_sheets(core, rooms.licences.records),
        **vars(rooms),
        pipeline=pipeline,
        router=router,
    )
