"""Wishes that a chat moves: who gets it, what the platform answers, and a process that dies."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from bot.app import read_rules
from bot.wiring import Services, build
from models import db
from models.candidates import ChatState
from models.clock import ManualClock
from models.policies import Reception
from services import chats, guests
from services.actors import Actor, by_id
from services.candidate_tasks import CandidateTasks
from services.chat_moves import LEASE, TRIES, MoveFailed
from services.chats import Session
from services.refusals import Refusal
from tests.support import hospital as hospitals
from tests.support.outside import KFID
from tests.support.recruiting import Invited, invited, posting, reachable, recruiter, slot

TIAN = "wmTian"


class Killed(BaseException):
    """The process is gone: nothing of ours catches it."""


@dataclass
class Desk:
    """The platform's side of one chat. It does what it is told, unless told to fail."""

    now: Session = field(default_factory=lambda: Session(ChatState.UNTOUCHED))
    fail: MoveFailed | None = None
    dies: bool = False
    told: list[Session] = field(default_factory=list)
    said: list[ChatState] = field(default_factory=list)

    async def state(self, open_kfid: str, user: str) -> Session:
        assert (open_kfid, user) == (KFID, TIAN)
        return self.now

    async def move(self, open_kfid: str, user: str, to: Session) -> str:
        assert (open_kfid, user) == (KFID, TIAN)
        self.told.append(to)
        if self.fail is not None:
            raise self.fail
        self.now = to
        if self.dies:
            raise Killed
        return "code"

    async def tell(self, code: str, state: ChatState) -> None:
        assert code == "code"
        self.said.append(state)


@dataclass
class Room:
    services: Services
    who: Invited
    clock: ManualClock
    desk: Desk

    @property
    def tasks(self) -> CandidateTasks:
        return self.services.recruiting.tasks

    async def opens(self, kind: str = "question", person: int = 0) -> int:
        task = await self.tasks.open(
            kind,
            person=person or (await recruiter()).person_id,
            candidate_id=self.who.candidate,
            detail={"words": "宿舍可以带家属吗"},
        )
        assert task is not None
        return task

    async def takes(self, task: int, by: Actor | None = None) -> None:
        async with db.transaction():
            await self.services.recruiting.chats.take(task, by or await recruiter())

    async def works(self) -> int:
        return await self.services.recruiting.moves.carry_out(self.desk)

    async def chat(self) -> chats.Chat:
        return (await chats.of_candidates([self.who.candidate]))[self.who.candidate]

    async def wishes(self) -> list[tuple[int, str, int]]:
        rows = await db.fetch("SELECT target, state, code FROM kf_transfers ORDER BY id")
        return [(row["target"], row["state"], row["code"]) for row in rows]

    async def heard(self, *purposes: str) -> list[str]:
        rows = await db.fetch(
            "SELECT purpose FROM messages WHERE purpose = ANY($1) ORDER BY id",
            list(purposes) or ["chats.yours", "chats.back", "chats.refused"],
        )
        return [row["purpose"] for row in rows]


async def a_room(services: Services, clock: ManualClock) -> Room:
    services = reachable(services)
    post = await posting(clock.now())
    who = await invited(services, post, await slot(post, "2026-12-09T10:00"))
    await guests.entered(KFID, TIAN, clock.now(), who.candidate)
    await guests.said(KFID, TIAN, clock.now())
    return Room(services, who, clock, Desk())


@pytest.fixture
async def room(services: Services, clock: ManualClock) -> Room:
    return await a_room(services, clock)


async def by_itself(room: Room, url: str, reception: Reception) -> Room:
    """The same hospital with another setting."""
    rules = read_rules(hospitals.settings(url))
    rules = replace(rules, policies=replace(rules.policies, reception=reception))
    return replace(room, services=reachable(build(rules, room.clock)))


async def a_colleague() -> Actor:
    """Somebody else who recruits."""
    by = await recruiter()
    other = await db.fetch_value(
        "SELECT person_id FROM identities WHERE platform = 'wecom' AND person_id <> $1 "
        "ORDER BY person_id LIMIT 1",
        by.person_id,
    )
    return replace(by, person_id=int(other), hr_head=True)


async def userid(by: Actor) -> str:
    found = await db.fetch_value(
        "SELECT user_id FROM identities WHERE platform = 'wecom' AND person_id = $1", by.person_id
    )
    return str(found)


async def test_taken_it_is_theirs_and_they_are_told_once(room: Room) -> None:
    task, by = await room.opens(), await recruiter()
    await room.takes(task)
    await room.takes(task)  # tapped twice
    assert await room.works() == 1
    assert await room.works() == 0
    assert room.desk.told == [Session(ChatState.HUMAN, await userid(by))]
    assert room.desk.said == [ChatState.HUMAN]
    assert ((await room.chat()).state, (await room.chat()).holder_id) == (3, by.person_id)
    assert await room.heard() == ["chats.yours"]
    with pytest.raises(Refusal, match="chat_yours"):
        await room.takes(task)


