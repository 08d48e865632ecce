"""绑定本群, 解绑本群: said in a group chat, to make it a unit's or nobody's."""

from __future__ import annotations

from bot.events import TextSaid
from bot.routing import Command, Router
from message_templates.catalogue import Catalogue
from models.cards import Text
from services.actors import Actor
from services.groups import Groups
from services.permissions import Act

router = Router()


@router.text("绑定本群", act=Act.BIND_GROUP, help="bind_group", in_groups=True)
async def bind(
    event: TextSaid, command: Command, actor: Actor, groups: Groups, words: Catalogue
) -> Text:
    if not event.group:
        return Text(words.phrase("replies", "bind_group_how"))
    bound = await groups.bind_here(
        actor, event.platform, event.group, event.group_title, command.rest
    )
    return Text(words.phrase("replies", "group_bound", unit=bound.unit, before=bound.before))


@router.text("解绑本群", act=Act.BIND_GROUP, help="unbind_group", in_groups=True)
async def unbind(event: TextSaid, actor: Actor, groups: Groups, words: Catalogue) -> Text:
    if not event.group:
        return Text(words.phrase("replies", "unbind_group_how"))
    unit = await groups.unbind_here(actor, event.platform, event.group)
    return Text(words.phrase("replies", "group_unbound", unit=unit))
