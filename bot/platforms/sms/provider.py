"""What the channel asks of whoever carries text messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class Provider(Protocol):
    """One account with one provider."""

    async def send(self, number: str, template: str, params: Mapping[str, str], key: str) -> str:
        """One message to one mainland number; returns the provider's message id.

        `template` is the provider's code of an approved template, `params` its variables. `key`
        is ours, opaque, and comes back in the provider's records. Raises SendFailed; UNKNOWN
        when it may have been sent.
        """
        ...
