"""Words with a time in them: the simulated clock runs on while a busy machine works."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

LATER = 10  # minutes, in which a test has long ended
_TIME = re.compile(r"[0-2]\d:[0-5]\d")


def said_at(words: str, text: str) -> bool:
    """Whether `text` holds these words, with their one time of day or one of the next minutes."""
    (time,) = _TIME.findall(words)
    first = datetime.strptime(time, "%H:%M")  # noqa: DTZ007 -- of no day
    minutes = (first + timedelta(minutes=late) for late in range(LATER))
    return any(words.replace(time, f"{minute:%H:%M}") in text for minute in minutes)