async def test_killed_after_the_call_it_is_asked_and_not_told_twice(room: Room) -> None:
    await room.takes(await room.opens())
    room.desk.dies = True
    with pytest.raises(Killed):
        await room.works()
    assert (await room.chat()).state is ChatState.UNTOUCHED, "nothing was written down"
    assert await room.works() == 0, "somebody may still be at it"
    room.clock.advance(LEASE)
    assert await room.works() == 1
    assert len(room.desk.told) == 1
    assert (await room.chat()).state is ChatState.HUMAN
    assert await room.heard() == ["chats.yours"]


async def test_killed_and_meanwhile_ended_by_its_servicer_it_stays_ended(room: Room) -> None:
    by = await userid(await recruiter())
    await room.takes(await room.opens())
    room.desk.dies = True
    with pytest.raises(Killed):
        await room.works()
    room.clock.advance(LEASE / 2)
    room.desk.now = Session(ChatState.ENDED)
    await chats.moved(KFID, TIAN, Session(ChatState.ENDED, by), room.clock.now())
    await guests.said(KFID, TIAN, room.clock.now())
    room.desk.now = Session(ChatState.UNTOUCHED)
    room.clock.advance(LEASE)
    assert await room.works() == 1
    assert len(room.desk.told) == 1, "the chat is the bot's again and is not taken a second time"
    assert await room.wishes() == [(3, "done", 0)]


async def test_two_tasks_of_one_candidate_move_the_chat_once(room: Room) -> None:
    first, second = await room.opens(), await room.opens("unclear")
    done = await asyncio.gather(
        room.takes(first), room.takes(second, await a_colleague()), return_exceptions=True
    )
    refused = [each for each in done if each is not None]
    assert [type(each) for each in refused] == [Refusal]
    assert refused[0].args[0] in ("chat_going", "chat_busy")
    await room.works()
    assert len(room.desk.told) == 1


async def test_found_with_another_colleague_whoever_tapped_is_told_who(room: Room) -> None:
    room.desk.now = Session(ChatState.HUMAN, "li")
    await room.takes(await room.opens())
    await room.works()
    assert room.desk.told == []
    assert ((await room.chat()).state, (await room.chat()).servicer) == (3, "li")
    assert await room.wishes() == [(3, "overtaken", 0)]
    assert await room.heard() == ["chats.refused"]


async def test_an_ended_session_waits_for_the_candidates_words(room: Room) -> None:
    room.desk.now = Session(ChatState.ENDED)
    task = await room.opens()
    await room.takes(task)
    await room.works()
    assert room.desk.told == []
    assert await room.heard() == ["chats.refused"]
    with pytest.raises(Refusal, match="chat_ended"):
        await room.takes(task)
    await guests.said(KFID, TIAN, room.clock.now())
    room.desk.now = Session(ChatState.UNTOUCHED)
    await room.takes(task)
    await room.works()
    assert (await room.chat()).state is ChatState.HUMAN


async def test_what_passes_is_tried_again_and_at_last_said_to_be_unknown(room: Room) -> None:
    room.desk.fail = MoveFailed("busy", code=-1)
    task = await room.opens()
    await room.takes(task)
    for _ in range(TRIES):
        assert await room.works() == 1
        room.clock.advance(timedelta(minutes=5))
    assert await room.works() == 0
    assert await room.wishes() == [(3, "refused", -1)]
    assert (await room.chat()).state is ChatState.UNTOUCHED, "nothing is claimed"
    assert (await room.tasks.facts(task))["chat"] == "refused"
    room.desk.fail = None
    await room.takes(task)
    await room.works()
    assert (await room.tasks.facts(task))["chat"] == "human"


async def test_no_account_of_wecom_no_chat(room: Room) -> None:
    task, by = await room.opens(), await recruiter()
    await db.execute("DELETE FROM identities WHERE person_id = $1", by.person_id)
    with pytest.raises(Refusal, match="chat_no_account"):
        await room.takes(task, by)


async def test_who_never_wrote_has_no_chat_to_take(room: Room) -> None:
    await db.execute("DELETE FROM kf_contacts")
    task = await room.opens()
    assert (await room.tasks.facts(task))["chat_free"] is False
    with pytest.raises(Refusal, match="chat_none"):
        await room.takes(task)


