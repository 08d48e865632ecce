"""People outside the hospital as tests speak of them: they read mails, open links, say things."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from bot import database
from bot.app import read_rules
from bot.sample_candidates import RECRUITER_ID, SampleCandidate, named
from bot.sample_history import seed_history
from bot.sample_outside import KFID
from bot.sample_recruiting import import_sheets
from bot.wiring import build
from models import db, sealed
from models.clock import ManualClock
from services.actors import Actor, find
from tests.support import hospital as hospitals
from tests.support.forms import WebPage, visit
from tests.support.hospital import RING, START, Hospital, Message, Phone

ENTRY = "https://work.weixin.qq.com/kfid/"
STRANGER = "wmSAMPLEstranger"
_LOCAL = "to_char(s.starts_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD\"T\"HH24:MI')"
_URL = re.compile(r"https?://[^\s<>\"'，。；：！？、（）【】]+")


class Chat(Phone):
    """A WeChat; what is said is heard by customer service, which answers by messages."""

    @property
    def id(self) -> str:
        return f"wechat:{self.userid}"

    async def says(self, text: str) -> str:
        done = await self.hospital.post(f"/sim/phones/{self.id}/say", {"text": text})
        assert done["status"] == "ok", done
        await self.hospital.settle()
        return ""

    async def enters(self, link: str) -> str:
        """Open an entry link; the outcome the platform reports."""
        done = await self.hospital.post(f"/sim/phones/{self.id}/enter", {"url": link})
        await self.hospital.settle()
        return str(done["status"])

    async def everything(self) -> list[Message]:
        """What was said on both sides, oldest first."""
        found = await self.hospital.get(f"/sim/phones/{self.id}/messages")
        return [Message(self, message) for message in found]

    async def expects_menu(self, words: str) -> Menu:
        message = await self.expects(words)
        assert message.body["kind"] == "msgmenu", message.text
        return Menu(self, message.body)

    async def left(self) -> int:
        """How many messages the hospital may still send here."""
        (row,) = await self.hospital.get(f"/sim/phones/{self.id}/windows")
        return int(row["left"])


class Menu(Message):
    """A menu in WeChat: it stays tappable for ever."""

    async def tap(
        self, button: str, *, selected: str | Mapping[str, str] = "", force: bool = False
    ) -> str:
        """Tap the first entry that holds these words."""
        entries = [e for e in self.body["content"]["list"] if e["type"] == "click"]
        fitting = [entry for entry in entries if button in entry["content"]]
        assert fitting, f"no {button!r} among {[entry['content'] for entry in entries]}"
        url, body = f"/sim/phones/{self.phone.id}/tap", {"seq": self.body["seq"]}
        done = await self.phone.hospital.post(url, body | {"button": fitting[0]["id"]})
        assert done["status"] == "ok", done
        await self.phone.hospital.settle()
        return str(fitting[0]["content"])


class Letter(Message):
    """A mail or a text message, with what can be followed in it."""

    @property
    def links(self) -> list[str]:
        found = [str(link["url"]) for link in self.body["content"].get("links", [])]
        return [*found, *_URL.findall(self.body["content"].get("text") or self.text)]

    @property
    def chat(self) -> str:
        """The entry link of the chat."""
        return next(url for url in self.links if url.startswith(ENTRY))

    @property
    def page(self) -> str:
        """The link to our page."""
        return next(url for url in self.links if not url.startswith(ENTRY))

    @property
    def calendar(self) -> dict[str, Any]:
        found: dict[str, Any] = self.body["content"]["calendar"]
        return found


class Letters(Phone):
    """A mailbox or the text messages of a number."""

    @property
    def id(self) -> str:
        return self.userid

    async def reads(self, words: str) -> Letter:
        return Letter(self, (await self.expects(words)).body)


@dataclass
class Candidate:
    """One person with a WeChat, a mailbox and a number."""

    hospital: RecruitingHospital
    sample: SampleCandidate

    def __post_init__(self) -> None:
        self.chat = Chat(self.hospital, self.sample.wechat)
        self.box = Letters(self.hospital, f"mail:{self.sample.row.email}")
        self.sms = Letters(self.hospital, f"sms:{self.sample.row.phone}")

    @property
    def name(self) -> str:
        return self.sample.name

    async def id(self) -> int:
        """Which row this is. Fails when they were erased."""
        index = sealed.ring().index("candidates.phone", self.sample.row.phone)
        found = await db.fetch_value("SELECT id FROM candidates WHERE phone_index = $1", index)
        assert found is not None, self.name
        return int(found)

    async def writes_first(self, text: str = "你好") -> None:
        """They come into the chat over a link of ours and say something: the window is open."""
        entry = await self.hospital.bot.services.recruiting.links.make(await self.id())
        assert entry.kf_url is not None
        assert await self.enters_chat(entry.kf_url) == "ok"
        await self.says(text)
        self.chat.read |= {message["seq"] for message in await self.chat.messages()}

    async def reads_mail(self, words: str) -> Letter:
        return await self.box.reads(words)

    async def reads_sms(self, words: str) -> Letter:
        return await self.sms.reads(words)

    async def opens(self, link: str) -> WebPage:
        """Our page, in a browser."""
        await self.hospital.settle()
        return await visit(self.hospital.session, link)

    async def enters_chat(self, link: str) -> str:
        return await self.chat.enters(link)

    async def says(self, text: str) -> None:
        await self.chat.says(text)

    async def expects(self, words: str) -> Message:
        return await self.chat.expects(words)

    async def expects_menu(self, words: str) -> Menu:
        return await self.chat.expects_menu(words)

    async def got_nothing(self) -> None:
        """Nothing unread on any of their phones."""
        for phone in (self.chat, self.box, self.sms):
            await phone.expects_nothing()


class RecruitingHospital(Hospital):
    """A hospital with posts, slots and candidates; everybody of the staff is on WeCom."""

    _outside: dict[str, Candidate]

    @classmethod
    def of(cls, opened: Hospital) -> RecruitingHospital:
        made = cls(opened.address, opened.session, opened.bot, opened.sim, opened.platform)
        made._outside = {}
        return made

    def candidate(self, name: str) -> Candidate:
        return self._outside.setdefault(name, Candidate(self, named(name)))

    def stranger(self) -> Chat:
        return Chat(self, STRANGER)

    def hr(self) -> Phone:
        """The phone of who answers for the posts."""
        return self.phone(RECRUITER_ID)

    async def entry_link(self) -> str:
        """The chat's link that anybody may have, without the part that says who it is."""
        entry = await self.bot.services.recruiting.links.make(await self.candidate("田小试").id())
        assert entry.kf_url is not None
        return entry.kf_url.partition("&scene_param=")[0]

    async def takes_over(self, candidate: Candidate, servicer: str) -> None:
        """A colleague takes the conversation in WeCom."""
        body = {"open_kfid": KFID, "external_userid": candidate.sample.wechat, "state": 3}
        await self.post("/sim/kf/sessions", body | {"servicer": servicer})
        await self.settle()

    async def recruiter(self) -> Actor:
        found = await find("wecom", RECRUITER_ID)
        assert found is not None
        return found

    async def reads(self, *userids: str) -> None:
        """What lies on these phones (or all, also of candidates) is not of interest."""
        await super().reads(*userids)
        for one in () if userids else self._outside.values():
            for phone in (one.chat, one.box, one.sms):
                phone.read |= {message["seq"] for message in await phone.messages()}

    async def invites(
        self, name: str, local: str, *, by: str = RECRUITER_ID, post: str = ""
    ) -> int:
        """HR ticks a point that fits and invites to the slot that begins then; the interview."""
        invitations = self.bot.services.recruiting.invitations
        application, slot = await self.application(name), await self.slot(local, post)
        who = await find("wecom", by)
        assert who is not None
        async with db.transaction():
            points = await invitations.proposals(who, application)
            await invitations.tick(who, application, points[:1])
        async with db.transaction():
            made = await invitations.invite(who, application, slot)
        await self.settle()
        return made

    async def time_moves(self, by: str) -> None:
        await self.later(by)

    async def until(self, local: str, step: str = "1h") -> None:
        """To this local time (`20:40`, or `2026-12-08T07:30`), looking every `step`."""
        await self._move({"to": local, "step": step})

    async def slot(self, local: str, post: str = "") -> int:
        """The slot that begins then, such as `2026-12-10T14:30`."""
        rows = await db.fetch(
            f"SELECT s.id FROM slots s JOIN postings p ON p.id = s.posting_id "
            f"WHERE {_LOCAL} = $1 AND ($2 = '' OR p.title = $2) ORDER BY s.id",
            local,
            post,
        )
        assert rows, f"no slot at {local}"
        return int(rows[0]["id"])

    async def application(self, name: str) -> int:
        found = await db.fetch_value(
            "SELECT id FROM applications WHERE candidate_id = $1 ORDER BY id DESC LIMIT 1",
            await self.candidate(name).id(),
        )
        return int(found)

    async def interview(self, name: str) -> db.Row:
        """Their newest interview, as it is stored, with the slot's local beginning."""
        row = await db.fetch_one(
            f"SELECT i.*, {_LOCAL} AS local FROM interviews i "
            "LEFT JOIN slots s ON s.id = i.slot_id WHERE i.application_id = $1 "
            "ORDER BY i.id DESC LIMIT 1",
            await self.application(name),
        )
        assert row is not None, name
        return row

    async def state(self, name: str) -> tuple[str, str | None]:
        """State of their newest interview, and when its slot begins."""
        row = await self.interview(name)
        return str(row["state"]), row["local"]

    async def taken(self, local: str) -> int:
        slot = await self.slot(local)
        return int(await db.fetch_value("SELECT taken FROM slots WHERE id = $1", slot))


def seconds_between(first: Message, second: Message) -> float:
    """In the hospital's time, from one message to the other."""
    begin, end = (datetime.fromisoformat(m.body["at"]) for m in (first, second))
    return (end - begin).total_seconds()


async def fill_recruiting(url: str) -> None:
    """Of the seeded hospital: posts, candidates and slots, imported on Monday afternoon."""
    sealed.install(RING)
    rules = read_rules(hospitals.settings(url))
    clock = ManualClock(START)
    async with database.opened(url, shared=False):
        services = build(rules, clock)
        await import_sheets(services.recruiting.sheets.imports, rules, clock.now())
        await seed_history(services, rules.recruiting.working_time, clock.now())
        await services.recruiting.pool.tell_news()  # what HR was told long ago
        await db.execute(
            "UPDATE deliveries SET state = 'accepted' WHERE message_id IN "
            "(SELECT id FROM messages WHERE purpose = 'pool.similar')"
        )


@asynccontextmanager
async def opened(
    url: str, data: Path, start: datetime = START
) -> AsyncIterator[RecruitingHospital]:
    """Simulator and bot with every way to candidates."""
    async with hospitals.opened(url, data, start, outside=True) as running:
        yield RecruitingHospital.of(running)
