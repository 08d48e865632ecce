"""The doctor's lines about the ways to candidates. Nobody outside is written to."""

from __future__ import annotations

from collections.abc import AsyncIterator

from aiohttp import ClientSession

from bot import people_outside
from bot.channels import SendFailed
from bot.platforms.findings import Finding, Level, finding
from bot.platforms.mail.transport import knock
from bot.platforms.words import platform_words
from bot.recruiting_rules import recruiting_rules
from config import policies
from config.settings import Settings
from models.clock import Clock

WORDS = "recruiting"
SCENE = "interview"


async def examine(settings: Settings, session: ClientSession, clock: Clock) -> list[Finding]:
    """Only hospitals that have any way to candidates are told what else there might be."""
    if not (settings.kf_configured or settings.mail_configured or settings.sms_configured):
        return []
    return [
        *[line async for line in _kf(settings, session, clock)],
        await _mail(settings),
        _sms(settings),
        *_page(settings),
    ]


async def _kf(settings: Settings, session: ClientSession, clock: Clock) -> AsyncIterator[Finding]:
    if not settings.kf_configured:
        yield finding(WORDS, Level.WARN, "kf_none")
        return
    client = people_outside.kf_client(settings, session, clock)
    for account in settings.kf_accounts:
        try:
            await client.add_contact_way(account, SCENE)
        except SendFailed as failed:
            yield _failed("kf_failed", failed, account=account)
        else:
            yield finding(WORDS, Level.OK, "kf_ok", account=account)


async def _mail(settings: Settings) -> Finding:
    if not settings.mail_configured:
        return finding(WORDS, Level.WARN, "mail_none")
    sender = people_outside.mail_sender(settings)
    try:
        await knock(people_outside.mail_server(settings), sender.domain, sender.address)
    except SendFailed as failed:
        return _failed("mail_failed", failed, host=settings.mail_host)
    return finding(WORDS, Level.OK, "mail_ok", host=settings.mail_host, sender=sender.address)


def _sms(settings: Settings) -> Finding:
    if not settings.sms_configured:
        return finding(WORDS, Level.WARN, "sms_none")
    rules = recruiting_rules(lambda name: policies.read(name, settings.policies_dir))
    sign, count = settings.sms_sign_name, len(rules.sms)
    if not count:
        return finding(WORDS, Level.ERROR, "sms_no_templates", sign=sign)
    return finding(WORDS, Level.OK, "sms_ok", sign=sign, count=count)


def _page(settings: Settings) -> list[Finding]:
    return [] if settings.public_url else [finding(WORDS, Level.WARN, "page_private")]


def _failed(entry: str, failed: SendFailed, **values: object) -> Finding:
    """A call that was refused; its cure comes from the platform's own error table."""
    text = platform_words(WORDS, "doctor")[entry]
    title = text.format(code=failed.code, reason=failed.reason, **values)
    return Finding(Level.ERROR, title, failed.cure)
