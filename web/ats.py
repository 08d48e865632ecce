"""The JSON API for an applicant tracking system. Off unless its bearer token is configured."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from services.ats import Ats, AtsResult, Cursor, RowError
from services.import_drafts import Change
from services.refusals import Refusal
from web.ats_body import BodyRefused, read_entries

MAX_BODY = 1024 * 1024  # bytes, as they are after decompression
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)

# Problem → what to do about it. `{known}` are some posts that are open.
_CURES = {
    "post_unknown": "no posting has this code; import it first, or use one of: {known}",
    "post_closed": "this posting is closed; reopen it, or use one of: {known}",
    "post_several": "several open postings have this title; send the posting's code instead",
    "phone_taken": "another candidate already has this phone; check which of the two is right",
    "id_taken": "the candidate with this phone is known under another externalId; send that one",
    "twice": "this externalId and posting appear twice in the request; send them once",
    "phone_shared": "this phone appears under two externalIds in the request; check both",
    "id_shared": "this externalId appears with two names or phones in the request; check both",
}
_NOTES = {
    "other_name": "the phone was known under another name; the name was replaced",
    "stage_kept": "the stage is kept as it is here",
    "opted_out": "the candidate asked for no more messages; that stays so",
}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class AtsDoor:
    """`token` is what callers must send as `Authorization: Bearer`."""

    ats: Ats
    token: str

    def routes(self) -> list[web.AbstractRouteDef]:
        return [
            web.post("/api/v1/candidates", self._guarded(self.candidates)),
            web.get("/api/v1/applications", self._guarded(self.applications)),
        ]

    def _guarded(self, handler: Handler) -> Handler:
        async def guarded(request: web.Request) -> web.StreamResponse:
            scheme, _, token = request.headers.get("Authorization", "").partition(" ")
            genuine = hmac.compare_digest(token.strip().encode(), self.token.encode())
            if scheme.lower() != "bearer" or not genuine:
                return _unauthorized()
            return await handler(request)

        return guarded

    async def candidates(self, request: web.Request) -> web.Response:
        if request.content_type != "application/json":
            cure = "Send the header Content-Type: application/json."
            return _error(415, "unsupported_media_type", cure)
        body = await _body(request)
        if body is None:
            cure = f"The body is larger than {MAX_BODY} bytes; send fewer candidates per request."
            return _error(413, "too_large", cure)
        preview = request.query.get("preview", "false").lower()
        if preview not in {"true", "false"}:
            return _error(422, "bad_parameter", "preview is true or false.")
        try:
            entries, errors = read_entries(body)
        except BodyRefused as refused:
            return _error(422, "bad_body", str(refused))
        if errors:
            return _previewed(AtsResult((), ()), errors) if preview == "true" else _refused(errors)
        return await self._take(entries, preview=preview == "true")

    async def _take(self, entries: Any, *, preview: bool) -> web.Response:
        if preview:
            result = await self.ats.preview(entries)
            return _previewed(result, [_row(error) for error in result.errors])
        try:
            result = await self.ats.take(entries)
        except Refusal:
            cure = "A record changed meanwhile and nothing was stored; send the request again."
            return _error(409, "outdated", cure)
        if result.errors:
            return _refused([_row(error) for error in result.errors])
        return web.json_response({"preview": False, **_told(result)})

    async def applications(self, request: web.Request) -> web.Response:
        try:
            since = _cursor(request.query.get("since", ""))
        except ValueError:
            cure = (
                "since is an instant with its offset, such as 2026-12-01T00:00:00+08:00 (write + "
                "as %2B), or the value of next in the last answer."
            )
            return _error(422, "bad_parameter", cure)
        rows, following = await self.ats.applications(since)
        next_since = (
            f"{following.changed.isoformat()}~{following.application}" if following else None
        )
        return web.json_response(
            {"applications": [_application(r) for r in rows], "next": next_since}
        )


async def _body(request: web.Request) -> bytes | None:
    """At most MAX_BODY bytes; None when there are more. Read by hand: the usual limit is lower."""
    if (request.content_length or 0) > MAX_BODY:
        return None
    body = bytearray()
    async for chunk in request.content.iter_chunked(64 * 1024):
        body += chunk
        if len(body) > MAX_BODY:
            return None
    return bytes(body)


def _previewed(result: AtsResult, errors: list[dict[str, Any]]) -> web.Response:
    return web.json_response({"preview": True, **_told(result), "errors": errors})


def _told(result: AtsResult) -> dict[str, Any]:
    return {
        "new": result.count(Change.NEW),
        "changed": result.count(Change.CHANGED),
        "same": result.count(Change.SAME),
        "applications": [
            {
                "index": one.index,
                "externalId": one.external_id,
                "result": one.change.value,
                "candidate": one.ref,
                "notes": [_NOTES[note] for note in one.notes],
            }
            for one in result.taken
        ],
    }


def _row(error: RowError) -> dict[str, Any]:
    message = _CURES[error.problem].format(known=error.known)
    return {"index": error.index, "field": error.field, "message": f"{error.field}: {message}"}


def _refused(errors: list[dict[str, Any]]) -> web.Response:
    cure = "Nothing was stored. Mend the entries listed in errors and send the request again."
    body = {"error": "bad_entries", "message": cure, "errors": errors}
    return web.json_response(body, status=422)


def _application(row: Mapping[str, Any]) -> dict[str, Any]:
    """Stages and instants only: nothing that anybody wrote."""
    return {
        "candidate": row["ref"],
        "externalId": row["external_id"],
        "posting": row["code"],
        "stage": row["stage"],
        "changedAt": _instant(row["changed"]),
        "interview": {
            "state": row["interview"],
            "startsAt": _instant(row["starts_at"]),
            "confirmedAt": _instant(row["confirmed_at"]),
        }
        if row["interview"]
        else None,
        "outcome": {
            "kind": row["kind"],
            "state": row["outcome"],
            "sentAt": _instant(row["sent_at"]),
        }
        if row["kind"]
        else None,
    }


def _instant(value: datetime | None) -> str | None:
    return value.astimezone(UTC).isoformat() if value else None


def _cursor(text: str) -> Cursor:
    """Raises ValueError."""
    if not text:
        return Cursor(_EARLIEST)
    moment, tilde, application = text.partition("~")
    changed = datetime.fromisoformat(moment)
    if changed.tzinfo is None or not 2000 <= changed.year <= 2100:
        raise ValueError("no instant")
    if tilde and not (application.isdigit() and len(application) < 19):
        raise ValueError("no application")
    return Cursor(changed, int(application) if tilde else 0)


def _unauthorized() -> web.Response:
    cure = "Send the header Authorization: Bearer TOKEN with the token of WARDBELL_ATS_TOKEN."
    answer = _error(401, "unauthorized", cure)
    answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def _error(status: int, error: str, message: str) -> web.Response:
    return web.json_response({"error": error, "message": message}, status=status)
