"""What a text message says about an interview: a name for the approved template, and its facts.

The words themselves stand in the template at the provider (docs/sms-templates.zh-CN.md). Every
fact fits a variable of 35 characters and holds no address; the link's fixed part stands in the
template and its code is a variable. A result is never told in a text message: it says that there
is one and where.
"""

from __future__ import annotations

from collections.abc import Mapping

from bot.platforms.sms.channel import VALUE_CHARS, Phrase
from message_templates.catalogue import Catalogue
from message_templates.environment import clock_time, day
from models.cards import Content
from services import appointments
from services.appointments import Appointment
from services.entry_links import EntryLinks
from services.salutation import AddressRules
from services.sent_subjects import SentSubject, subject_of

# The ledger's purposes → our phrases, which the settings map to templates. Longer names of the
# same beginning (interviews.reminder_soon) say the same.
PHRASES: Mapping[str, str] = {
    "interviews.invitation": "invitation",
    "interviews.offer": "other_times",
    "interviews.confirmed": "confirmed",
    "interviews.reminder": "reminder",
    "interviews.cancelled": "cancelled",
    "interviews.called": "called",
    "interviews.missed": "missed",
    "outcomes.rejection": "result",
    "outcomes.offer": "result",
    "candidates.kept": "kept",
    "candidates.deleted": "deleted",
    "candidates.new_link": "new_link",
}
_TIMED = frozenset({"invitation", "confirmed", "reminder", "cancelled", "called"})
_WITHOUT_LINK = frozenset({"called", "deleted"})  # no time for it, or nothing behind it soon


class SmsPhrases:
    """SmsChannel's `phrase`. Short words for facts that are too long or missing are
    message_templates/zh_CN/sms/phrases.toml."""

    def __init__(self, links: EntryLinks, rules: AddressRules, catalogue: Catalogue) -> None:
        self._links = links
        self._rules = rules
        self._words = catalogue.words("sms/phrases")

    async def __call__(self, key: str, _content: Content) -> Phrase | None:
        about = await subject_of(key)
        name = phrase_name(about.purpose) if about else None
        if about is None or name is None:
            return None
        found = await appointments.one(about.interview_id) if about.interview_id else None
        if name in _TIMED and (found is None or found.starts_at is None):
            return None
        facts = self._facts(about, found)
        if name not in _WITHOUT_LINK:
            entry = await self._links.make(about.candidate_id, about.interview_id)
            facts["code"] = entry.code
        return Phrase(name, facts)

    def _facts(self, about: SentSubject, found: Appointment | None) -> dict[str, str]:
        facts = {
            "address": self._short("address", found.address(self._rules) if found else ""),
            "post": self._short("post", found.post if found else ""),
        }
        if found is not None and found.starts_at is not None:
            facts["time"] = f"{day(found.starts_at)}{clock_time(found.starts_at)}"
            facts["place"] = self._short("place", found.place)
            facts["group"] = self._short("group", found.group)
        if receipt := about.context.get("receipt"):
            facts["receipt"] = str(receipt)
        return facts

    def _short(self, key: str, value: str) -> str:
        """The value where it fits; never cut, since half a place leads nowhere."""
        value = " ".join(value.split())
        return value if 0 < len(value) <= VALUE_CHARS else str(self._words[key])


def phrase_name(purpose: str) -> str | None:
    """The phrase of a ledger's purpose; None when text messages cannot carry it."""
    for known, name in PHRASES.items():
        if purpose == known or purpose.startswith(f"{known}_"):
            return name
    return None
