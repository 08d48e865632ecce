"""紧急支援: launched in a sentence, answered with a tap or in words."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from bot.events import CardUpdate, TextSaid
from bot.routing import Command, Router, Tap
from handlers import callout_words
from handlers.callout_words import Pieces, Unclear
from message_templates.catalogue import Catalogue
from models.callouts import AnswerState, CallKind
from models.cards import Text
from models.clock import Clock
from services.actors import Actor
from services.callout_answers import Answer
from services.callout_ends import ASK
from services.callout_previews import CallPreviews
from services.callouts import CallOuts
from services.permissions import Act
from services.refusals import Refusal
from services.skills import Skills

router = Router()

# 我40分钟到, 大概半小时后到, 14:40到: a short text that says nothing but when somebody comes.
COMING = (
    r"(?=.{2,30}$)(?:我|晚点到?|大概|大约|约|预计|还[要有]|再|可能|[,\s])*"
    r"(?:(?:\d{1,3}|[半一两三])个?半?(?:小时|分钟|分)"
    r"|(?:早上|上午|中午|下午|晚上|凌晨)?\d{1,2}(?::\d{2}|点(?:半|\d{1,2}分?)?))"
    r"(?:以?后|之后|内|左右)?(?:能|才)?到(?:医院|岗|达)?[。.!了]?"
)


@router.text("紧急支援", "紧急召集", act=Act.CALL_OUT, help="call_out")
async def draft(
    command: Command,
    actor: Actor,
    previews: CallPreviews,
    skills: Skills,
    words: Catalogue,
    clock: Clock,
) -> Text:
    """The preview follows, a card of its own."""
    pieces = callout_words.read_pieces(command.rest, skills, clock.now())
    return await _preview(actor, pieces, previews, words)


@router.text("演练", "支援演练", act=Act.CALL_OUT)
async def drill(
    command: Command,
    actor: Actor,
    previews: CallPreviews,
    skills: Skills,
    words: Catalogue,
    clock: Clock,
) -> Text:
    """演练 紧急支援 楼东 …: the same words, and nobody comes."""
    said = command.rest.strip().removeprefix("紧急支援")
    pieces = callout_words.read_pieces(said, skills, clock.now())
    return await _preview(actor, replace(pieces, kind=CallKind.DRILL), previews, words)


async def _preview(actor: Actor, pieces: Pieces, previews: CallPreviews, words: Catalogue) -> Text:
    try:
        wish = callout_words.wish_of(pieces, previews.call_outs.rules.duration)
    except Unclear as unclear:
        raise Refusal("callout_unclear", missing=unclear.missing) from unclear
    await previews.draft(actor, wish)
    return Text(words.phrase("callouts/replies", "preview_follows"))


@router.text("支援改为", "改为", act=Act.CALL_OUT)
async def change(
    command: Command,
    actor: Actor,
    previews: CallPreviews,
    skills: Skills,
    words: Catalogue,
    clock: Clock,
) -> Text:
    wish = await previews.newest(actor)
    pieces = callout_words.read_pieces(command.rest, skills, clock.now())
    try:
        wish = callout_words.changed(wish, pieces)
    except Unclear as unclear:
        raise Refusal("callout_unclear", missing=unclear.missing) from unclear
    await previews.draft(actor, wish)
    return Text(words.phrase("callouts/replies", "preview_follows"))


@router.card("callouts.send")
async def send(tap: Tap, actor: Actor, previews: CallPreviews, words: Catalogue) -> CardUpdate:
    facts = await previews.send(actor, tap.message_id)
    return CardUpdate(words.card("callouts/preview", facts))


@router.card("callouts.drop")
async def drop(tap: Tap, actor: Actor, previews: CallPreviews, words: Catalogue) -> CardUpdate:
    facts = await previews.drop(actor, tap.message_id)
    return CardUpdate(words.card("callouts/preview", facts))


@router.card("callouts.refresh")
async def refresh(tap: Tap, call_outs: CallOuts, words: Catalogue) -> CardUpdate:
    return await _board(tap.subject_id, call_outs, words)


@router.card("callouts.cancel")
async def cancel(tap: Tap, actor: Actor, call_outs: CallOuts, words: Catalogue) -> CardUpdate:
    await call_outs.cancel(actor, tap.subject_id)
    return await _board(tap.subject_id, call_outs, words)


@router.text("支援进展", "召集进展", act=Act.CALL_OUT, help="call_out_progress", reads=True)
async def progress(actor: Actor, call_outs: CallOuts, words: Catalogue) -> Text:
    views = await call_outs.open_for(actor)
    if not views:
        return Text(words.phrase("callouts/replies", "nothing_open"))
    lines = [
        words.phrase("callouts/replies", "progress", **call_outs.facts.board(view))
        for view in views[:5]
    ]
    return Text("\n\n".join(lines))


@router.text("取消支援", "取消召集", act=Act.CALL_OUT, help="cancel_call_out")
async def cancel_in_words(
    command: Command, actor: Actor, call_outs: CallOuts, words: Catalogue
) -> Text:
    """取消支援 楼东 病人已转出: the only open one, or the one at that place."""
    views = await call_outs.open_for(actor)
    if not views:
        raise Refusal("callout_none_open")
    named = [view for view in views if command.rest.startswith(view.place)]
    if len(named) != 1 and len(views) > 1:
        raise Refusal("callout_which", places=[view.place for view in views])
    view = named[0] if named else views[0]
    why = command.rest.removeprefix(view.place).strip(" ,，、:：。")
    done = await call_outs.cancel(actor, view.id, why)
    return Text(words.phrase("callouts/replies", "cancelled", **call_outs.facts.board(done)))


# What those who were asked say.


@router.card("callouts.yes")
async def yes(tap: Tap, actor: Actor, call_outs: CallOuts, words: Catalogue) -> CardUpdate:
    return await _tapped(tap, actor, call_outs, words, Answer.YES)


@router.card("callouts.late")
async def late(tap: Tap, actor: Actor, call_outs: CallOuts, words: Catalogue) -> CardUpdate:
    chosen = tap.chosen("eta")
    view = await call_outs.view(tap.subject_id)
    eta = view.report_at + timedelta(minutes=int(chosen)) if chosen.isdigit() else None
    return await _tapped(tap, actor, call_outs, words, Answer.LATE, eta)


@router.card("callouts.no")
async def no(tap: Tap, actor: Actor, call_outs: CallOuts, words: Catalogue) -> CardUpdate:
    return await _tapped(tap, actor, call_outs, words, Answer.NO)


@router.text("可以参加", "我可以参加", "能参加", "参加支援", "我能到")
async def yes_in_words(actor: Actor, call_outs: CallOuts, words: Catalogue) -> Text:
    return await _said(actor, call_outs, words, Answer.YES)


@router.text("我来不了了", "我来不了", "来不了了", "来不了", "不能参加")
async def no_in_words(actor: Actor, call_outs: CallOuts, words: Catalogue) -> Text:
    return await _said(actor, call_outs, words, Answer.NO)


@router.pattern(COMING)
async def late_in_words(
    event: TextSaid, actor: Actor, call_outs: CallOuts, words: Catalogue, clock: Clock
) -> Text:
    """我40分钟到."""
    eta = callout_words.read_eta(event.text, clock.now())
    if eta is None:
        raise Refusal("callout_eta_unclear")
    return await _said(actor, call_outs, words, Answer.LATE, eta)


async def _tapped(
    tap: Tap,
    actor: Actor,
    call_outs: CallOuts,
    words: Catalogue,
    answer: Answer,
    eta: datetime | None = None,
) -> CardUpdate:
    done = await call_outs.answer(tap.subject_id, actor, answer, eta)
    facts = await call_outs.asked_facts(tap.subject_id, actor.person_id, done.barred)
    return CardUpdate(words.card(_template(facts["kind"]), facts))


async def _said(
    actor: Actor,
    call_outs: CallOuts,
    words: Catalogue,
    answer: Answer,
    eta: datetime | None = None,
) -> Text:
    call_out = await call_outs.answers.latest(actor, answer)
    done = await call_outs.answer(call_out, actor, answer, eta)
    facts = await call_outs.asked_facts(call_out, actor.person_id, done.barred)
    key = "answered_yes" if done.state is AnswerState.YES else f"answered_{done.state}"
    return Text(words.phrase("callouts/replies", key, **facts))


async def _board(call_out_id: int, call_outs: CallOuts, words: Catalogue) -> CardUpdate:
    view = await call_outs.view(call_out_id)
    return CardUpdate(words.card("callouts/board", call_outs.facts.board(view)))


def _template(kind: str) -> str:
    return ASK[CallKind(kind)].replace(".", "/")
