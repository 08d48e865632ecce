"""Takes a message apart into what a person sees: subject, words, links, and the date to keep."""

from __future__ import annotations

import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser
from typing import Any

from simulator import neutral
from simulator.mail import letters

Body = dict[str, Any]
_URL = re.compile(r"https?://[^\s<>\"'（）]+")
_BLOCKS = {"p", "div", "tr", "li", "br", "h1", "h2", "h3", "table"}
_REMOTE = {"img", "script", "iframe", "link", "object", "video"}


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []
        self.links: list[tuple[str, str]] = []
        self.remote: list[str] = []
        self._href = ""
        self._label: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _REMOTE:
            self.remote.append(tag)
        if tag == "a":
            self._href, self._label = dict(attrs).get("href") or "", []
        if tag in _BLOCKS:
            self.text.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._href:
            self.links.append(("".join(self._label).strip() or self._href, self._href))
            self._href = ""
        if tag in _BLOCKS:
            self.text.append("\n")

    def handle_data(self, data: str) -> None:
        self.text.append(data)
        if self._href:
            self._label.append(data)


def read(raw: bytes) -> Body:
    """The body of a phone item of kind "mail"; `card` is its neutral view."""
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    text, words = _part(message, "plain"), _Words()
    words.feed(_part(message, "html"))
    shown = "\n".join(" ".join(line.split()) for line in "".join(words.text).splitlines())
    html_text = re.sub(r"\n{2,}", "\n", shown).strip()
    links = words.links or [(url, url) for url in _URL.findall(text)]
    body: Body = {
        "subject": str(message["Subject"] or ""),
        "from": str(message["From"] or ""),
        "to": str(message["To"] or ""),
        "message_id": str(message["Message-ID"] or ""),
        "headers": sorted({name.lower() for name in message}),
        "text": text.strip(),
        "html_text": html_text,
        "html": letters.tree(_part(message, "html")),
        "remote": words.remote,
        "links": [{"title": title, "url": url} for title, url in links],
        "calendar": _calendar(message),
    }
    return body | {"card": _card(body)}


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return "\n".join(str(part.get_content()).splitlines()) if part is not None else ""


def _card(body: Body) -> Body:
    event = body["calendar"] or {}
    facts = [
        {"label": label, "value": event.get(name, ""), "link": ""}
        for label, name in (("日程", "summary"), ("日程时间", "start"), ("日程地点", "location"))
        if event.get(name)
    ]
    return neutral.blank("mail") | {
        "title": body["subject"],
        "desc": body["text"] or body["html_text"],
        "facts": facts,
        "jumps": body["links"],
        "sub_title_text": "日程已取消" if event.get("method") == "CANCEL" else "",
    }


def _calendar(message: EmailMessage) -> Body | None:
    part = next((p for p in message.walk() if p.get_content_type() == "text/calendar"), None)
    if part is None:
        return None
    raw = part.get_payload(decode=True)
    source = raw.decode() if isinstance(raw, bytes) else ""
    fields = _properties(source)
    return {
        "method": fields.get("METHOD", ""),
        "uid": fields.get("UID", ""),
        "sequence": int(fields.get("SEQUENCE", "0")),
        "start": _moment(fields.get("DTSTART", "")),
        "end": _moment(fields.get("DTEND", "")),
        "summary": _plain(fields.get("SUMMARY", "")),
        "location": _plain(fields.get("LOCATION", "")),
        "source": source,
    }


def _properties(source: str) -> dict[str, str]:
    """The calendar's and the event's properties; those of the time zone are left out."""
    unfolded = re.sub(r"\r?\n[ \t]", "", source)
    unfolded = re.sub(r"(?s)BEGIN:VTIMEZONE.*?END:VTIMEZONE\r?\n", "", unfolded)
    found: dict[str, str] = {}
    for line in unfolded.splitlines():
        head, _, value = line.partition(":")
        found.setdefault(head.partition(";")[0].upper(), value)
    return found


def _moment(value: str) -> str:
    parts = re.fullmatch(r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)\d\dZ?", value)
    return f"{parts[1]}-{parts[2]}-{parts[3]} {parts[4]}:{parts[5]}" if parts else value


def _plain(value: str) -> str:
    return re.sub(r"\\(.)", lambda m: "\n" if m[1] in "nN" else m[1], value)
