"""A neutral content as a mail: the same words as plain text and as simple HTML.

Nothing is loaded from elsewhere and nothing counts openings: no picture, no style sheet, no link
but the one of the card. Everything else that people wrote is escaped.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from html import escape

from bot.platforms.fitting import clean, fit_chars, unfit
from bot.platforms.mail.errors import malformed
from bot.platforms.mail.ics import Calendar
from bot.platforms.mail.words import words
from models.cards import Card, Content, Link

SUBJECT_CHARS = 60
_LOCAL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,64}(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,64})*"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"(?P<local>{_LOCAL})@(?P<domain>{_LABEL}(?:\.{_LABEL}){{1,8}})")
_ONE_LINE = re.compile(r"\s+")
_WEB = re.compile(r"https?://[^\s]{1,1000}")


@dataclass(frozen=True, slots=True)
class Sender:
    """Whose mails they are: a plain address and the hospital's name."""

    address: str
    hospital: str

    def __post_init__(self) -> None:
        if not valid(self.address):
            raise ValueError("the sender must be a plain mail address such as hr@example.com")

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]


def valid(address: str) -> bool:
    """ASCII addresses of 254 characters at most (RFC 5321); others need SMTPUTF8."""
    found = _ADDRESS.fullmatch(address) if len(address) <= 254 else None
    return found is not None and len(found["local"]) <= 64


def message_id(key: str, to: str, domain: str) -> str:
    """The same for the same message to the same person, and telling nothing of either."""
    digest = hashlib.sha256(f"mail\0{key}\0{to.lower()}".encode()).hexdigest()[:40]
    return f"<{digest}@{domain}>"


def mail(
    content: Content,
    to: str,
    *,
    key: str,
    sender: Sender,
    now: datetime,
    calendar: Calendar | None = None,
) -> bytes:
    """The whole message for the wire. Raises SendFailed for what a mail cannot carry."""
    if not valid(to):
        raise malformed()
    message = EmailMessage(policy=policy.SMTP)
    message["From"] = Address(_line(sender.hospital), addr_spec=sender.address)
    message["To"] = Address(addr_spec=to)
    message["Subject"] = subject(content, sender.hospital)
    message["Date"] = format_datetime(now)
    message["Message-ID"] = message_id(key, to, sender.domain)
    message["Auto-Submitted"] = "auto-generated"  # keeps absence notes away (RFC 3834)
    message.set_content(plain(content), charset="utf-8", cte="base64")
    message.add_alternative(html(content), subtype="html", charset="utf-8", cte="base64")
    if calendar is not None:
        message.add_attachment(
            calendar.text.encode(),
            maintype="text",
            subtype="calendar",
            filename="interview.ics",
            params={"method": str(calendar.method), "charset": "utf-8"},
        )
    return message.as_bytes()


def subject(content: Content, hospital: str) -> str:
    """One line, whatever the title holds."""
    title = content.title if isinstance(content, Card) else ""
    line = _line(title) or words("mail")["subject"].format(hospital=_line(hospital))
    return fit_chars(line, SUBJECT_CHARS)


def plain(content: Content) -> str:
    """The words without any mark."""
    parts = _parts(content) if isinstance(content, Card) else [content.content]
    parts.append(f"-- \n{words('mail')['footer']}")
    return clean("\n\n".join(part for part in parts if part)) + "\n"


def html(content: Content) -> str:
    inner = _card(content) if isinstance(content, Card) else _paragraphs(content.content)
    footer = f"<p><small>{_shown(words('mail')['footer'])}</small></p>"
    return (
        '<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"></head>'
        f"<body>{inner}{footer}</body></html>\n"
    )


def _parts(card: Card) -> list[str]:
    link = _link(card)
    return [
        card.title,
        card.body,
        "\n".join(f"{fact.label}：{fact.value}" for fact in card.facts),
        card.closed,
        f"{link.text}：{link.url}" if link else "",
        card.source,
    ]


def _card(card: Card) -> str:
    link = _link(card)
    rows = "".join(
        f'<tr><th align="left">{_shown(fact.label)}</th><td>{_shown(fact.value)}</td></tr>'
        for fact in card.facts
    )
    return "".join(
        (
            f"<h2>{_shown(card.title)}</h2>",
            _paragraphs(card.body),
            f'<table cellpadding="4">{rows}</table>' if rows else "",
            f"<p><b>{_shown(card.closed)}</b></p>" if card.closed else "",
            f'<p><a href="{escape(link.url)}">{_shown(link.text)}</a></p>' if link else "",
            f"<p><small>{_shown(card.source)}</small></p>" if card.source else "",
        )
    )


def _link(card: Card) -> Link | None:
    """The card's link; a question that nobody could answer in a mail is not sent at all."""
    if (card.buttons or card.selects) and not card.closed and card.link is None:
        raise unfit("a mail has no buttons: a card that asks needs a link to the answer page")
    if card.link is not None and not _WEB.fullmatch(card.link.url):
        raise unfit("a mail links to http and https addresses only")
    return card.link


def _paragraphs(text: str) -> str:
    return "".join(f"<p>{_shown(part)}</p>" for part in text.split("\n\n") if part.strip())


def _shown(text: str) -> str:
    return escape(clean(text.strip())).replace("\r\n", "<br>").replace("\n", "<br>")


def _line(text: str) -> str:
    return _ONE_LINE.sub(" ", clean(text)).strip()
