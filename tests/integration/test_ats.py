"""The API of an applicant system, over real HTTP: forged, doubled, huge and broken requests."""

from __future__ import annotations

import gzip
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from aiohttp import ClientSession, web

from bot.http import make_app, resting_channels
from bot.wiring import Services
from models import db, sealed
from models.clock import ManualClock
from services.ats import PAGE, Ats
from services.import_drafts import Kind
from tests.support.recruiting_sheets import (
    NURSE,
    POSTING_HEAD,
    a_nurse_post,
    brought_in,
)
from web.ats import MAX_BODY, AtsDoor

TOKEN = "a-token-of-no-real-system-0123"
ZHENG: dict[str, Any] = {
    "externalId": "A-1",
    "name": "郑小试",
    "phone": "137 0000 0001",
    "email": "zheng@example.com",
    "posting": "HL-2026-01",
    "profile": {"years": 3, "major": "护理学", "idCard": "110101190001010000"},
}


@dataclass
class Caller:
    """The other system."""

    session: ClientSession
    base: str

    async def sends(
        self, body: object, query: str = "", token: str = TOKEN, **headers: str
    ) -> tuple[int, Any]:
        data = BytesIO(body if isinstance(body, bytes) else json.dumps(body).encode())
        sent = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"} | headers
        url = f"{self.base}/api/v1/candidates{query}"
        async with self.session.post(url, data=data, headers=sent) as reply:
            return reply.status, await reply.json()

    async def asks(self, since: str = "", token: str = TOKEN) -> tuple[int, Any]:
        url = f"{self.base}/api/v1/applications"
        params = {"since": since} if since else {}
        headers = {"Authorization": f"Bearer {token}"}
        async with self.session.get(url, params=params, headers=headers) as reply:
            return reply.status, await reply.json()


@pytest.fixture
async def ats(services: Services, clock: ManualClock) -> AsyncIterator[Caller]:
    await a_nurse_post(services)
    app = make_app(resting_channels(clock))
    records = services.recruiting.sheets.records
    app.add_routes(AtsDoor(Ats(records, "moka", clock), TOKEN).routes())
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    async with ClientSession() as session:
        yield Caller(session, f"http://127.0.0.1:{port}")
    await runner.cleanup()


async def people() -> int:
    found: int = await db.fetch_value("SELECT count(*) FROM candidates")
    return found


async def test_a_preview_changes_nothing_and_a_request_stores_sealed(ats: Caller) -> None:
    status, seen = await ats.sends([ZHENG], "?preview=true")
    assert (status, seen["preview"], seen["new"]) == (200, True, 1)
    assert seen["applications"][0]["candidate"] is None
    assert await people() == 0
    status, done = await ats.sends([ZHENG])
    assert (status, done["preview"], done["new"]) == (200, False, 1)
    row = await db.fetch_one("SELECT * FROM candidates")
    assert row is not None
    assert done["applications"] == [
        {"index": 0, "externalId": "A-1", "result": "new", "candidate": row["ref"], "notes": []}
    ]
    assert (row["external_system"], row["external_id"]) == ("moka", "A-1")
    assert sealed.open_sealed("candidates.phone", row["phone"]) == "13700000001"
    applied = await db.fetch_one("SELECT profile FROM applications")
    assert applied is not None
    profile = sealed.open_json("applications.profile", applied["profile"])
    assert profile == {"years": 3.0, "major": "护理学"}
    audited = await db.fetch("SELECT * FROM audit_rows WHERE action = 'candidate.received'")
    assert [row["actor"] for row in audited] == ["ats:moka"]
    assert "郑小试" not in str(audited)
    assert "1370000" not in str(audited)


async def test_the_same_request_again_changes_nothing(ats: Caller, clock: ManualClock) -> None:
    await ats.sends([ZHENG])
    before = [
        await db.fetch(f"SELECT * FROM {table}")
        for table in ("candidates", "applications", "audit_rows")
    ]
    clock.advance(timedelta(hours=1))
    status, again = await ats.sends([ZHENG])
    assert (status, again["same"], again["new"]) == (200, 1, 0)
    after = [
        await db.fetch(f"SELECT * FROM {table}")
        for table in ("candidates", "applications", "audit_rows")
    ]
    assert after == before


