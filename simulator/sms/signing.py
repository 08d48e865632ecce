"""Checks the signature of a request: ACS3-HMAC-SHA256, from the provider's page 2593177."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, quote

_AUTHORIZATION = re.compile(
    r"ACS3-HMAC-SHA256 Credential=([^,]+),SignedHeaders=([a-z0-9;-]+),Signature=([0-9a-f]{64})"
)
SKEW = timedelta(minutes=15)


class SmsError(Exception):
    """A refusal with the provider's code."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(code)
        self.code = code
        self.message = message
        self.status = status


def check(
    secrets: Mapping[str, str],
    method: str,
    path: str,
    query: str,
    headers: Mapping[str, str],
    body: bytes,
    now: datetime,
) -> None:
    """Raises SmsError. `secrets`: access key id → secret; header names are in lower case."""
    found = _AUTHORIZATION.fullmatch(headers.get("authorization", ""))
    if found is None:
        raise SmsError("IncompleteSignature", "The request signature does not conform.")
    key_id, names, signature = found.groups()
    secret = secrets.get(key_id)
    if secret is None:
        raise SmsError("InvalidAccessKeyId.NotFound", "Specified access key is not found.", 404)
    _in_time(headers.get("x-acs-date", ""), now)
    digest = hashlib.sha256(body).hexdigest()
    if headers.get("x-acs-content-sha256") != digest:
        raise _mismatch()
    must = {n for n in headers if n.startswith("x-acs-") or n in ("host", "content-type")}
    if not (must - {"content-type"}) <= set(names.split(";")) or names.split(";") != sorted(
        names.split(";")
    ):
        raise _mismatch()
    pairs = sorted(parse_qsl(query, keep_blank_values=True))
    canonical_query = "&".join(f"{_quoted(k)}={_quoted(v)}" for k, v in pairs)
    lines = "".join(f"{n}:{headers.get(n, '').strip()}\n" for n in names.split(";"))
    canonical = "\n".join([method, path, canonical_query, lines, names, digest])
    to_sign = "ACS3-HMAC-SHA256\n" + hashlib.sha256(canonical.encode()).hexdigest()
    right = hmac.new(secret.encode(), to_sign.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(right, signature):
        raise _mismatch()


def _quoted(text: str) -> str:
    return quote(text, safe="-_.~")


def _in_time(stamp: str, now: datetime) -> None:
    try:
        at = datetime.strptime(stamp, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise SmsError("InvalidTimeStamp.Format", "Specified time stamp is malformed.") from None
    if abs(at - now) > SKEW:
        raise SmsError("InvalidTimeStamp.Expired", "Specified time stamp or date is expired.")


def _mismatch() -> SmsError:
    return SmsError("SignatureDoesNotMatch", "Specified signature is not matched.")
