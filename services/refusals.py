"""What a use case says when it will not: a key into message_templates/zh_CN/refusals.toml."""

from __future__ import annotations


class Refusal(Exception):
    """A polite no. `key` names the words, `params` fill them; nothing was changed."""

    def __init__(self, key: str, **params: object) -> None:
        super().__init__(key)
        self.key = key
        self.params = params
