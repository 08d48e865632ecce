"""What the office may choose about a renewal: compared with what, or why not.

Ids are one set for every file; the words follow what was sent, a photo or a PDF.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from models import db
from services.refusals import Refusal

PDF = "pdf"

_FILE = """
SELECT e.media_type FROM approvals a
  JOIN renewals r ON r.id = a.subject_id JOIN evidence e ON e.id = r.evidence_id
 WHERE a.id = $1 AND a.kind = 'renewals'
"""


class RenewalChoices:
    """One set of words, of `renewals/choices.toml`."""

    def __init__(self, data: Mapping[str, Any], file: str = "") -> None:
        """`file` is "pdf" where the words are about one."""
        self.against = [_worded(each, file) for each in data["against"]]
        nothing, *refuse = (_worded(each, file) for each in data["refuse"])
        self.listed: Sequence[Mapping[str, str]] = [nothing, *self.against, *refuse]

    def is_against(self, chosen: str) -> bool:
        return any(chosen in (each["id"], each["text"]) for each in self.against)

    def kept(self, chosen: str) -> str:
        """What it was compared with, as it is kept. Raises Refusal: nothing of the list."""
        for each in self.against:
            if chosen in (each["id"], each["text"], each["kept"]):
                return each["kept"]
        raise Refusal("renewal_against")

    def reason(self, chosen: str) -> str:
        """The words of a reason; "" for the first, which means none, and for others."""
        return next((each["text"] for each in self.listed[1:] if each["id"] == chosen), "")


async def file_of(approval_id: int) -> str:
    """ "pdf", or "" for a photo."""
    media_type = await db.fetch_value(_FILE, approval_id)
    return PDF if media_type == "application/pdf" else ""


def _worded(each: Mapping[str, str], file: str) -> Mapping[str, str]:
    words = {"id": each["id"], "text": each.get(file, each["text"])}
    kept = each.get(f"{file}_kept", each.get("kept"))
    return words if kept is None else {**words, "kept": kept}
