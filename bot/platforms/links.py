"""Signed links that open without an account: candidates' pages, and a page to upload a file.

A link holds an opaque id and nothing else, is good for one purpose and ends. Looking at it must
change nothing, and whether it is still open, or was used, is for the database to decide: the
signature only says that we made it. The keys come from the installed key ring, but are not the
keys that seal personal data: what is signed leaves the house.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import timedelta
from typing import Any

from itsdangerous import BadData, SignatureExpired, TimestampSigner, URLSafeTimedSerializer

from models import sealed
from models.clock import Clock

_PURPOSE = re.compile(r"[a-z][a-z0-9_.]{0,39}")
_ID = re.compile(r"[0-9A-Za-z_\-]{1,64}")
_TOKEN = re.compile(r"[0-9A-Za-z_\-]{1,200}\.[0-9A-Za-z_\-]{1,20}\.[0-9A-Za-z_\-]{20,80}")
_LABEL = b"wardbell candidate links"


class CandidateLinks:
    """Makes and opens the tokens of one purpose, such as "interview.answer".

    `life` counts from the making. Tokens made with an older key of the ring open as long as that
    key is kept; new ones are signed with the current key.
    """

    def __init__(self, purpose: str, life: timedelta, clock: Clock) -> None:
        if not _PURPOSE.fullmatch(purpose):
            raise ValueError("a purpose reads like interview.answer")
        if life < timedelta(seconds=1):
            raise ValueError("a link lives for a second at least")
        self._purpose = purpose
        self._life = life
        self._clock = clock

    def token(self, opaque_id: str) -> str:
        """`opaque_id` is random, at most 64 characters: never a name, number or address."""
        if not _ID.fullmatch(opaque_id):
            raise ValueError("a link holds an opaque id of letters, digits, - and _ only")
        return str(self._serializer().dumps(opaque_id))

    def open(self, token: str) -> str | None:
        """The id; None when the token is altered, of another purpose or too old."""
        if not _TOKEN.fullmatch(token):
            return None
        try:
            opened = self._serializer().loads(token, max_age=self._seconds)
        except BadData:
            return None
        return opened if isinstance(opened, str) and _ID.fullmatch(opened) else None

    def expired(self, token: str) -> bool:
        """Whether it was ours and is only too old: worth a kind word and a new one."""
        if not _TOKEN.fullmatch(token):
            return False
        try:
            self._serializer().loads(token, max_age=self._seconds)
        except SignatureExpired:
            return True
        except BadData:
            return False
        return False

    @property
    def _seconds(self) -> int:
        return int(self._life.total_seconds())

    def _serializer(self) -> URLSafeTimedSerializer:
        """With the keys as they are now: the ring may have been read anew."""
        clock = self._clock

        class Signer(TimestampSigner):
            """Asks our clock instead of the wall's."""

            def get_timestamp(self) -> int:
                return int(clock.now().timestamp())

        options: dict[str, Any] = {"digest_method": hashlib.sha256, "key_derivation": "hmac"}
        return URLSafeTimedSerializer(
            signing_keys(sealed.ring()),
            salt=f"wardbell.link.{self._purpose}".encode(),
            signer=Signer,
            signer_kwargs=options,
        )


def signing_keys(ring: sealed.KeyRing) -> list[bytes]:
    """One signing key per key of the ring, the current one last, as itsdangerous wants it."""
    older = [key_id for key_id in ring.keys if key_id != ring.current]
    return [hmac.digest(ring.keys[key_id], _LABEL, "sha256") for key_id in [*older, ring.current]]
