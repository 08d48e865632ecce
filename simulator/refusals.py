"""How a control call is refused: a status, what is wrong, and the cure."""

from __future__ import annotations


class Refused(Exception):
    """Ends a control call with a 4xx and a hint at the cure."""

    def __init__(self, status: int, error: str, hint: str = "") -> None:
        super().__init__(error)
        self.status = status
        self.error = error
        self.hint = hint


class CannotTap(Refused):
    """The message offers no such button, or not any more."""
