"""消息用钉钉, 消息用企业微信, 消息用机器人, 消息渠道: where a person wants their messages."""

from __future__ import annotations

from bot.routing import Router
from message_templates.catalogue import Catalogue
from models.cards import Text
from services.actors import Actor
from services.preferences import Preferences

router = Router()


@router.text("消息用企业微信", "消息用企微")
async def by_wecom(actor: Actor, preferences: Preferences, words: Catalogue) -> Text:
    return await _choose("wecom_app", actor, preferences, words)


@router.text("消息用机器人", "消息用智能机器人", "消息用企业微信机器人")
async def by_robot(actor: Actor, preferences: Preferences, words: Catalogue) -> Text:
    return await _choose("wecom_robot", actor, preferences, words)


@router.text("消息用钉钉")
async def by_dingtalk(actor: Actor, preferences: Preferences, words: Catalogue) -> Text:
    return await _choose("dingtalk", actor, preferences, words)


@router.text("消息渠道", "消息用", help="channel", reads=True)
async def show(actor: Actor, preferences: Preferences, words: Catalogue) -> Text:
    channel, choices = await preferences.present(actor)
    facts = {"channel": channel, "choices": choices}
    return Text(words.phrase("replies", "channel_now", **facts))


async def _choose(channel: str, actor: Actor, preferences: Preferences, words: Catalogue) -> Text:
    await preferences.choose(actor, channel)
    return Text(words.phrase("replies", "channel_chosen", channel=channel))
