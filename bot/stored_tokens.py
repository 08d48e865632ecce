"""How platform tokens are sealed where the replicas share them."""

from __future__ import annotations

from models import sealed

PLACE = "platform_tokens.token"


def seal(token: str) -> str:
    return sealed.ring().seal(PLACE, token)


def open_(value: str) -> str:
    """Raises SealError; then the store fetches the token anew."""
    return sealed.open_sealed(PLACE, value)
