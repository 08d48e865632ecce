"""The ways to and from candidates: customer service, mail, text messages."""

from __future__ import annotations

import ssl

from aiohttp import ClientSession

from bot import wecom
from bot.candidate_content import CandidateContent, Dressing
from bot.kf import KfDesk
from bot.kf_entrance import KfEntrance
from bot.kf_sessions import KfSessions
from bot.mail_calendar import MailCalendar
from bot.outgoing import Outgoing
from bot.phone_channel import PhoneTaskChannel
from bot.platforms.mail.channel import MailChannel
from bot.platforms.mail.message import Sender
from bot.platforms.mail.transport import Server, Tls
from bot.platforms.sms.aliyun import AliyunSms
from bot.platforms.sms.channel import SmsChannel
from bot.platforms.sms.signing import AccessKey
from bot.platforms.wecom.kf.channel import KfChannel
from bot.platforms.wecom.kf.client import KfClient
from bot.rules import Rules
from bot.sms_phrases import SmsPhrases
from bot.to_candidates import KfToCandidates, Look, ToCandidates
from bot.wiring import Services
from config.settings import Settings
from message_templates.catalogue import Catalogue
from models.clock import Clock
from services.candidate_reach import KF, MAIL, Doors
from services.entry_links import EntryLinks


def kf_client(settings: Settings, session: ClientSession, clock: Clock) -> KfClient:
    return KfClient(wecom.client(settings, session, clock))


def kf_desk(
    settings: Settings, session: ClientSession, services: Services, words: Catalogue, clock: Clock
) -> KfDesk | None:
    """Who pulls customer service and moves its sessions, where it is configured."""
    if not settings.kf_configured:
        return None
    client = kf_client(settings, session, clock)
    return KfDesk(
        client,
        KfSessions(client, words),
        services.pipeline,
        services.ledger.ladder,
        settings.kf_accounts,
        services.recruiting.bind,
        clock,
    )


def add_channels(
    ways: Outgoing,
    settings: Settings,
    session: ClientSession,
    services: Services,
    rules: Rules,
    clock: Clock,
) -> None:
    """Every configured channel of the candidates' ladder."""
    doors, links = Doors(clock), services.recruiting.links
    ways.add(PhoneTaskChannel(services.recruiting.calls))
    if settings.kf_configured:
        client = kf_client(settings, session, clock)
        links.kf = KfEntrance(client, settings.kf_accounts[0], clock)
        look = _asked(KfSessions(client, rules.catalogue), clock)
        ways.add(KfToCandidates(KfChannel(client), doors, _linked(KF, links, rules), look))
    if settings.mail_configured:
        ways.add(
            ToCandidates(_mail(settings, rules, clock), doors.mail, _linked(MAIL, links, rules))
        )
    if settings.sms_configured:
        key = AccessKey(
            settings.sms_access_key_id, settings.sms_access_key_secret.get_secret_value()
        )
        provider = AliyunSms(session, key, settings.sms_sign_name, clock, settings.sms_api)
        phrases = SmsPhrases(links, rules.recruiting.address, rules.catalogue)
        ways.add(ToCandidates(SmsChannel(provider, rules.recruiting.sms, phrases), doors.phone))


def _asked(sessions: KfSessions, clock: Clock) -> Look:
    async def look(open_kfid: str, user: str) -> None:
        await sessions.look(open_kfid, user, clock.now())

    return look


def _mail(settings: Settings, rules: Rules, clock: Clock) -> MailChannel:
    sender = mail_sender(settings)
    calendar = MailCalendar(rules.catalogue, rules.hospital, sender.address, clock)
    return MailChannel(mail_server(settings), sender, clock, calendar=calendar)


def _linked(channel: str, links: EntryLinks, rules: Rules) -> Dressing:
    """A mail gets the way to the candidate's page."""
    return Dressing(channel, links, CandidateContent(rules.catalogue, rules.hospital))


def mail_sender(settings: Settings) -> Sender:
    return Sender(settings.mail_sender, settings.hospital)


def mail_server(settings: Settings) -> Server:
    authority = str(settings.mail_ca_file) if settings.mail_ca_file else None
    return Server(
        settings.mail_host,
        settings.mail_port,
        settings.mail_username,
        settings.mail_password.get_secret_value(),
        Tls(settings.mail_tls),
        context=ssl.create_default_context(cafile=authority) if authority else None,
    )
