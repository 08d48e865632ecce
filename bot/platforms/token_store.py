"""The token store on PostgreSQL: one row per app, whose lock is held while one replica fetches."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.exceptions import BaseORMException
from tortoise.transactions import in_transaction

from bot.channels import Failure, SendFailed
from bot.platforms.tokens import Fetch, Token, rest_after, resting
from models.clock import Clock
from models.platform_tokens import PlatformToken

# Longer than one fetch may take, so that waiters outlive the one who fetches.
_LOCK_WAIT = "SET LOCAL lock_timeout = '15s'"


class DatabaseTokenStore:
    """`seal` and `open_` encrypt the token at rest; a token that cannot be opened is fetched anew.

    `cure_for` words a remembered refusal by its code, `down_cure` a database that is away. The
    row is locked for the length of a gettoken call (10 s at most), which happens every two
    hours per app. Not to be called inside another transaction, whose end the lock would await.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        seal: Callable[[str], str],
        open_: Callable[[str], str],
        cure_for: Callable[[int], str],
        down_cure: str,
    ) -> None:
        self._clock = clock
        self._seal = seal
        self._open = open_
        self._cure_for = cure_for
        self._down = down_cure

    async def get(self, app: str) -> Token | None:
        try:
            row = await PlatformToken.get_or_none(app=app)
        except (BaseORMException, OSError):
            raise self._database_down() from None
        return None if row is None else self._token(row)

    async def refresh(self, app: str, seen: int, fetch: Fetch) -> Token:
        try:
            async with in_transaction() as connection:
                outcome = await self._refresh(connection, app, seen, fetch)
        except (BaseORMException, OSError):
            raise self._database_down() from None
        if isinstance(outcome, SendFailed):
            raise outcome
        return outcome

    async def _refresh(
        self, connection: BaseDBAsyncClient, app: str, seen: int, fetch: Fetch
    ) -> Token | SendFailed:
        # A refusal is returned, not raised: what we remember of it must be committed.
        row = await _locked(connection, app)
        now = self._clock.now()
        held = self._token(row)
        if held is not None and held.generation > seen and held.expires_at > now:
            return held
        if row.refused_until is not None and row.refused_until > now:
            return resting(
                row.refused_code, row.refused_until, now, self._cure_for(row.refused_code)
            )
        try:
            fetched = await fetch()
        except SendFailed as failed:
            if failed.failure is Failure.CONFIGURATION:
                await self._remember(connection, row, failed.code)
            return failed
        await self._keep(connection, row, fetched.value, now + fetched.lifetime)
        return Token(fetched.value, row.generation, now + fetched.lifetime)

    async def _remember(
        self, connection: BaseDBAsyncClient, row: PlatformToken, code: int
    ) -> None:
        row.refusals += 1
        row.refused_code = code
        row.refused_until = self._clock.now() + rest_after(row.refusals)
        await row.save(using_db=connection)

    async def _keep(
        self, connection: BaseDBAsyncClient, row: PlatformToken, value: str, until: datetime
    ) -> None:
        row.token = self._seal(value)
        row.generation += 1
        row.expires_at = until
        row.refused_until, row.refused_code, row.refusals = None, 0, 0
        await row.save(using_db=connection)

    def _token(self, row: PlatformToken) -> Token | None:
        if not row.token or row.expires_at is None:
            return None
        try:
            value = self._open(row.token)
        except Exception:  # another key, damaged: any failure to open means fetching a new one
            return None
        return Token(value, row.generation, row.expires_at)

    def _database_down(self) -> SendFailed:
        reason = "the shared token could not be read"
        return SendFailed(Failure.RETRY, reason=reason, cure=self._down)


async def _locked(connection: BaseDBAsyncClient, app: str) -> PlatformToken:
    await connection.execute_query(_LOCK_WAIT)
    await connection.execute_query(
        "INSERT INTO platform_tokens (app) VALUES ($1) ON CONFLICT (app) DO NOTHING", [app]
    )
    return await PlatformToken.filter(app=app).using_db(connection).select_for_update().get()
