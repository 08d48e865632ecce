"""What the platforms' reading calls have in common: their failures as the services know them."""

from __future__ import annotations

from bot.channels import Failure, SendFailed
from services.sources import SourceFailed

PASSING = frozenset({Failure.RETRY, Failure.WINDOW, Failure.UNKNOWN})


def source_failed(failed: SendFailed) -> SourceFailed:
    reason = failed.reason or str(failed.failure)
    return SourceFailed(reason, cure=failed.cure, passing=failed.failure in PASSING)
