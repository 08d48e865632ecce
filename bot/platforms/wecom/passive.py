"""What the person sees at once: the passive replies to a callback (D90241), before sealing."""

from __future__ import annotations

from bot.events import CardUpdate, Event, Reply
from bot.platforms.wecom import limits
from bot.platforms.wecom.cards import closing_only, redrawn_card
from bot.platforms.wecom.fitting import fit_bytes, unfit
from bot.platforms.wecom.upstream import text_reply
from bot.platforms.wecom.xml import write
from models.cards import Card, Text

# CamelCase of the JSON names, but for the words that JSON writes together.
_WORDS = {"keyname": "KeyName", "checkbox": "CheckBox", "selected_id": "SelectedId"}


def passive_reply(reply: Reply, event: Event, *, corp_id: str, at: int) -> str:
    """The inner XML for the person who acted; `at` in Unix seconds. Raises SendFailed(REQUEST)."""
    match reply:
        case Text(words):
            fitted = fit_bytes(words, limits.TEXT_BYTES)
            if not fitted.strip():
                raise unfit("an empty reply")
            return text_reply(fitted, to=event.user, sender=corp_id, at=at)
        case CardUpdate(card):
            return _card_reply(card, event, corp_id, at)


def _card_reply(card: Card, event: Event, corp_id: str, at: int) -> str:
    head = {"ToUserName": event.user, "FromUserName": corp_id, "CreateTime": at}
    if closing := closing_only(card):
        replaced = {"ReplaceName": closing}
        return write("xml", {**head, "MsgType": "update_button", "Button": replaced})
    drawn = _camel(redrawn_card(card))
    return write("xml", {**head, "MsgType": "update_template_card", "TemplateCard": drawn})


def _camel(value: object) -> object:
    if isinstance(value, dict):
        return {_name(key): _camel(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_camel(each) for each in value]
    return value


def _name(key: str) -> str:
    return _WORDS.get(key) or "".join(part.capitalize() for part in key.split("_"))
