"""A solver's process that wants more memory than it may have."""

from typing import Any

from bot.rostering import worker
from services.rostering.model import Limits


def eat(_model: dict[str, Any], _limits: Limits) -> None:
    bytearray(2**31)


if __name__ == "__main__":
    worker.main(eat)
