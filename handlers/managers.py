"""What a head nurse asks for: who has not answered, and the way into the console."""

from __future__ import annotations

from bot.routing import Router
from message_templates.catalogue import Catalogue
from models.cards import Text
from services.actors import Actor
from services.permissions import Act, require
from services.reminders import Reminders
from services.sign_in import SignIn

router = Router()


@router.text("未确认", "谁没确认", act=Act.SEE_UNIT_ROSTER, help="silent")
async def silent(actor: Actor, reminders: Reminders, words: Catalogue) -> Text:
    lists = []
    for unit_id in sorted(actor.manages):
        require(actor, Act.SEE_UNIT_ROSTER, unit_id)
        facts = await reminders.silent_now(unit_id)
        if facts["silent"]:
            lists.append(words.text("shifts/reminder_silent", facts).content)
        else:
            key = "everybody_confirmed" if facts["asked"] else "nobody_asked"
            lists.append(words.phrase("replies", key, **facts))
    return Text("\n\n".join(lists) or words.phrase("refusals", "not_allowed"))


@router.text("控制台", "导入", "导入班表", "后台", act=Act.IMPORT_ROSTER, help="console")
async def console(actor: Actor, sign_in: SignIn, words: Catalogue) -> Text:
    url = await sign_in.link(actor)
    return Text(words.phrase("replies", "console_link", url=url, minutes=sign_in.minutes))
