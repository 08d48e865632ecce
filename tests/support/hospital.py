"""A whole hospital in one process: simulator, bot, phones. Tests read like sentences."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from pydantic import SecretStr

from bot import database, sample, sample_outside, sample_platforms
from bot.app import Bot, read_rules
from bot.demo import DemoSettings
from bot.wiring import build
from config.settings import Settings
from models import db, sealed
from models.clock import SHANGHAI, ManualClock
from models.sealed import KeyRing
from services.actors import find
from simulator.hospital import parse
from simulator.serve import running as simulator_running
from simulator.state import Simulator
from tests.support.patience import PATIENT, patient_bot
from tests.support.waiting import eventually

START = datetime(2026, 12, 7, 14, 0, tzinfo=SHANGHAI)  # a Monday afternoon
KEY = "k1=" + "A" * 43
RING = KeyRing({"k1": bytes(32)}, current="k1")


@dataclass(frozen=True)
class Platform:
    """Where everybody of the hospital is: the same sentences are said on each.

    `name` is how identities call the platform. `by_robot`: WeCom's smart robot and nothing else,
    so that nobody can call the bot from outside.
    """

    name: str
    places: sample.Places = field(default_factory=lambda: sample.ALL_ON_WECOM)
    phones: str = ""  # before the user id, in the simulator's id of a phone
    by_robot: bool = False


WECOM = Platform("wecom")
DINGTALK = Platform("dingtalk", sample.ALL_ON_DINGTALK, "dingtalk:")
ROBOT = Platform("wecom", by_robot=True)
# For sentences about cards that change although their owner tapped nothing, about a directory that
# tells of leavers, or about group chats: the smart robot has none of these.
beyond_the_robot = pytest.mark.parametrize("place", ["wecom", "dingtalk"], indirect=True)
PLATFORMS = {"wecom": WECOM, "dingtalk": DINGTALK, "robot": ROBOT}


def settings(
    url: str, sim: str = "", data: Path = Path("var/tests"), platform: Platform = WECOM
) -> Settings:
    return DemoSettings(
        database_url=url,
        data_dir=data,
        port=0,
        hospital="示例医院",
        encryption_keys=SecretStr(KEY),
        clock_url=f"{sim}/sim/clock" if sim else "",
        **_keys(platform, sim),
    )


def _keys(platform: Platform, sim: str) -> dict[str, Any]:
    if platform.by_robot:
        return robot_settings(sim)
    return wecom_settings(sim) if platform is WECOM else dingtalk_settings(sim)


def robot_settings(sim: str) -> dict[str, Any]:
    return {
        "wecom_robot_id": sample.ROBOT_ID,
        "wecom_robot_secret": SecretStr(sample.ROBOT_SECRET),
        "wecom_robot_url": f"{sim.replace('http', 'ws', 1)}/wecom/robot",
    }


def wecom_settings(sim: str) -> dict[str, Any]:
    return {
        "wecom_corp_id": sample.CORP_ID,
        "wecom_agent_id": sample.AGENT_ID,
        "wecom_secret": SecretStr(sample.SECRET),
        "wecom_callback_token": SecretStr(sample.TOKEN),
        "wecom_callback_aes_key": SecretStr(sample.AES_KEY),
        "wecom_contacts_callback_token": SecretStr(sample.CONTACTS_TOKEN),
        "wecom_contacts_callback_aes_key": SecretStr(sample.AES_KEY),
        "wecom_api": sim,
    }


def dingtalk_settings(sim: str) -> dict[str, Any]:
    return {
        "dingtalk_corp_id": sample.DING_CORP_ID,
        "dingtalk_client_id": sample.DING_CLIENT_ID,
        "dingtalk_client_secret": SecretStr(sample.DING_SECRET),
        "dingtalk_agent_id": sample.DING_AGENT_ID,
        "dingtalk_card_template": sample_platforms.CARD_TEMPLATE,
        "dingtalk_cards": "all",
        "dingtalk_api": sim,
        "dingtalk_old_api": sim,
    }


async def fill_empty(url: str) -> None:
    await database.migrate(url)


async def fill_seeded(url: str, platform: Platform = WECOM) -> None:
    """People, and the ICU's December roster, published on Monday afternoon."""
    await database.migrate(url)
    sealed.install(RING)
    rules = read_rules(settings(url))
    async with database.opened(url, shared=False):
        services = build(rules, ManualClock(START))
        staff = sample.staff_list(platform.places)
        people = await services.people.draft(staff, "人员名单.xlsx")
        await services.people.apply(people, "test")
        head = await find(platform.name, "zhao")
        assert head is not None
        assert head.unit_id is not None
        data = sample.month_sheet(sample.ICU, 2026, 12, rules.shift_codes)
        draft = await services.rosters.draft(head, head.unit_id, data, "十二月.xlsx")
        assert draft.roster_id is not None, draft.errors
        await services.rosters.publish(head, draft.roster_id)


