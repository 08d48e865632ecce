"""The directories and attendance rosters that can be asked, put together from the settings."""

from __future__ import annotations

from aiohttp import ClientSession

from bot.platforms.dingtalk.attendance import DingTalkAttendance
from bot.platforms.dingtalk.client import DingTalkClient
from bot.platforms.dingtalk.directory import DingTalkDirectory
from bot.platforms.dingtalk.errors import cure, resting_cure
from bot.platforms.token_store import DatabaseTokenStore
from bot.platforms.wecom.client import WeComClient
from bot.platforms.wecom.directory import WeComDirectory
from config.settings import Settings
from models import sealed
from models.clock import Clock
from services.sources import AttendanceSource, OrgDirectory, Sources

TOKEN_PLACE = "platform_tokens.token"  # noqa: S105 -- the name of a column


def sources(
    settings: Settings, session: ClientSession, clock: Clock, wecom: WeComClient | None
) -> Sources:
    """`wecom` is None where it is not configured."""
    directories: dict[str, OrgDirectory] = {}
    attendance: AttendanceSource | None = None
    if wecom is not None:
        directories["wecom"] = WeComDirectory(wecom)
    if settings.dingtalk_configured:
        client = dingtalk_reader(settings, session, clock)
        directories["dingtalk"] = DingTalkDirectory(client)
        attendance = DingTalkAttendance(client, settings.dingtalk_op_user_id)
    return Sources(directories, attendance)


def dingtalk_reader(settings: Settings, session: ClientSession, clock: Clock) -> DingTalkClient:
    """A client that only reads; it shares its token with the one that sends."""
    tokens = DatabaseTokenStore(
        clock,
        seal=lambda text: sealed.ring().seal(TOKEN_PLACE, text),
        open_=lambda value: sealed.open_sealed(TOKEN_PLACE, value),
        cure_for=resting_cure,
        down_cure=cure("database"),
    )
    return DingTalkClient(
        session,
        app="dingtalk",
        client_id=settings.dingtalk_client_id,
        client_secret=settings.dingtalk_client_secret.get_secret_value(),
        tokens=tokens,
        clock=clock,
        robot_code=settings.dingtalk_robot_code,
        agent_id=settings.dingtalk_agent_id,
        base_url=settings.dingtalk_api,
        old_base_url=settings.dingtalk_old_api,
    )
