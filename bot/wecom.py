"""Puts the WeCom app together: client, channel and the doors for its callbacks."""

from __future__ import annotations

from collections.abc import Sequence

from aiohttp import ClientSession, web
from pydantic import SecretStr

from bot import stored_tokens
from bot.platforms.wecom.callback import WeComCallbacks
from bot.platforms.wecom.client import WeComClient
from bot.platforms.wecom.crypto import CallbackCrypto, CallbackKeys
from bot.platforms.wecom.token_store import DatabaseTokenStore
from bot.wiring import Services
from config.settings import Settings
from models.clock import Clock


def client(settings: Settings, session: ClientSession, clock: Clock) -> WeComClient:
    return WeComClient(
        session,
        app="main",
        corp_id=settings.wecom_corp_id,
        secret=settings.wecom_secret.get_secret_value(),
        agent_id=settings.wecom_agent_id,
        tokens=DatabaseTokenStore(clock, seal=stored_tokens.seal, open_=stored_tokens.open_),
        clock=clock,
        base_url=settings.wecom_api,
    )


def callbacks(settings: Settings, services: Services, clock: Clock) -> list[web.AbstractRouteDef]:
    """Doors for the app itself and for the directory assistant, which tells of leavers."""
    doors = {
        "main": [
            (settings.wecom_callback_token, settings.wecom_callback_aes_key),
            (settings.wecom_old_callback_token, settings.wecom_old_callback_aes_key),
        ],
        "contacts": [
            (settings.wecom_contacts_callback_token, settings.wecom_contacts_callback_aes_key)
        ],
    }
    apps = {
        name: CallbackCrypto(settings.wecom_corp_id, keys)
        for name, pairs in doors.items()
        if (keys := _callback_keys(pairs)) and settings.wecom_configured
    }
    return list(WeComCallbacks(apps, services.pipeline.take, clock).routes()) if apps else []


def _callback_keys(pairs: Sequence[tuple[SecretStr, SecretStr]]) -> list[CallbackKeys]:
    values = [(token.get_secret_value(), key.get_secret_value()) for token, key in pairs]
    return [CallbackKeys(token, key) for token, key in values if token and key]
