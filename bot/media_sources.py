"""Where what people send can be fetched, put together from the settings."""

from __future__ import annotations

from aiohttp import ClientSession

from bot import dingtalk, wecom
from bot.media import Fetcher, MediaSource
from bot.platforms.dingtalk.errors import cure as dingtalk_words
from bot.platforms.dingtalk.media import DingTalkMedia
from bot.platforms.downloads import Downloads
from bot.platforms.wecom.errors import cure as wecom_words
from bot.platforms.wecom.media import WeComMedia
from bot.platforms.wecom.robot.media import RobotMedia
from config.settings import Settings
from models.clock import Clock


def media_sources(settings: Settings, session: ClientSession, clock: Clock) -> Fetcher:
    """Those of the platforms that are configured, by platform and app."""
    found: dict[tuple[str, str], MediaSource] = {}
    if settings.wecom_configured:
        found["wecom", "main"] = WeComMedia(wecom.client(settings, session, clock))
    if settings.wecom_robot_configured:
        downloads = Downloads(session, wecom_words, settings.wecom_robot_url)
        found["wecom", "robot"] = RobotMedia(downloads)
    if settings.dingtalk_configured:
        client = dingtalk.client(settings, session, clock)
        found["dingtalk", "main"] = DingTalkMedia(
            client, Downloads(session, dingtalk_words, settings.dingtalk_api)
        )
    return Fetcher(found)
