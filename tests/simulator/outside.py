"""A hospital that writes mails and text messages, and clients made from the standard library."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import smtplib
import ssl
from collections.abc import Mapping
from email.message import EmailMessage
from typing import Any
from urllib.parse import quote

from simulator.sample import SAMPLE

ADDRESS = "qianduoduo@mail.example"
NUMBER = "13900000101"
MAIL: dict[str, Any] = {
    "users": [{"address": ADDRESS, "name": "钱多多"}],
    "auth": {"username": "hr@hospital.example", "password": "canary-mail-password"},
}
SMS: dict[str, Any] = {
    "access_key_id": "test-key-id",
    "access_key_secret": "canary-sms-secret-1",
    "sign_names": ["江城示范医院"],
    "templates": {"SMS_100": "${name}您好，邀请您${time}来院面试，详情见邮件。"},
    "numbers": [{"number": NUMBER, "name": "钱多多"}],
}
HOSPITAL = SAMPLE | {"mail": MAIL, "sms": SMS}
EVENT = (
    "BEGIN:VCALENDAR\r\nMETHOD:PUBLISH\r\nBEGIN:VTIMEZONE\r\nDTSTART:19700101T000000\r\n"
    "END:VTIMEZONE\r\nBEGIN:VEVENT\r\nUID:1@x\r\nDTSTART;TZID=Asia/Shanghai:20261203T100000\r\n"
    "SUMMARY:面试\r\nLOCATION:行政楼\\, 三\r\n 楼\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


def mail(
    to: str = ADDRESS, *, subject: str = "面试邀请", message_id: str = "<1@x>"
) -> EmailMessage:
    message = EmailMessage()
    message["From"] = '"江城示范医院" <hr@hospital.example>'
    message["To"] = to
    message["Subject"] = subject
    message["Message-ID"] = message_id
    message.set_content("您好\n.点开头的一行\n详情 https://example.org/c/1")
    message.add_alternative(
        '<p>您好 &amp; 欢迎</p><a href="https://example.org/c/1">确认</a>', subtype="html"
    )
    message.add_attachment(EVENT.encode(), maintype="text", subtype="calendar", filename="a.ics")
    return message


def post(
    port: int, message: EmailMessage, *, password: str = MAIL["auth"]["password"], tls: str = ""
) -> None:
    """Blocking, as smtplib is. `tls` is the certificate to trust, empty for none."""
    with smtplib.SMTP("127.0.0.1", port, timeout=60) as client:
        if tls:
            client.starttls(context=ssl.create_default_context(cadata=tls))
        if password:
            client.login(MAIL["auth"]["username"], password)
        client.send_message(message)


async def posted(port: int, message: EmailMessage, **more: str) -> None:
    await asyncio.to_thread(post, port, message, **more)


def sms_request(
    host: str,
    params: Mapping[str, str],
    date: str,
    nonce: str,
    secret: str = SMS["access_key_secret"],
) -> tuple[str, dict[str, str]]:
    """Query and headers of a signed SendSms, written down from the provider's page 2593177."""
    query = "&".join(f"{k}={quote(params[k], safe='-_.~')}" for k in sorted(params))
    empty = hashlib.sha256(b"").hexdigest()
    headers = {
        "host": host,
        "x-acs-action": "SendSms",
        "x-acs-content-sha256": empty,
        "x-acs-date": date,
        "x-acs-signature-nonce": nonce,
        "x-acs-version": "2017-05-25",
    }
    names = ";".join(headers)
    lines = "".join(f"{k}:{v}\n" for k, v in headers.items())
    canonical = f"POST\n/\n{query}\n{lines}\n{names}\n{empty}"
    to_sign = f"ACS3-HMAC-SHA256\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = hmac.new(secret.encode(), to_sign.encode(), "sha256").hexdigest()
    key = SMS["access_key_id"]
    headers["Authorization"] = (
        f"ACS3-HMAC-SHA256 Credential={key},SignedHeaders={names},Signature={signature}"
    )
    return query, headers
