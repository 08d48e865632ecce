"""Where what people send can be fetched, put together from the settings."""

from __future__ import annotations

from aiohttp import ClientSession

from bot import wecom
from bot.media import Fetcher, MediaSource
from bot.platforms.wecom.media import WeComMedia
from config.settings import Settings
from models.clock import Clock


def media_sources(settings: Settings, session: ClientSession, clock: Clock) -> Fetcher:
    """Those of the platforms that are configured, by platform and app."""
    found: dict[tuple[str, str], MediaSource] = {}
    if settings.wecom_configured:
        found["wecom", "main"] = WeComMedia(wecom.client(settings, session, clock))
    return Fetcher(found)