async def test_a_new_number_under_the_same_id_mends_the_candidate(ats: Caller) -> None:
    await ats.sends([ZHENG])
    status, done = await ats.sends([ZHENG | {"phone": "13700000009"}])
    assert (status, done["changed"]) == (200, 1)
    assert await people() == 1
    row = await db.fetch_one("SELECT phone, phone_index FROM candidates")
    assert row is not None
    assert sealed.open_sealed("candidates.phone", row["phone"]) == "13700000009"
    assert row["phone_index"] == sealed.ring().index("candidates.phone", "13700000009")


async def test_one_candidate_may_apply_twice(ats: Caller, services: Services) -> None:
    other = ("HL-2026-02", "心内科护士", *NURSE[2:])
    await brought_in(services, Kind.POSTINGS, POSTING_HEAD, other)
    status, done = await ats.sends([ZHENG, ZHENG | {"posting": "HL-2026-02"}])
    assert (status, done["new"]) == (200, 2)
    assert await people() == 1
    assert len({one["candidate"] for one in done["applications"]}) == 1


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"phone": "12"}, "phone", "phone must be a mobile number of mainland China"),
        ({"posting": "NO-1"}, "posting", "no posting has this code; import it first, or use one "),
        ({"externalId": ""}, "externalId", "externalId must be your id of the candidate"),
        ({"externalId": "a\x00b"}, "externalId", "without control characters"),
        ({"name": "\ud800"}, "name", "name must be the candidate's full name"),
        ({"name": None}, "name", "name must be the candidate's full name"),
        ({"email": "nobody"}, "email", "email must be an e-mail address, or leave it out"),
        ({"email": "a\x00b@example.com"}, "email", "email must be an e-mail address"),
        ({"email": "郑@example.com"}, "email", "email must be an e-mail address"),
        ({"email": "a..b@example.com"}, "email", "email must be an e-mail address"),
        ({"name": "\u200b\u202e"}, "name", "name must be the candidate's full name"),
        ({"title": "king"}, "title", "title must be how the candidate asked to be addressed"),
        ({"profile": {"years": 99}}, "years", "years must be years of work as a number"),
        ({"profile": []}, "profile", "profile must be a JSON object, or leave it out"),
    ],
)
async def test_a_wrong_entry_stores_nothing_and_is_named_with_its_cure(
    ats: Caller, change: dict[str, Any], field: str, words: str
) -> None:
    fine = ZHENG | {"externalId": "A-2", "phone": "13700000002"}
    status, told = await ats.sends([fine, ZHENG | change])
    assert (status, told["error"]) == (422, "bad_entries")
    assert [(one["index"], one["field"]) for one in told["errors"]] == [(1, field)]
    assert words in told["errors"][0]["message"]
    assert await people() == 0
    status, seen = await ats.sends([fine, ZHENG | change], "?preview=true")
    assert (status, seen["errors"]) == (200, told["errors"])


async def test_what_nobody_sees_is_not_stored(ats: Caller) -> None:
    sent = ZHENG | {"name": "郑\u202e小\u2066试", "externalId": "\u200eA-1"}
    assert (await ats.sends([sent]))[0] == 200
    row = await db.fetch_one("SELECT name, external_id FROM candidates")
    assert row is not None
    assert sealed.open_sealed("candidates.name", row["name"]) == "郑小试"
    assert row["external_id"] == "A-1"


async def test_contradictions_are_refused(ats: Caller) -> None:
    await ats.sends([ZHENG])
    for entries, field, words in (
        ([ZHENG, ZHENG], "externalId", "appear twice in the request"),
        ([ZHENG, ZHENG | {"externalId": "A-2"}], "phone", "under two externalIds in the request"),
        ([ZHENG | {"externalId": "A-2"}], "externalId", "known under another externalId"),
        ([ZHENG, ZHENG | {"name": "另一人"}], "externalId", "appear"),
    ):
        status, told = await ats.sends(entries)
        assert status == 422, entries
        assert told["errors"][0]["field"] == field
        assert words in told["errors"][0]["message"]
    await ats.sends([ZHENG | {"externalId": "A-3", "phone": "13700000003"}])
    status, told = await ats.sends([ZHENG | {"phone": "13700000003"}])
    assert (status, told["errors"][0]["field"]) == (422, "phone")
    assert "another candidate already has this phone" in told["errors"][0]["message"]
    assert await people() == 2


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"{", "no valid JSON in UTF-8"),
        (b"\xff\xfe", "no valid JSON in UTF-8"),
        (b"[NaN]", "no valid JSON in UTF-8"),
        (b"[" + b"9" * 5000 + b"]", "no valid JSON in UTF-8"),
        (b"[" * 100_000, "nested too deeply"),
        (b"{}", "must be a JSON array"),
        (b"[]", "send at least one candidate"),
        (json.dumps([ZHENG] * 501).encode(), "send at most 500"),
    ],
)
async def test_a_body_that_cannot_be_used(ats: Caller, body: bytes, words: str) -> None:
    status, told = await ats.sends(body)
    assert (status, told["error"]) == (422, "bad_body")
    assert words in told["message"]


