"""The smart robot as the hospital's configuration describes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

ROBOT = "robot"  # stands where an app's agentid stands


@dataclass(slots=True)
class Robot:
    """`members` None: everybody sees it. `greeted`: everybody has written to it before."""

    bot_id: str
    secret: str
    name: str = "智能机器人"
    members: list[str] | None = None
    greeted: bool = False

    def seen_by(self, userid: str) -> bool:
        return self.members is None or userid in self.members


def robot_from(raw: Mapping[str, Any]) -> Robot:
    members = raw.get("members")
    return Robot(
        bot_id=str(raw["bot_id"]),
        secret=str(raw["secret"]),
        name=str(raw.get("name", "智能机器人")),
        members=None if members is None else [str(userid) for userid in members],
        greeted=bool(raw.get("greeted", False)),
    )
