"""The day of interviews: who comes, who has come, who did not, and which group is called."""

from __future__ import annotations

import re
from itertools import groupby

from bot.events import CardUpdate, TextSaid
from bot.routing import Command, Router, Tap
from message_templates.catalogue import Catalogue
from models.cards import Text
from models.clock import SHANGHAI
from services.actors import Actor
from services.batch_interviews import BatchInterviews
from services.conversation import Conversation
from services.guests import Guest
from services.interview_day import InterviewDay
from services.interview_reminders import InterviewReminders
from services.interviewer_notices import InterviewerNotices
from services.no_shows import NoShows
from services.refusals import Refusal
from services.wrong_absences import WrongAbsences

router = Router()
guest_router = Router()
WORDS = "interviews/day_words"
# 叫号 第3组 7层会议室, 叫号 急诊科护士 第3组到7层会议室
_CALL = re.compile(
    r"(?:请\s*)?(?:(?P<post>\S+)\s+)??(?P<group>\S*?组|\d{1,3})\s*到?\s*(?P<place>.+)"
)


@router.text("面试安排", help="interview_schedule", reads=True)
async def schedule(actor: Actor, notices: InterviewerNotices, words: Catalogue) -> Text:
    found = await notices.listing(actor)
    if not found:
        return Text(words.phrase(WORDS, "schedule_empty"))
    by_day = groupby(found, key=lambda one: one["starts"].astimezone(SHANGHAI).date())
    days = [(day, list(ones)) for day, ones in by_day]
    return Text(words.phrase(WORDS, "schedule", days=days))


@router.text("没来", "没到场", "未到场", help="no_show")
async def absent(
    command: Command, actor: Actor, day: InterviewDay, no_shows: NoShows, words: Catalogue
) -> Text:
    view = await day.named(actor, command.rest)
    await no_shows.note(view.interview_id, actor)
    return Text(words.phrase(WORDS, "no_show_noted", address=view.address))


@router.card("interview.no_show")
async def absent_by_tap(tap: Tap, actor: Actor, no_shows: NoShows, words: Catalogue) -> Text:
    """On a card about an interview."""
    await no_shows.note(tap.subject_id, actor)
    view = await no_shows.facts.one(tap.subject_id)
    return Text(words.phrase(WORDS, "no_show_noted", address=view.address if view else ""))


@router.text("撤销没来", "取消没来", help="no_show_undo")
async def came_after_all(
    command: Command, actor: Actor, day: InterviewDay, absences: WrongAbsences, words: Catalogue
) -> Text:
    view = await day.noted_absent(actor, command.rest)
    await absences.take_back(view.interview_id, actor)
    return Text(words.phrase(WORDS, "no_show_undone", address=view.address))


@router.card("interview.no_show_undo")
async def came_by_tap(
    tap: Tap, actor: Actor, absences: WrongAbsences, words: Catalogue
) -> CardUpdate:
    """On the card by which the recruiter heard of it."""
    await absences.take_back(tap.subject_id, actor)
    facts = await absences.card(tap.subject_id)
    return CardUpdate(words.card("interviews/absence_noted", facts))


@router.text("报到", "已到场", help="arrived")
async def present(
    command: Command, actor: Actor, day: InterviewDay, batch: BatchInterviews, words: Catalogue
) -> Text:
    view = await day.named(actor, command.rest)
    arrival = await batch.arrive(view.interview_id, by=actor)
    key = "arrived_before" if arrival.already else "arrived"
    said = words.phrase(
        WORDS,
        key,
        address=view.address,
        group=arrival.group,
        queue_no=arrival.queue_no,
        moved=arrival.moved,
    )
    return Text(said)


@router.text("叫号", help="call_group")
async def call(command: Command, actor: Actor, batch: BatchInterviews, words: Catalogue) -> Text:
    found = _CALL.fullmatch(command.rest)
    if found is None:
        raise Refusal("call_unclear")
    called = await batch.call(actor, found["group"], found["place"], found["post"] or "")
    nobody = not called.told and not called.known and not called.aloud
    said = words.phrase(
        WORDS,
        "called_nobody" if nobody else "called",
        group=called.group,
        place=called.place,
        told=called.told,
        known=called.known,
        absent=called.absent,
        aloud=[str(number) for number in called.aloud],
    )
    return Text(said)


@guest_router.text("报到", "签到", "我到了", "到了", "我来报到", "我到医院了")
async def here(
    command: Command,
    event: TextSaid,
    guest: Guest,
    day: InterviewDay,
    batch: BatchInterviews,
    conversation: Conversation,
    reminders: InterviewReminders,
) -> Text | None:
    """On the day of their interview; on any other these are words like others."""
    if guest.candidate_id is None:
        words = await conversation.stranger(guest, event.text)
        return Text(words) if words else None
    await reminders.heard(guest.candidate_id)
    interview = await day.of_candidate(guest.candidate_id)
    if interview is None:
        await conversation.hear(guest, event.text, event.at)
        return None
    await batch.arrive(interview, by=guest)
    if command.rest:
        await conversation.hear(guest, command.rest, event.at)
    return None
