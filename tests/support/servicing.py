"""A colleague at 微信客服 of their own WeCom client: what they see there, write and end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.sample_outside import KFID
from tests.support.candidates import Candidate, RecruitingHospital


@dataclass
class Desk:
    house: RecruitingHospital
    userid: str

    async def chats(self) -> list[dict[str, Any]]:
        await self.house.settle()
        found = await self.house.get(f"/sim/kf/desk/{self.userid}")
        return list(found["chats"])

    async def reads(self, who: Candidate) -> list[str]:
        """What stands in their chat with this candidate. Fails when it is not theirs."""
        mine = [chat for chat in await self.chats() if chat["mine"]]
        (chat,) = [c for c in mine if c["external_userid"] == who.sample.wechat]
        return [message["text"] for message in chat["messages"]]

    async def takes(self, who: Candidate) -> None:
        await self._does("take", who)

    async def says(self, who: Candidate, text: str) -> None:
        await self._does("say", who, text=text)

    async def ends(self, who: Candidate) -> None:
        await self._does("end", who)

    async def _does(self, act: str, who: Candidate, **more: str) -> None:
        whom = {"open_kfid": KFID, "external_userid": who.sample.wechat}
        done = await self.house.post(f"/sim/kf/desk/{self.userid}/{act}", whom | more)
        assert done["status"] == "ok", done
        await self.house.settle()
