"""The running loop's time in a test's hand: half a minute of silence takes no time, and a machine
that stands still for seconds takes nothing from it.
"""

from __future__ import annotations

import asyncio


class LoopTime:
    """From now on the loop, and every timer on it, goes by this. It ends with the test's loop.

    `standing`: it moves by leaps alone; then nothing may be awaited that needs time to pass.
    """

    def __init__(self, *, standing: bool = False) -> None:
        loop = asyncio.get_running_loop()
        self.ahead = 0.0  # seconds
        self._usual = loop.time
        self._stands_at = loop.time() if standing else None
        loop.time = self.now  # type: ignore[method-assign]

    def now(self) -> float:
        begun = self._usual() if self._stands_at is None else self._stands_at
        return begun + self.ahead

    async def leap(self, seconds: float) -> None:
        """Let so much time pass at once; what became due by it has begun when this returns."""
        self.ahead += seconds
        for _ in range(5):
            await asyncio.sleep(0)