@dataclass
class Phone:
    """One person's phone. What a sentence has read is not expected again."""

    hospital: Hospital
    userid: str
    read: set[int] = field(default_factory=set)

    @property
    def id(self) -> str:
        """The simulator's name of this phone."""
        return self.hospital.platform.phones + self.userid

    async def says(self, text: str) -> str:
        """Write to the bot; the words it answers at once ("" when none)."""
        done = await self.hospital.post(f"/sim/phones/{self.id}/say", {"text": text})
        assert done["status"] == "ok", done
        reply = done["reply"] or ""
        if reply:
            newest = [m for m in await self.messages() if m["text"] == reply][-1]
            self.read.add(newest["seq"])
        return str(reply)

    async def sends_photo(
        self, data: bytes, name: str = "photo.jpg", caption: str = "", **more: Any
    ) -> str:
        """Send a picture or file; the words it answers at once ("" when none).

        A `caption` goes in the same message where the platform can, else right after it.
        """
        body = {"name": name, "data": b64encode(data).decode(), "caption": caption, **more}
        done = await self.hospital.post(f"/sim/phones/{self.id}/send-file", body)
        assert done["status"] == "ok", done
        reply = str(done["reply"] or "")
        same = [m["seq"] for m in await self.messages() if reply and m["text"] == reply]
        self.read |= set(same[-1:])
        return reply

    async def messages(self) -> list[dict[str, Any]]:
        """Everything that came in, oldest first."""
        found = await self.hospital.get(f"/sim/phones/{self.id}/messages")
        return [message for message in found if message["direction"] == "in"]

    async def expects(self, words: str) -> Message:
        """The oldest unread message that holds these words, now or when all due is done."""
        await self.hospital.settle()
        found = await self.messages()
        for message in found:
            if message["seq"] not in self.read and words in message["text"]:
                self.read.add(message["seq"])
                return Message(self, message)
        unread = [m["text"] for m in found if m["seq"] not in self.read]
        raise AssertionError(f"{self.userid} got nothing with {words!r}; unread: {unread}")

    async def expects_card(self, words: str) -> Message:
        message = await self.expects(words)
        assert message.body["card"] is not None, message.text
        return message

    async def expects_nothing(self) -> None:
        await self.hospital.settle()
        await self.has_read_everything()

    async def has_read_everything(self) -> None:
        """`expects_nothing`, where all that is due was done already."""
        unread = [m["text"] for m in await self.messages() if m["seq"] not in self.read]
        assert unread == [], f"{self.userid} got more than expected: {unread}"


@dataclass
class Message:
    """Something on a phone; `tap` presses a button as it is written there."""

    phone: Phone
    body: dict[str, Any]

    @property
    def text(self) -> str:
        return str(self.body["text"])

    async def tap(
        self,
        button: str,
        *,
        selected: str | Mapping[str, str] = "",
        force: bool = False,
    ) -> str:
        """Press a button (with options chosen first); what the card or a reply then says.

        `selected` is an option of the only choice, or a choice's key → option.
        """
        url = f"/sim/phones/{self.phone.id}/tap"
        body = {"seq": self.body["seq"], "button": button, "force": force}
        if selected:
            body["selected"] = selected if isinstance(selected, str) else dict(selected)
        done = await self.phone.hospital.post(url, body)
        assert done["status"] == "ok", done
        reply = str(done["reply"] or "")
        self.phone.read |= {
            m["seq"] for m in await self.phone.messages() if reply and m["text"] == reply
        }
        return reply

    async def shows(self) -> str:
        """The card as it looks now."""
        await self.phone.hospital.settle()
        now = [m for m in await self.phone.messages() if m["seq"] == self.body["seq"]]
        return str(now[0]["text"])


