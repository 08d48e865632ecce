"""The directories and attendance rosters that can be asked, put together from the settings."""

from __future__ import annotations

from aiohttp import ClientSession

from bot import dingtalk, wecom
from bot.platforms.dingtalk.attendance import DingTalkAttendance
from bot.platforms.dingtalk.directory import DingTalkDirectory
from bot.platforms.wecom.directory import WeComDirectory
from config.settings import Settings
from models.clock import Clock
from services.sources import AttendanceSource, OrgDirectory, Sources


def sources(settings: Settings, session: ClientSession, clock: Clock) -> Sources:
    """Those of the platforms that are configured."""
    directories: dict[str, OrgDirectory] = {}
    attendance: AttendanceSource | None = None
    if settings.wecom_configured:
        directories["wecom"] = WeComDirectory(wecom.client(settings, session, clock))
    if settings.dingtalk_configured:
        client = dingtalk.client(settings, session, clock)
        directories["dingtalk"] = DingTalkDirectory(client)
        attendance = DingTalkAttendance(client, settings.dingtalk_op_user_id)
    return Sources(directories, attendance)
