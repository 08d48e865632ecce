"""Every way out that is configured: the channels of the ledger and the platform's to-do list."""

from __future__ import annotations

from dataclasses import dataclass, field

from aiohttp import ClientSession

from bot import dingtalk, wecom
from bot.channels import Channel
from bot.platforms.dingtalk.channel import DingTalkChannel
from bot.platforms.dingtalk.group_channels import DingTalkGroupChannel, DingTalkWebhookChannel
from bot.platforms.dingtalk.links import AnswerLinks
from bot.platforms.dingtalk.notice_channel import DingTalkNoticeChannel
from bot.platforms.dingtalk.todo_list import DingTalkTodoList
from bot.platforms.wecom.channel import WeComAppChannel
from bot.platforms.wecom.group_channel import WeComGroupChannel
from config.settings import Settings
from models.clock import Clock
from services.groups import Groups
from services.todos import TodoList


@dataclass
class Outgoing:
    """Channels by name; more may be added before work begins."""

    channels: dict[str, Channel] = field(default_factory=dict)
    todo_list: TodoList | None = None

    def add(self, channel: Channel) -> None:
        self.channels[channel.name] = channel


def outgoing(
    settings: Settings, session: ClientSession, groups: Groups, clock: Clock, public_url: str
) -> Outgoing:
    """Groups behind a robot's address need no app of their own: they can always be posted to."""
    ways = Outgoing()
    if settings.wecom_configured:
        ways.add(WeComAppChannel(wecom.client(settings, session, clock)))
    ways.add(WeComGroupChannel(session, groups.door, clock, settings.wecom_api))
    client = dingtalk.client(settings, session, clock)
    ways.add(DingTalkWebhookChannel(client, groups.door, clock))
    if not settings.dingtalk_configured:
        return ways
    level = settings.dingtalk_button_level
    links = AnswerLinks(public_url, clock) if level == "link" or settings.public_url else None
    ways.add(
        DingTalkChannel(
            client,
            level=level,
            card_template=settings.dingtalk_card_template,
            links=links,
            every_card=settings.dingtalk_cards == "all",
            card_route="" if settings.dingtalk_stream else dingtalk.CARD_ROUTE,
        )
    )
    if settings.dingtalk_agent_id:
        ways.add(DingTalkNoticeChannel(client, clock, links=links))
    ways.add(DingTalkGroupChannel(client, groups.door))
    if settings.dingtalk_todos:
        ways.todo_list = DingTalkTodoList(client)
    return ways
