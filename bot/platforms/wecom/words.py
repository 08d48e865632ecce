"""Our words for WeCom, by the name of their table."""

from __future__ import annotations

from functools import partial

from bot.platforms.words import platform_words

words = partial(platform_words, "wecom")
