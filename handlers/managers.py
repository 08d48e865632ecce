"""What a head nurse asks for: who has not answered, and the way into the console."""

from __future__ import annotations

from datetime import date

from bot.routing import Command, Router
from handlers.swap_words import Unclear, read_day
from message_templates.catalogue import Catalogue
from models.cards import Text
from models.clock import SHANGHAI, Clock
from services import colleagues
from services.actors import Actor
from services.deputies import Deputies
from services.permissions import Act, require
from services.refusals import Refusal
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


@router.text("代理", act=Act.APPROVE_SWAP, help="deputy")
async def deputise(
    command: Command, actor: Actor, deputies: Deputies, words: Catalogue, clock: Clock
) -> Text:
    today = clock.now().astimezone(SHANGHAI).date()
    try:
        name, first, last = _appointment(command.rest, today)
    except Unclear as unclear:
        raise Refusal("deputy_unclear", text=unclear.part) from unclear
    deputy = await colleagues.find(actor, name)
    await deputies.appoint(actor, deputy["id"], first, last)
    said = words.phrase("replies", "deputy_appointed", name=deputy["name"], first=first, last=last)
    return Text(said)


@router.text("取消代理", act=Act.APPROVE_SWAP, help="end_deputy")
async def end_deputy(actor: Actor, deputies: Deputies, words: Catalogue) -> Text:
    key = "deputy_dismissed" if await deputies.dismiss(actor) else "deputy_none"
    return Text(words.phrase("replies", key))


def _appointment(text: str, today: date) -> tuple[str, date, date]:
    """`王 1210 1215`: the name and the days, the second of which may be left out."""
    parts = text.replace("到", " ").replace("至", " ").replace("-", " ").split()
    if len(parts) < 2:
        raise Unclear(text)
    days = [read_day(part, today) for part in parts[1:3]]
    found = [day[0] for day in days if day is not None]
    if len(found) < len(days):
        raise Unclear(text)
    return parts[0], found[0], found[-1]
