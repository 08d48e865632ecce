"""Aliyun's V3 signature, ACS3-HMAC-SHA256 (page 2593177, with a worked example)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote

ALGORITHM = "ACS3-HMAC-SHA256"
EMPTY_HASH = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True, slots=True)
class AccessKey:
    id: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Action:
    """One function of one product; RPC style functions all live under `/`."""

    name: str
    version: str


def canonical_query(params: Mapping[str, str]) -> str:
    """Sorted, percent-encoded as RFC 3986 says; this exact text must go into the URL."""
    pairs = sorted(params.items())
    return "&".join(f"{_quoted(key)}={_quoted(value)}" for key, value in pairs)


def signed_headers(
    key: AccessKey, action: Action, host: str, query: str, now: datetime, nonce: str
) -> dict[str, str]:
    """All headers of a POST without a body; `nonce` must be new for every call."""
    headers = {
        "host": host,
        "x-acs-action": action.name,
        "x-acs-content-sha256": EMPTY_HASH,
        "x-acs-date": f"{now.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "x-acs-signature-nonce": nonce,
        "x-acs-version": action.version,
    }
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
    request = "\n".join(("POST", "/", query, lines, names, EMPTY_HASH))
    digest = hashlib.sha256(request.encode()).hexdigest()
    signature = hmac.digest(key.secret.encode(), f"{ALGORITHM}\n{digest}".encode(), "sha256").hex()
    headers["Authorization"] = (
        f"{ALGORITHM} Credential={key.id},SignedHeaders={names},Signature={signature}"
    )
    return headers


def _quoted(text: str) -> str:
    return quote(text, safe="-_.~")
