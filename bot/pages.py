"""Puts the web pages together: the operators' console, and the pages behind links on cards."""

from __future__ import annotations

from aiohttp import web

from bot.candidate_pages import candidate_pages
from bot.platforms.dingtalk.links import AnswerLinks
from bot.rules import Rules
from bot.wiring import Services
from config.settings import Settings
from models.clock import Clock
from scheduler.rendering import Renderer
from scheduler.shown_cards import ShownCards
from services.ats import Ats
from web import answers, candidate, console, upload
from web.ats import AtsDoor
from web.visit import CallOutDesk, RecruitingDesk


def routes(
    settings: Settings, services: Services, rules: Rules, clock: Clock
) -> list[web.AbstractRouteDef]:
    """Every page that people open in a browser, and the API for an applicant system."""
    return [
        *console.routes(_console(settings, services, rules, clock)),
        *answers.routes(_answers(services, rules, clock)),
        *candidate.routes(candidate_pages(services.recruiting, rules, clock)),
        *upload.routes(_uploads(services, rules)),
        *_applicant_system(settings, services, clock),
    ]


def _applicant_system(
    settings: Settings, services: Services, clock: Clock
) -> list[web.AbstractRouteDef]:
    """Nothing at all unless its token is configured."""
    token = settings.ats_token.get_secret_value()
    if not token:
        return []
    ats = Ats(services.recruiting.sheets.records, settings.ats_name, clock)
    return AtsDoor(ats, token).routes()


def _console(
    settings: Settings, services: Services, rules: Rules, clock: Clock
) -> console.Console:
    return console.Console(
        services.sign_in,
        services.rosters,
        services.uploads,
        services.dead_letters,
        services.recruiting.tasks,
        services.recruiting.chats,
        services.recruiting.written,
        _desk(services, rules),
        CallOutDesk(services.call_outs.call_outs, rules.staffing.skills),
        services.lists.lists,
        services.lists.reopening,
        rules.catalogue,
        rules.hospital,
        clock,
        staffing=services.staffing_sheets.uploads,
        licences=services.licences.pages,
        evidence=services.evidence,
        samples=settings.samples_dir,
    )


def _desk(services: Services, rules: Rules) -> RecruitingDesk:
    recruiting = services.recruiting
    return RecruitingDesk(
        recruiting.sheets.uploads,
        recruiting.invitations,
        recruiting.results.outcomes,
        recruiting.pool,
        recruiting.days.slots,
        recruiting.answers,
        recruiting.absences,
        recruiting.results.public,
        rules.recruiting.courtesy,
    )


def _answers(services: Services, rules: Rules, clock: Clock) -> answers.AnswerPages:
    renderer = Renderer(services.ledger.purposes, rules.catalogue)
    return answers.AnswerPages(
        AnswerLinks(rules.hospital.public_url, clock).open,
        ShownCards(renderer).card,
        services.pipeline.take,
        rules.catalogue.words("answers"),
        rules.hospital,
        clock,
    )


def _uploads(services: Services, rules: Rules) -> upload.UploadPages:
    desk = services.renewals
    return upload.UploadPages(desk.uploads, desk.forms, rules.catalogue, rules.hospital)
