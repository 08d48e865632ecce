"""The way into the console: a one-time link sent in chat, then a session. Only hashes are kept."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from models import db
from models.clock import Clock
from services import audit
from services.actors import Actor, by_id
from services.hospital import Hospital
from services.permissions import Act, may_anywhere
from services.refusals import Refusal

LINK_LIFE = timedelta(minutes=10)
SESSION_LIFE = timedelta(hours=8)

_KEEP = """
INSERT INTO sign_in_tokens (token_hash, kind, person_id, expires_at) VALUES ($1, $2, $3, $4)
"""
_WHOSE = """
SELECT p.name FROM sign_in_tokens t JOIN persons p ON p.id = t.person_id AND p.active
 WHERE t.token_hash = $1 AND t.kind = 'link' AND t.used_at IS NULL AND t.expires_at > $2
"""
_USE_LINK = """
UPDATE sign_in_tokens SET used_at = $2
 WHERE token_hash = $1 AND kind = 'link' AND used_at IS NULL AND expires_at > $2
RETURNING person_id
"""


class SignIn:
    minutes = int(LINK_LIFE.total_seconds() // 60)

    def __init__(self, hospital: Hospital, clock: Clock) -> None:
        self.hospital = hospital
        self.clock = clock

    async def link(self, actor: Actor) -> str:
        """A link for this person alone. Raises Refusal("not_allowed") for staff."""
        if not may_anywhere(actor, Act.IMPORT_ROSTER):
            raise Refusal("not_allowed")
        token = await self._keep(actor.person_id, "link", LINK_LIFE)
        await audit.record(self.clock.now(), actor, "sign_in.link", f"persons:{actor.person_id}")
        return f"{self.hospital.public_url}/in/{token}"

    async def whose(self, token: str) -> str | None:
        """The name of who comes in with this link; None when it opens nothing. Spends nothing."""
        name: str | None = await db.fetch_value(_WHOSE, digest(token), self.clock.now())
        return name

    async def open_session(self, token: str) -> str | None:
        """Spend a link; the session's token, or None when it is unknown, used or too old."""
        now = self.clock.now()
        async with db.transaction():
            person = await db.fetch_value(_USE_LINK, digest(token), now)
            if person is None:
                return None
            await audit.record(now, f"person:{person}", "sign_in.opened", f"persons:{person}")
            return await self._keep(person, "session", SESSION_LIFE)

    async def actor_of(self, session: str) -> Actor | None:
        """Who a session belongs to, with what they may do now."""
        person = await db.fetch_value(
            "SELECT person_id FROM sign_in_tokens "
            "WHERE token_hash = $1 AND kind = 'session' AND used_at IS NULL AND expires_at > $2",
            digest(session),
            self.clock.now(),
        )
        return None if person is None else await by_id(person)

    async def close_session(self, session: str) -> None:
        await db.execute(
            "UPDATE sign_in_tokens SET used_at = $2 WHERE token_hash = $1",
            digest(session),
            self.clock.now(),
        )

    async def _keep(self, person_id: int, kind: str, life: timedelta) -> str:
        token = secrets.token_urlsafe(32)
        await db.execute(_KEEP, digest(token), kind, person_id, self.clock.now() + life)
        return token


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def form_token(session: str) -> str:
    """What a form of this session must carry, so that no other site can post it."""
    return hashlib.sha256(b"form:" + session.encode()).hexdigest()
