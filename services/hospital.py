"""What every message may say of the hospital itself."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hospital:
    """`public_url` is where people's browsers reach the bot's pages, without a trailing slash."""

    name: str
    public_url: str
