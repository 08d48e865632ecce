"""Our words about a platform, kept with all other words in message_templates/."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files


@cache
def platform_words(platform: str, name: str) -> Mapping[str, str]:
    """`zh_CN/<platform>/<name>.toml`, a flat table of text."""
    source = files("message_templates") / "zh_CN" / platform / f"{name}.toml"
    return {key: str(text) for key, text in tomllib.loads(source.read_text("utf-8")).items()}
