"""A candidate's chat in customer service: taken by a colleague, and given back."""

from __future__ import annotations

from bot.events import CardUpdate, ChatMoved
from bot.routing import Router, Tap
from message_templates.catalogue import Catalogue
from models.candidates import ChatState
from models.cards import Text
from services.actors import Actor
from services.candidate_tasks import CandidateTasks
from services.chat_transfers import ChatTransfers
from services.chats import Session

router, guest_router = Router(), Router()
_ENDED = 3  # ChatMoved.change


@router.card("chat.take")
async def take(
    tap: Tap, actor: Actor, chats: ChatTransfers, tasks: CandidateTasks, words: Catalogue
) -> CardUpdate:
    """我来接待, on a task's card."""
    await chats.take(tap.subject_id, actor)
    facts = await tasks.facts(tap.subject_id)
    return CardUpdate(words.card(f"tasks/{facts['kind']}", facts))


@router.card("chat.again")
async def again(
    tap: Tap, actor: Actor, chats: ChatTransfers, tasks: CandidateTasks, words: Catalogue
) -> CardUpdate:
    """我来接待 once more, on the card that said why it had failed."""
    await chats.take(tap.subject_id, actor)
    facts = await tasks.facts(tap.subject_id)
    said = {**facts, "why": "", "holder": "", "cure": "", "tried": True}
    return CardUpdate(words.card("chats/refused", said))


@router.card("chat.back")
async def back(tap: Tap, actor: Actor, chats: ChatTransfers, words: Catalogue) -> Text:
    """交还给机器人: the platform is told right after, and the card then says so."""
    await chats.give_back(tap.subject_id, actor)
    return Text(words.phrase("chats/words", "going_back"))


@guest_router.event(ChatMoved)
async def moved(event: ChatMoved, chats: ChatTransfers) -> None:
    state = ChatState.ENDED if event.change == _ENDED else ChatState.HUMAN
    who = Session(state, event.servicer)
    await chats.heard(event.app, event.user, who, event.at)
