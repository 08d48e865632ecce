"""Our words for mails, kept with all other words in message_templates/."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files


@cache
def words(name: str) -> Mapping[str, str]:
    """`zh_CN/mail/<name>.toml`, a flat table of text."""
    source = files("message_templates") / "zh_CN" / "mail" / f"{name}.toml"
    return {key: str(text) for key, text in tomllib.loads(source.read_text("utf-8")).items()}
