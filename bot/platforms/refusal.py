"""The one way in which a callback is turned away."""

from __future__ import annotations


class Refused(Exception):
    """`status` is answered with an empty body; `label` goes to a metric. Neither holds content."""

    def __init__(self, status: int, label: str) -> None:
        super().__init__(f"{status} {label}")
        self.status = status
        self.label = label
