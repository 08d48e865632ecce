"""What a candidate reads on each channel: the same words, and a way to answer them.

In WeChat a menu or a sentence answers. A mail carries no buttons and its answers reach nobody, so
that every mail gets a subject and the link to the page; the words themselves, which somebody may
have approved, stay as they are. A text message is an approved template that holds the link's code
itself (bot/sms_phrases.py).
"""

from __future__ import annotations

from dataclasses import replace

from message_templates.catalogue import Catalogue
from models.cards import Card, Content, Link
from services.candidate_reach import KF, MAIL
from services.entry_links import Entry, EntryLinks
from services.erasure import RECEIPT
from services.hospital import Hospital
from services.new_links import NEW_LINK
from services.sent_subjects import subject_of

_TABLE = "interviews/answering"
_LAST = (RECEIPT,)  # nothing is left that a link could show or an answer change


class CandidateContent:
    """Words are message_templates/zh_CN/interviews/answering.toml."""

    def __init__(self, catalogue: Catalogue, hospital: Hospital) -> None:
        self._catalogue = catalogue
        self._hospital = hospital

    def fitted(self, channel: str, content: Content, entry: Entry, purpose: str = "") -> Content:
        """The content as `channel` (wecom_kf, mail, sms …) carries it to somebody outside."""
        if channel == MAIL:
            return self.for_mail(content, entry, purpose)
        if channel == KF and purpose == NEW_LINK and isinstance(content, Card):
            return replace(content, link=self._link(entry))
        return content

    def for_mail(self, content: Content, entry: Entry, purpose: str = "") -> Card:
        """With the link to the page, and to the chat where the hospital has one.

        `purpose` is the ledger's; it decides the subject of what has no title of its own.
        """
        if isinstance(content, Card):
            return content if content.closed else self._linked(content, entry)
        body = content.content.rstrip()
        subjects = self._catalogue.words(f"{_TABLE}_subjects")
        subject = str(subjects.get(purpose.replace(".", "_"), subjects["other"]))
        title = subject.format(hospital=self._hospital.name)
        card = Card(title, body=body)
        return card if purpose in _LAST else self._linked(card, entry)

    def _linked(self, card: Card, entry: Entry) -> Card:
        lines = [card.body, self._say("page")]
        if entry.kf_url:
            lines.append(self._say("chat", url=entry.kf_url))
        link = card.link or self._link(entry)
        return replace(card, link=link, body="\n\n".join(filter(None, lines)))

    def _link(self, entry: Entry) -> Link:
        return Link(self._say("open"), entry.url)

    def _say(self, key: str, **facts: str) -> str:
        return self._catalogue.phrase(_TABLE, key, **facts)


class Dressing:
    """`dress` of bot/to_candidates.py for one channel: the link is made when it is sent."""

    def __init__(self, channel: str, links: EntryLinks, contents: CandidateContent) -> None:
        self._channel = channel
        self._links = links
        self._contents = contents

    async def __call__(self, candidate_id: int, key: str, content: Content) -> Content:
        about = await subject_of(key)
        purpose = about.purpose if about else ""
        if self._channel != MAIL and purpose != NEW_LINK:
            return content
        entry = await self._links.make(candidate_id, about.interview_id if about else None)
        return self._contents.fitted(self._channel, content, entry, purpose)