class Hospital:
    def __init__(
        self,
        address: str,
        session: ClientSession,
        bot: Bot,
        sim: Simulator,
        platform: Platform = WECOM,
    ) -> None:
        self.platform = platform
        self.address = address
        self.session = session
        self.bot = bot
        self.sim = sim
        self._phones: dict[str, Phone] = {}

    def phone(self, userid: str) -> Phone:
        return self._phones.setdefault(userid, Phone(self, userid))

    def phones(self, *userids: str) -> Sequence[Phone]:
        return [self.phone(userid) for userid in userids]

    async def get(self, path: str) -> Any:
        async with self.session.get(self.address + path) as reply:
            body = await reply.json()
            assert reply.status < 400, body
            return body

    async def post(self, path: str, body: dict[str, Any]) -> Any:
        async with self.session.post(self.address + path, json=body) as reply:
            answer = await reply.json()
            assert reply.status < 400, answer
            return answer

    async def settle(self) -> None:
        assert self.bot.workshop is not None
        await self.bot.workshop.settle()

    async def at(self, local: str) -> None:
        """Move to the next such local time (`20:40`), or to `2026-12-08T07:30`."""
        await self._move({"to": local, "step": "1h"})

    async def later(self, by: str) -> None:
        await self._move({"advance": by, "step": "1h"})

    async def _move(self, body: dict[str, Any]) -> None:
        done = await self.post("/sim/clock", body)
        assert done["late"] == [], done

    def now(self) -> datetime:
        return self.bot.clock.now().astimezone(SHANGHAI)

    async def leaves(self, userid: str) -> None:
        """Somebody is deleted from the platform's directory, which tells the bot of it."""
        if self.platform is WECOM:
            await self.post("/sim/contacts", {"change": "delete_user", "userid": userid})
        else:
            body = {"change": "user_leave_org", "userid": userid}
            await self.post("/sim/dingtalk/contacts", body)

    async def fault(self, kind: str, **options: Any) -> None:
        await self.post("/sim/faults", {"kind": kind, **options})

    async def expects_nothing_else(self) -> None:
        """Every message on every phone was expected by some sentence."""
        await self.settle()
        for userid in await self.everybody():
            await self.phone(userid).has_read_everything()

    async def everybody(self) -> list[str]:
        """User ids of all who have a phone."""
        found = await self.get("/sim/phones")
        people = [phone["id"] for phone in found if phone.get("kind", "person") == "person"]
        return [phone.removeprefix(self.platform.phones) for phone in people]

    async def reads(self, *userids: str) -> None:
        """What lies on these phones (or all) when all due is done is not of interest."""
        await self.settle()
        for userid in userids or await self.everybody():
            phone = self.phone(userid)
            phone.read |= {message["seq"] for message in await phone.messages()}

    async def rows(self, sql: str, *args: Any) -> list[db.Row]:
        return await db.fetch(sql, *args)


@asynccontextmanager
async def opened(
    url: str,
    data: Path,
    start: datetime = START,
    platform: Platform = WECOM,
    *,
    more: Mapping[str, object] | None = None,
    also: Callable[[str], Mapping[str, object]] = lambda _: {},
    outside: bool = False,
) -> AsyncIterator[Hospital]:
    """Simulator and bot on ports of the system's choice, connected both ways.

    `more` is added to the simulated hospital; `also`, given the simulator's address, to the
    bot's settings. `outside`: there are candidates, and chat, mail and text messages to them.
    """
    simulated = sample_platforms.simulated(
        "http://127.0.0.1:9/unset",
        places=platform.places,
        public_url="http://127.0.0.1:9" if outside else "",
    )
    if platform.by_robot:
        simulated["apps"] = []
    sim = Simulator(
        parse(simulated | dict(more or {})),
        now=start,
        pace=PATIENT,
    )
    async with (
        simulator_running(sim) as address,
        _bot(
            settings(url, address.rstrip("/"), data, platform),
            {**_outside(sim, address.rstrip("/"), data, outside), **also(address.rstrip("/"))},
            sim,
        ) as bot,
        ClientSession() as session,
    ):
        if sim.world.sms is not None:
            sim.world.sms.templates = sample_outside.texts(f"http://127.0.0.1:{bot.port}")
        hospital = Hospital(address.rstrip("/"), session, bot, sim, platform)
        await _connect(hospital)
        yield hospital


def _outside(sim: Simulator, address: str, data: Path, wanted: bool) -> Mapping[str, object]:
    if not wanted:
        return {}
    return sample_outside.settings(address, sim.post.port, data / "policies")


def _bot(
    chosen: Settings, also: Mapping[str, object], sim: Simulator
) -> AbstractAsyncContextManager[Bot]:
    return patient_bot(chosen.model_copy(update=dict(also)), sim)


async def _connect(hospital: Hospital) -> None:
    """Tell the platform where the bot listens, or wait until the bot listens by itself."""
    if hospital.platform is WECOM:
        for agent, door, token in (
            (sample.AGENT_ID, "main", sample.TOKEN),
            (sample.CONTACTS_AGENT_ID, "contacts", sample.CONTACTS_TOKEN),
        ):
            url = f"http://127.0.0.1:{hospital.bot.port}/callbacks/wecom/{door}"
            body = {"url": url, "token": token, "aes_key": sample.AES_KEY}
            await hospital.post(f"/sim/apps/{agent}/callback", body)
        return

    async def connected() -> bool:
        if hospital.platform.by_robot:
            assert hospital.bot.workshop is not None
            return hospital.bot.workshop.channels["wecom_robot"].ready
        return bool((await hospital.get("/sim/dingtalk/connections"))["connections"])

    await eventually(connected)
