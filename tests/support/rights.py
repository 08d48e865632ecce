"""A hospital that has one of everything the console shows, and browsers of all levels."""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO

from aiohttp import ClientSession, DummyCookieJar, FormData, web

from bot import http, pages, sample
from bot.rules import Rules
from bot.wiring import Services
from config.settings import Settings
from models import db, sealed
from models.clock import ManualClock
from services.sheets.export import write_csv
from services.sign_in import digest, form_token
from services.task_facts import DETAIL
from tests.support.callouts import wish
from tests.support.deciding import actor
from tests.support.interviewing import a_post
from tests.support.leaving import leaver
from tests.support.renewing import Room

NOBODY = ""
SAMPLE = "样表.xlsx"
UPLOADS = frozenset(
    {
        "/console/rosters/import",
        "/console/people",
        "/console/recruiting/import",
        "/console/licences/import",
        "/console/staffing/import",
    }
)
COOKIE = "wardbell"
_LISTED = "SELECT relname AS name FROM pg_stat_user_tables WHERE schemaname = 'public'"
_DELIVERY = """
WITH told AS (
    INSERT INTO messages (purpose, subject_id, context, priority, created_at)
    VALUES ('shifts.reminder', 0, '{}', 10, $2) RETURNING id
)
INSERT INTO deliveries (message_id, person_id, channel, address, state, priority, not_before,
                        expires_at) SELECT id, $1, 'wecom_app', 'x', 'failed', 10, $2, $2 FROM told
RETURNING id
"""
_DEAD = """
INSERT INTO inbox (event_id, sender, kind, payload, state, received_at)
VALUES ('e', 's', 'TextSaid', '{}', 'dead', $1) RETURNING id
"""
_UPLOAD = """
INSERT INTO sheet_uploads (person_id, filename, digest, kind, body, expires_at)
VALUES ($1, 'a.csv', 'd', $2, $3, $4::timestamptz + interval '1 hour') RETURNING id
"""
_TASK = """
INSERT INTO candidate_tasks (kind, key, candidate_id, interview_id, person_id, detail, opened_at,
                             due_at) VALUES ('question', 'k', $1, $2, $3, $4, $5, $5) RETURNING id
"""


@dataclass
class Ward:
    """The addresses with real ids in them, and what each browser is shown there."""

    browser: ClientSession
    base: str
    clock: ManualClock
    ids: Mapping[str, int]
    sessions: dict[str, str]

    async def signs_in(self, who: str) -> None:
        """Anew, as after signing out."""
        self.sessions[who] = await session_of(who, self.clock)

    async def asks(self, who: str, method: str, pattern: str, other: int | None = None) -> int:
        """The status of what `who` (or nobody) asks for, of `other` than the ward's own thing.

        A form has its right token.
        """
        own = self.ids.get(resource(pattern), 1)
        path = re.sub(r"\{id[^/]*", str(other or own), pattern)
        session = self.sessions.get(who, "A" * 43)
        form = {"token": form_token(session), **self.forms.get(plain(pattern), {})}
        async with self.browser.request(
            method,
            self.base + path,
            data=_body(form, plain(pattern) in UPLOADS) if method == "POST" else None,
            params={} if method == "POST" else self.forms.get(plain(pattern), {}),
            headers={"Cookie": f"{COOKIE}={session}"},
            allow_redirects=False,
        ) as reply:
            return reply.status

    @property
    def forms(self) -> dict[str, dict[str, str]]:
        """What a form says besides its token, where it says of whom it speaks."""
        unit, post = str(self.ids["/console/units"]), str(self.ids["/console/recruiting"])
        item = {"item": str(self.ids["item"])}
        slot = {"slot": str(self.ids["/console/recruiting/slots"])}
        call = {"place": "楼西", "needed": "2", "report_at": "2026-12-07T16:00", "hours": "8"}
        call |= {"kind": "voluntary", "unit": unit}
        return {
            "/console/callouts": call,
            "/console/callouts/new": call,
            "/console/callouts/change": call,
            "/console/tasks/{id}/answer": {"text": "请带身份证复印件。"},
            "/console/tasks/{id}/report": {"outcome": "settled"},
            "/console/checklists/{id}/done": item,
            "/console/checklists/{id}/waive": item | {"reason": "已在本院"},
            "/console/checklists/{id}/reopen": item | {"reason": "弄错了"},
            "/console/applications/{id}/invite": slot,
            "/console/applications/{id}/choose": slot,
            "/console/rosters/import": {"unit": unit},
            "/console/rosters/sample": {"unit": unit, "sample": SAMPLE},
            "/console/deliveries": {"unit": unit},
            "/console/licences": {"unit": unit},
            "/console/licences/import": {"kind": "licences"},
            "/console/staffing/import": {"kind": "minimums"},
            "/console/recruiting/import": {"kind": "candidates"},
            "/console/recruiting/{id}/pool": {"candidate": str(self.ids["/console/candidates"])},
            "/console/recruiting/slots/{id}/cancel": {"posting": post},
        }