async def test_a_huge_body_is_refused_also_when_it_is_packed(ats: Caller) -> None:
    huge = b" " * (MAX_BODY + 1)
    status, told = await ats.sends(huge)
    assert (status, told["error"]) == (413, "too_large")
    packed = gzip.compress(b"[" + b" " * (20 * MAX_BODY) + b"]")
    assert len(packed) < MAX_BODY
    status, told = await ats.sends(packed, **{"Content-Encoding": "gzip"})
    assert (status, told["error"]) == (413, "too_large")
    status, told = await ats.sends([ZHENG], **{"Content-Type": "text/plain"})
    assert (status, told["error"]) == (415, "unsupported_media_type")
    fair = [
        ZHENG | {"profile": {"summary": "好" * 1900}, "externalId": str(i), "phone": f"137{i:08}"}
        for i in range(150)
    ]
    status, told = await ats.sends(json.dumps(fair, ensure_ascii=False).encode())
    assert (status, told["new"]) == (200, 150)  # far more than a callback may have


@pytest.mark.parametrize("token", ["", "wrong", TOKEN[:-1], TOKEN + "x", "错"])
async def test_a_forged_token_opens_nothing(ats: Caller, token: str) -> None:
    for status, told in (
        await ats.sends([ZHENG], Authorization=f"Bearer {token.encode().decode('latin-1')}"),
        await ats.sends([ZHENG], Authorization=f"Basic {TOKEN}"),
        await ats.asks(token=token.encode().decode("latin-1")),
    ):
        assert (status, told["error"]) == (401, "unauthorized")
        assert "Authorization: Bearer" in told["message"]
        assert TOKEN not in told["message"]
    assert await people() == 0


async def test_stages_come_back_without_free_text_page_by_page(
    ats: Caller, clock: ManualClock
) -> None:
    count = PAGE + 1
    entries = [ZHENG | {"externalId": f"A-{i}", "phone": f"137{i:08}"} for i in range(count)]
    assert (await ats.sends(entries))[0] == 200
    status, first = await ats.asks()
    assert (status, len(first["applications"])) == (200, PAGE)
    status, rest = await ats.asks(first["next"])
    assert (status, len(rest["applications"]), rest["next"]) == (200, 1, None)
    ids = [one["externalId"] for one in first["applications"] + rest["applications"]]
    assert ids == [f"A-{i}" for i in range(count)]
    assert "郑小试" not in json.dumps([first, rest], ensure_ascii=False)
    assert first["applications"][0]["stage"] == "new"
    assert first["applications"][0]["interview"] is None
    now = clock.now().isoformat()
    assert (await ats.asks(now))[1]["applications"][:1] == first["applications"][:1]
    clock.advance(timedelta(hours=1))
    await db.execute(
        "UPDATE applications SET matched_at = $1 WHERE id = (SELECT max(id) FROM applications)",
        clock.now(),
    )
    _, later = await ats.asks(clock.now().isoformat())
    assert [one["externalId"] for one in later["applications"]] == [f"A-{count - 1}"]


@pytest.mark.parametrize("since", ["yesterday", "2026-12-01", "2026-12-01T00:00:00+08:00~x", "9"])
async def test_a_since_that_is_no_instant(ats: Caller, since: str) -> None:
    status, told = await ats.asks(since)
    assert (status, told["error"]) == (422, "bad_parameter")
    assert "2026-12-01T00:00:00+08:00" in told["message"]


async def test_only_its_own_and_living_candidates_come_back(
    ats: Caller, clock: ManualClock
) -> None:
    await ats.sends([ZHENG, ZHENG | {"externalId": "A-2", "phone": "13700000002"}])
    await db.execute("UPDATE candidates SET external_system = 'other' WHERE external_id = 'A-1'")
    await db.execute("UPDATE candidates SET erased_at = $1 WHERE external_id = 'A-2'", clock.now())
    assert (await ats.asks())[1]["applications"] == []
