"""Groups of the sample hospital's units: bound without a chat in between, and looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot import dingtalk, sample, sample_platforms
from bot.app import read_rules
from bot.channels import Channel
from bot.platforms.dingtalk.channel import DingTalkChannel
from bot.platforms.dingtalk.group_channels import DingTalkGroupChannel, DingTalkWebhookChannel
from bot.platforms.wecom.group_channel import WeComGroupChannel
from models import db
from models.groups import GroupDoor
from models.sealed import ring, seal_json
from scheduler.claiming import Claimer
from scheduler.delivery import DeliveryWorker
from scheduler.pictures import Pictures
from scheduler.rendering import Renderer
from scheduler.repeating import Repeater
from services.groups import NAMED_BY, PLACE
from tests.support.hospital import WECOM, Hospital, Message, Phone

_ADD = """
INSERT INTO unit_groups (unit_id, door, title, secret, secret_index, added_at)
SELECT id, $2, name || '通知群', $3, $4, '2026-12-01T00:00:00+08:00'::timestamptz
  FROM units WHERE name = $1 RETURNING id
"""
DING_WEBHOOK = {
    "token": sample_platforms.DING_WEBHOOK_TOKEN,
    "secret": sample_platforms.DING_WEBHOOK_SECRET,
}


async def bind_webhook(unit: str, key: str) -> int:
    """A group of a unit, behind a WeCom webhook with this key; its id."""
    return await _bound(unit, GroupDoor.WECOM_WEBHOOK, {"key": key})


async def _bound(unit: str, door: GroupDoor, secret: Mapping[str, str]) -> int:
    index = ring().index(PLACE, secret[NAMED_BY[door]])
    group: int = await db.fetch_value(_ADD, unit, str(door), seal_json(PLACE, secret), index)
    return group


async def unit_id(name: str) -> int:
    found: int = await db.fetch_value("SELECT id FROM units WHERE name = $1", name)
    return found


@dataclass
class GroupChat(Phone):
    """A group chat as its members see it; `userid` is the simulator's id of it."""

    @property
    def id(self) -> str:
        return self.userid

    async def hears(self, who: str, text: str) -> str:
        """A member writes, mentioning the robot; what it answers in the group ("" for nothing)."""
        body = {"as": who, "text": text}
        done = await self.hospital.post(f"/sim/phones/{self.id}/say", body)
        assert done["status"] == "ok", done
        reply = str(done["reply"] or "")
        self.read |= {m["seq"] for m in await self.messages() if reply and m["text"] == reply}
        return reply


def group_chat(hospital: Hospital) -> GroupChat:
    """The one group that the sample hospital has on its platform."""
    ding = f"dingtalk-group:{sample_platforms.DING_GROUP}"
    return GroupChat(hospital, "group:1" if hospital.platform is WECOM else ding)


async def bind_sample_group(hospital: Hospital, unit: str = sample.ICU) -> int:
    """That group, through its robot's address."""
    if hospital.platform is WECOM:
        return await bind_webhook(unit, sample_platforms.WECOM_GROUP_KEY)
    return await _bound(unit, GroupDoor.DINGTALK_WEBHOOK, DING_WEBHOOK)


async def preview_of(phone: Phone, text: str) -> Message:
    """What comes of writing a notice."""
    assert await phone.says(f"群通知 {text}") == ""
    return await phone.expects_card("请核对")


def serve_groups(hospital: Hospital) -> None:
    """Let the running bot post to groups, on every channel that it does not serve by itself."""
    shop = hospital.bot.workshop
    assert shop is not None
    rules = read_rules(hospital.bot.settings)
    ledger = shop.services.ledger
    renderer = Renderer(ledger.purposes, rules.catalogue)
    claimer = Claimer(renderer, rules.policies, shop.services.quotas, ledger.ladder, shop.clock)
    assert isinstance(shop.channels, dict)
    for channel in _channels(hospital):
        if channel.name in shop.channels:
            continue
        shop.channels[channel.name] = channel
        worker = DeliveryWorker(
            channel,
            claimer,
            Repeater(renderer, shop.clock),
            shop.services.ledger.ladder,
            rules.policies.budgets,
            shop.lease,
            shop.clock,
            Pictures(shop.services.evidence.to_send),
        )
        shop.workers.append(worker)
        hospital.bot.nursery.start(worker.run(), f"deliver:{channel.name}")


def _channels(hospital: Hospital) -> list[Channel]:
    bot, door = hospital.bot, hospital.bot.services.groups.door
    if hospital.platform is WECOM:
        return [WeComGroupChannel(hospital.session, door, bot.clock, hospital.address)]
    client = dingtalk.client(bot.settings, hospital.session, bot.clock)
    level, template = bot.settings.dingtalk_button_level, bot.settings.dingtalk_card_template
    return [
        DingTalkChannel(client, level=level, card_template=template),
        DingTalkGroupChannel(client, door),
        DingTalkWebhookChannel(client, door, bot.clock),
    ]