async def test_only_its_holder_gives_it_back(room: Room) -> None:
    task, by = await room.opens(), await recruiter()
    await room.takes(task)
    await room.works()
    chat = await room.chat()
    with pytest.raises(Refusal, match="chat_not_here"):
        await room.services.recruiting.chats.give_back(chat.id, await a_colleague())
    async with db.transaction():
        await room.services.recruiting.chats.give_back(chat.id, by)
        await room.services.recruiting.chats.give_back(chat.id, by)  # tapped twice
    await room.works()
    assert [told.state for told in room.desk.told] == [ChatState.HUMAN, ChatState.ENDED]
    assert room.desk.said == [ChatState.HUMAN, ChatState.ENDED]
    assert (await guests.said(KFID, TIAN, room.clock.now())).with_colleague is False


async def test_given_back_after_a_colleague_took_it_over_nothing_is_ended(room: Room) -> None:
    task, by = await room.opens(), await recruiter()
    await room.takes(task)
    await room.works()
    room.desk.now = Session(ChatState.HUMAN, "li")  # handed on in the client, not heard of yet
    async with db.transaction():
        await room.services.recruiting.chats.give_back((await room.chat()).id, by)
    await room.works()
    assert len(room.desk.told) == 1
    assert (await room.chat()).servicer == "li"


async def test_an_erased_candidate_leaves_no_wish_and_nothing_is_told_of_them(
    room: Room,
) -> None:
    await room.takes(await room.opens())
    await db.execute("DELETE FROM kf_contacts WHERE candidate_id = $1", room.who.candidate)
    assert await room.works() == 0
    assert (await room.wishes(), room.desk.told, await room.heard()) == ([], [], [])


async def test_older_news_does_not_undo_newer(room: Room) -> None:
    await room.takes(await room.opens())
    room.clock.advance(timedelta(minutes=1))
    await room.works()
    before = room.clock.now() - timedelta(minutes=1)
    assert await chats.moved(KFID, TIAN, Session(ChatState.ENDED, "li"), before) is None
    assert (await room.chat()).state is ChatState.HUMAN
    assert await chats.moved(KFID, TIAN, Session(ChatState.ENDED, "su"), room.clock.now())
    assert (await room.chat()).state is ChatState.ENDED


async def test_by_the_hospitals_setting_it_goes_to_the_person_of_the_task(
    room: Room, database_url: str
) -> None:
    room = await by_itself(room, database_url, Reception.SERVICER)
    await room.opens()
    assert await room.works() == 0, "our own answer goes first"
    room.clock.advance(timedelta(seconds=20))
    assert await room.works() == 1
    assert room.desk.told == [Session(ChatState.HUMAN, await userid(await recruiter()))]
    assert await room.heard() == ["chats.yours"]


async def test_nobody_to_name_means_the_pool_where_the_bot_is_silent(
    room: Room, database_url: str
) -> None:
    who = (await recruiter()).person_id
    await db.execute("DELETE FROM identities WHERE person_id = $1", who)
    room = await by_itself(room, database_url, Reception.SERVICER)
    task = await room.opens(person=who)
    await room.opens("phone", person=who)  # nobody wrote
    room.clock.advance(timedelta(seconds=20))
    assert await room.works() == 1
    assert room.desk.told == [Session(ChatState.WAITING)]
    assert (await room.tasks.facts(task))["chat"] == "waiting"
    assert (await room.tasks.facts(task))["chat_free"], "it can be taken out of the pool"
    assert (await guests.said(KFID, TIAN, room.clock.now())).with_colleague
    assert await room.heard() == []


async def test_nobody_asked_yet_who_must_mend_it_is_told(room: Room, database_url: str) -> None:
    room = await by_itself(room, database_url, Reception.SERVICER)
    room.desk.fail = MoveFailed("no servicer", code=95014, cure="加人", again=False, servicer=True)
    await room.opens()
    room.clock.advance(timedelta(seconds=20))
    await room.works()
    assert await room.wishes() == [(3, "refused", 95014)]
    assert await room.heard() == ["chats.refused"]
    assert (await room.chat()).state is ChatState.UNTOUCHED


async def test_a_strangers_chat_can_be_taken_too(room: Room) -> None:
    await db.execute("UPDATE kf_contacts SET candidate_id = NULL")
    guest = await guests.said(KFID, TIAN, room.clock.now())
    await room.services.recruiting.conversation.stranger(guest, "请问还招护士吗")
    task = await db.fetch_one("SELECT id, person_id FROM candidate_tasks WHERE kind = 'stranger'")
    assert task is not None
    facts = await room.tasks.facts(task["id"])
    assert facts["chat_free"]
    keeper = await by_id(task["person_id"])
    assert keeper is not None
    await room.takes(task["id"], keeper)
    await room.works()
    assert (await room.tasks.facts(task["id"]))["chat_who"] == keeper.name