def plain(pattern: str) -> str:
    """An address without the form of its id: `/console/tasks/{id}/chat`."""
    return re.sub(r"\{id[^/]*", "{id}", pattern)


def _body(form: Mapping[str, str], upload: bool) -> FormData:
    body = FormData(form, quote_fields=False)
    if upload:
        body.add_field("file", BytesIO(b"a,b\n1,2\n"), filename="a.csv")
    return body


def resource(pattern: str) -> str:
    """What the id is one of: `/console/tasks/{id}/chat` is about `/console/tasks`."""
    return pattern.partition("/{")[0]


async def fingerprint() -> dict[str, str]:
    """Every table's rows as a digest: what must be the same after a refused request."""
    found = {}
    for row in await db.fetch(_LISTED):
        found[row["name"]] = await db.fetch_value(
            "SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) "
            f'FROM "{row["name"]}" t'
        )
    return found


async def one_of_everything(services: Services, clock: ManualClock) -> dict[str, int]:
    """Things of the intensive care ward, and posts of the office, by the address of each."""
    await db.execute("UPDATE units SET kind = 'hr' WHERE name = $1", sample.OFFICE)
    zhao, li, su, song = [await actor(name) for name in ("zhao", "li", "su", "song")]
    assert zhao.unit_id is not None
    now, room = clock.now(), Room(services, clock)
    codes = await services.codes.of_unit(zhao.unit_id)
    month = sample.month_sheet(sample.ICU, 2027, 1, codes)
    draft = await services.rosters.draft(zhao, zhao.unit_id, month, "一月.xlsx")
    assert draft.roster_id is not None, draft.errors
    post = await a_post(now, recruiter="su")
    one = await leaver(now, post=post)
    task = await db.fetch_value(
        _TASK, one.id, one.interview, su.person_id, sealed.seal_json(DETAIL, {}), now
    )
    listed = await services.lists.lists.open(su, "entry_nurse", li.person_id, date(2026, 12, 7))
    assert listed is not None
    item = await db.fetch_value(
        "SELECT id FROM checklist_items WHERE checklist_id = $1 AND key = 'duties'", listed
    )
    application = await db.fetch_value(
        "SELECT id FROM applications WHERE candidate_id = $1", one.id
    )
    return {
        "item": item,
        "/console/rosters": draft.roster_id,
        "/console/units": zhao.unit_id,
        "/console/people": await services.uploads.keep(
            song, sample.staff_list(sample.ALL_ON_WECOM), "人员.xlsx"
        ),
        "/console/deliveries": await db.fetch_value(_DELIVERY, li.person_id, now),
        "/console/failed": await db.fetch_value(_DELIVERY, li.person_id, now),
        "/console/dead": await db.fetch_value(_DEAD, now),
        "/console/licences": await room.record("li"),
        "/console/licences/people": li.person_id,
        "/console/tasks": task,
        "/console/callouts": await services.call_outs.call_outs.launch(zhao, wish(clock)),
        "/console/checklists": listed,
        "/console/recruiting": post.id,
        "/console/recruiting/import": await uploaded(song.person_id, "candidates", now),
        "/console/licences/import": await uploaded(song.person_id, "licences", now),
        "/console/staffing/import": await uploaded(song.person_id, "minimums", now),
        "/console/recruiting/slots": await post.slot("2026-12-20T10:00"),
        "/console/candidates": one.id,
        "/console/applications": application,
        "/console/evidence": await room.picture("li"),
    }


async def uploaded(person: int, kind: str, now: datetime) -> int:
    """A sheet somebody looks at before applying it; only they may."""
    body = base64.b64encode(write_csv([("姓名", "手机"), ("郑小试", "13700000001")])).decode()
    kept: int = await db.fetch_value(
        _UPLOAD, person, kind, sealed.ring().seal("sheet_uploads.body", body), now
    )
    return kept


@asynccontextmanager
async def opened(
    settings: Settings, services: Services, rules: Rules, clock: ManualClock, people: Sequence[str]
) -> AsyncIterator[Ward]:
    """The pages, served; each of `people` has a session, also who would be given no link."""
    assert settings.samples_dir is not None
    (settings.samples_dir / SAMPLE).write_bytes(b"x")
    app = http.make_app(http.resting_channels(clock))
    app.add_routes(pages.routes(settings, services, rules, clock))
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        base = f"http://127.0.0.1:{runner.addresses[0][1]}"
        ids = await one_of_everything(services, clock)
        sessions = {who: await session_of(who, clock) for who in people}
        async with ClientSession(cookie_jar=DummyCookieJar()) as browser:
            yield Ward(browser, base, clock, ids, sessions)
    finally:
        await runner.cleanup()


async def session_of(who: str, clock: ManualClock) -> str:
    session = secrets.token_urlsafe(32)
    await db.execute(
        "INSERT INTO sign_in_tokens (token_hash, kind, person_id, expires_at) "
        "VALUES ($1, 'session', $2, $3::timestamptz + interval '8 hours')",
        digest(session),
        (await actor(who)).person_id,
        clock.now(),
    )
    return session
