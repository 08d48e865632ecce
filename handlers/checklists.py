"""清单: what somebody has to do, said to be done; 入职 opens a list; 进度 shows how far it is."""

from __future__ import annotations

import re
from datetime import datetime

from bot.events import CardUpdate
from bot.routing import Command, Router, Tap
from handlers.name_and_day import read_name_and_day
from handlers.swap_words import Unclear
from message_templates.catalogue import Catalogue
from models.cards import Text
from models.clock import SHANGHAI, Clock
from services import checklist_progress
from services.actors import Actor
from services.checklist_reopening import Reopening
from services.checklist_rules import Kind
from services.checklists import Checklists
from services.entries import Entries
from services.refusals import Refusal

router = Router()
MOST_LINES = 20
_NUMBER = re.compile(r"#?(\d{1,18})\s*(.*)", re.DOTALL)


@router.card("checklists.done")
async def done(
    tap: Tap, actor: Actor, checklists: Checklists, words: Catalogue
) -> CardUpdate | Text:
    waiting = await checklists.cards.open_items(tap.message_id)
    chosen = tap.chosen("item")
    if chosen.isdecimal():
        await checklists.done(int(chosen), actor)
    elif len(waiting) == 1:
        await checklists.done(waiting[0], actor)
    else:
        raise Refusal("item_choose")
    template, facts = await checklists.cards.of_message(tap.message_id)
    return CardUpdate(words.card(template, facts))


@router.text("我的清单", "清单", help="my_items", reads=True)
async def mine(actor: Actor, checklists: Checklists, words: Catalogue, clock: Clock) -> Text:
    rows = await checklists.open_of(actor)
    if not rows:
        return Text(words.phrase("checklists/replies", "mine_none"))
    now = clock.now()
    lines = [
        {
            "id": row["id"],
            "person": "" if row["person_id"] == actor.person_id else row["name"],
            "title": row["title"],
            "mandatory": row["mandatory"],
            "due_at": row["due_at"],
            "late": row["due_at"] <= now,
        }
        for row in rows[:MOST_LINES]
    ]
    more = max(len(rows) - MOST_LINES, 0)
    return Text(words.phrase("checklists/replies", "mine", lines=lines, more=more))


@router.text("做好", "做好了")
async def done_in_words(
    command: Command, actor: Actor, checklists: Checklists, words: Catalogue
) -> Text:
    item_id, _ = _number(command.rest)
    title = await checklists.done(item_id, actor)
    left = len(await checklists.open_of(actor))
    return Text(words.phrase("checklists/replies", "done", title=title, left=left))


@router.text("不适用")
async def waive(command: Command, actor: Actor, checklists: Checklists, words: Catalogue) -> Text:
    item_id, reason = _number(command.rest)
    item = await checklists.waive(item_id, actor, reason)
    said = words.phrase(
        "checklists/replies", "waived", name=item["name"], title=item["title"], reason=reason
    )
    return Text(said)


@router.text("重新打开")
async def reopen(command: Command, actor: Actor, reopening: Reopening, words: Catalogue) -> Text:
    if not command.rest:
        found = await reopening.lately(actor)
        key = "reopen_which" if found else "reopen_none"
        return Text(words.phrase("checklists/replies", key, lines=found))
    item_id, reason = _number(command.rest)
    item = await reopening.reopen(item_id, actor, reason)
    said = words.phrase(
        "checklists/replies",
        "reopened",
        name=item["name"],
        title=item["title"],
        own=item["person_id"] == actor.person_id,
        alone=item["mandatory"]
        and item["template"] in reopening.checklists.rules.of_kind(Kind.ENTRY),
    )
    return Text(said)


@router.text("入职", help="entry")
async def enter(
    command: Command, actor: Actor, entries: Entries, words: Catalogue, clock: Clock
) -> Text:
    now = clock.now()
    today = now.astimezone(SHANGHAI).date()
    try:
        name, day = read_name_and_day(command.rest, today)
    except Unclear as unclear:
        raise Refusal("entry_how") from unclear
    if not name:
        raise Refusal("entry_how")
    opened = await entries.open(actor, name, day or today)
    return Text(words.phrase("checklists/replies", "opened", **opened))


@router.text("取消入职")
async def cancel(command: Command, actor: Actor, entries: Entries, words: Catalogue) -> Text:
    if not command.rest:
        raise Refusal("entry_how")
    cancelled = await entries.cancel(actor, command.rest)
    return Text(words.phrase("checklists/replies", "entry_cancelled", **cancelled))


@router.text("入职进度", help="entry_progress", reads=True)
async def entry_progress(
    actor: Actor, checklists: Checklists, words: Catalogue, clock: Clock
) -> Text:
    return await _progress(actor, checklists, words, clock.now(), Kind.ENTRY)


@router.text("离职进度", reads=True)
async def exit_progress(
    actor: Actor, checklists: Checklists, words: Catalogue, clock: Clock
) -> Text:
    return await _progress(actor, checklists, words, clock.now(), Kind.EXIT)


async def _progress(
    actor: Actor, checklists: Checklists, words: Catalogue, now: datetime, kind: Kind
) -> Text:
    found = await checklist_progress.lists(actor, checklists.rules, now, (kind,))
    name = words.words("checklists/kinds")["names"][kind]
    if not found:
        return Text(words.phrase("checklists/replies", "progress_none", list=name))
    said = words.phrase(
        "checklists/replies",
        "progress",
        list=name,
        entry=kind is Kind.ENTRY,
        lines=found[:MOST_LINES],
        more=max(len(found) - MOST_LINES, 0),
    )
    return Text(said)


def _number(text: str) -> tuple[int, str]:
    """The item's number and what follows it. Raises Refusal."""
    found = _NUMBER.fullmatch(text.strip())
    if found is None:
        raise Refusal("item_number")
    return int(found[1]), found[2].strip(" ,，。：:")
