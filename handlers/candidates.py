"""What candidates say, tap and send: a router of its own, no command of staff is open here.

Taps on an old menu find what it offered then: what is no longer offered changes nothing.
"""

from __future__ import annotations

from bot.events import LinkEntered, MediaSent, TextSaid
from bot.routing import Router, Tap
from models.cards import Text
from models.interviews import InterviewState
from services.conversation import Conversation
from services.guests import Guest
from services.interview_facts import InterviewView
from services.interview_reminders import InterviewReminders
from services.interview_replies import InterviewReplies
from services.refusals import Refusal

guest_router = Router()


@guest_router.fallback
async def said(
    event: TextSaid, guest: Guest, conversation: Conversation, reminders: InterviewReminders
) -> Text | None:
    if guest.candidate_id is None:
        words = await conversation.stranger(guest, event.text)
        return Text(words) if words else None
    await reminders.heard(guest.candidate_id)
    await conversation.hear(guest, event.text, event.at)
    return None


@guest_router.event(LinkEntered)
async def entered(guest: Guest, conversation: Conversation) -> Text:
    return Text(await conversation.welcome(guest))


@guest_router.event(MediaSent)
async def media(event: MediaSent, guest: Guest, conversation: Conversation) -> None:
    await conversation.media(guest, event.at)


@guest_router.card("interview.confirm")
async def confirm(tap: Tap, interviews: InterviewReplies) -> None:
    view = await interviews.answers.view(tap.subject_id)
    if view.state is InterviewState.CONFIRMED:
        await interviews.see_you(view)
    elif view.state is InterviewState.INVITED:
        await interviews.confirm(view)
    else:
        raise Refusal("card_unknown")


@guest_router.card("interview.choose")
async def choose(tap: Tap, interviews: InterviewReplies) -> None:
    view = await interviews.answers.view(tap.subject_id)
    slot = _chosen(tap, view)
    if slot == view.slot_id and view.state is InterviewState.CONFIRMED:
        await interviews.see_you(view)
    elif slot in {offered.slot_id for offered in view.offered}:
        await interviews.choose(view, slot)
    else:
        raise Refusal("card_unknown")


@guest_router.card("interview.other")
async def other(tap: Tap, interviews: InterviewReplies) -> None:
    await interviews.answers.offer(tap.subject_id, via="chat")


@guest_router.card("interview.decline")
async def decline(tap: Tap, interviews: InterviewReplies) -> None:
    view = await interviews.answers.view(tap.subject_id)
    if view.state is not InterviewState.DECLINED:
        await interviews.decline(view)


def _chosen(tap: Tap, view: InterviewView) -> int:
    """The option's id is ours, but what comes back is what somebody sent."""
    chosen = tap.chosen("slot")
    known = {str(slot.slot_id) for slot in view.offered} | {str(view.slot_id)}
    if chosen not in known or not chosen.isdigit():
        raise Refusal("card_unknown")
    return int(chosen)
