"""What customer service needs beside the platform."""

from __future__ import annotations


class Cursors:
    """The contract of CursorStore in memory."""

    def __init__(self) -> None:
        self.at: dict[str, str] = {}

    async def get(self, open_kfid: str) -> str:
        return self.at.get(open_kfid, "")

    async def set(self, open_kfid: str, cursor: str, *, seen: str) -> bool:
        if self.at.get(open_kfid, "") != seen:
            return False
        self.at[open_kfid] = cursor
        return True
