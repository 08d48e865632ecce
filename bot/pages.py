"""Puts the web pages together: the operators' console, and the pages behind links on cards."""

from __future__ import annotations

from aiohttp import web

from bot.platforms.dingtalk.links import AnswerLinks
from bot.wiring import Rules, Services
from config.settings import Settings
from models.clock import Clock
from scheduler.rendering import Renderer
from scheduler.shown_cards import ShownCards
from web import answers, console


def routes(
    settings: Settings, services: Services, rules: Rules, clock: Clock
) -> list[web.AbstractRouteDef]:
    """Every page that people open in a browser."""
    return [
        *console.routes(_console(settings, services, rules, clock)),
        *answers.routes(_answers(services, rules, clock)),
    ]


def _console(
    settings: Settings, services: Services, rules: Rules, clock: Clock
) -> console.Console:
    return console.Console(
        services.sign_in,
        services.rosters,
        services.uploads,
        services.dead_letters,
        services.recruiting.tasks,
        rules.catalogue,
        rules.hospital,
        clock,
        settings.samples_dir,
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
