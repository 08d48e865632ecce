"""Who may open and send what in the console: every route, every level, as one table.

A route that is added without a line here fails the test: somebody must decide whose it is.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from bot import pages
from bot.rules import Rules
from models import db
from models.clock import ManualClock
from tests.support import hospital as hospitals
from tests.support import rights
from tests.support.leaving import outside
from tests.support.rights import NOBODY, Ward, fingerprint, plain

# Head nurse of the ward whose things are asked for, head nurse of another, the nursing
# department, the recruiting office, the HR head. A nurse has no line: she may do nothing here.
PEOPLE = {"z": "zhao", "l": "liang", "q": "qin", "u": "su", "s": "song"}
NURSE = "li"

# Forms are sent with right contents and the right token. Whose a preview, a task or a chat is,
# is decided after the level: those who pass here and are not meant are told that it is gone.
TABLE = """
GET  /console                               zlqus
POST /console/sign-out                      zlqus
GET  /console/rosters/import                zs
POST /console/rosters/import                zs
POST /console/rosters/sample                zs
GET  /console/rosters/{id}                  zs
POST /console/rosters/{id}/publish          zs
POST /console/rosters/{id}/discard          zs
GET  /console/units/{id}                    zs
GET  /console/people                        s
POST /console/people                        s
GET  /console/people/{id}                   s
POST /console/people/{id}/apply             s
GET  /console/deliveries                    zs
GET  /console/deliveries/{id}               zs
GET  /console/dead                          s
POST /console/dead/{id}/retry               s
POST /console/failed/{id}/again             s
GET  /console/licences                      zqus
GET  /console/licences/people/{id}          zqus
POST /console/licences/{id}/withdraw        qus
GET  /console/tasks                         zlqus
GET  /console/tasks/{id}                    us
POST /console/tasks/{id}/report             us
POST /console/tasks/{id}/answer             us
POST /console/tasks/{id}/chat               us
POST /console/tasks/{id}/chat/back          zlqus
GET  /console/callouts                      zlqus
POST /console/callouts                      zs
GET  /console/callouts/fairness             zlqus
GET  /console/callouts/new                  zlqus
POST /console/callouts/new                  zs
POST /console/callouts/change               zlqus
GET  /console/callouts/{id}                 zqus
GET  /console/callouts/{id}/cancel          zs
POST /console/callouts/{id}/cancel          zs
GET  /console/checklists                    zlqus
GET  /console/checklists/{id}               zqus
POST /console/checklists/{id}/done          zqus
POST /console/checklists/{id}/waive         qus
POST /console/checklists/{id}/reopen        zqus
GET  /console/recruiting                    zlqus
POST /console/recruiting/{id}/slots         us
POST /console/recruiting/{id}/pool          us
POST /console/recruiting/{id}/notice        us
POST /console/recruiting/{id}/notice/text   us
POST /console/recruiting/{id}/notice/public us
GET  /console/recruiting/import             us
POST /console/recruiting/import             us
GET  /console/recruiting/import/{id}        us
POST /console/recruiting/import/{id}/apply  us
GET  /console/recruiting/{id}               us
POST /console/recruiting/slots/{id}/cancel  us
GET  /console/candidates/{id}               us
POST /console/applications/{id}/tick        us
POST /console/applications/{id}/invite      us
POST /console/applications/{id}/choose      us
POST /console/applications/{id}/cancel      us
POST /console/applications/{id}/came        us
POST /console/applications/{id}/why         us
POST /console/applications/{id}/stage       us
POST /console/applications/{id}/result      us
POST /console/applications/{id}/prepare     us
POST /console/applications/{id}/withdraw    us
GET  /console/licences/import               qus
POST /console/licences/import               qus
GET  /console/licences/import/{id}          zlqus
POST /console/licences/import/{id}/apply    zlqus
GET  /console/staffing/import               zlqus
POST /console/staffing/import               zlqus
GET  /console/staffing/import/{id}          zlqus
POST /console/staffing/import/{id}/apply    zlqus
GET  /console/evidence/{id}                 zqus
GET  /console/evidence/{id}/file            zqus
GET  /console/audit                         s
POST /console/audit/export                  s
"""
# Outside the console: each is opened by the secret in its address, by no level.
BY_SECRET = {"/in/{token}", "/a/{token}", "/c/{key}", "/i", "/i/{key}", "/u/{key}"}
# What belongs to one person: another one is told, whatever the level, that it is gone.
GONE = {
    "/console/licences/import/{id}",
    "/console/licences/import/{id}/apply",
    "/console/staffing/import/{id}",
    "/console/staffing/import/{id}/apply",
    "/console/tasks/{id}/chat/back",
}


def expected() -> dict[tuple[str, str], set[str]]:
    found = {}
    for line in TABLE.strip().splitlines():
        method, path, letters = line.split()
        found[method, path] = {PEOPLE[letter] for letter in letters}
    return found


@pytest.fixture
async def ward(
    database_url: str, rules: Rules, clock: ManualClock, tmp_path: Path
) -> AsyncIterator[Ward]:
    settings = hospitals.settings(database_url).model_copy(update={"samples_dir": tmp_path})
    services = outside(database_url, clock)
    everybody = [NURSE, *PEOPLE.values()]
    async with rights.opened(settings, services, rules, clock, everybody) as running:
        yield running


def test_every_route_has_a_line(database_url: str, rules: Rules, clock: ManualClock) -> None:
    settings = hospitals.settings(database_url)
    found = pages.routes(settings, outside(database_url, clock), rules, clock)
    routed = [route for route in found if isinstance(route, web.RouteDef)]
    ours = {(r.method, plain(r.path)) for r in routed if r.path.startswith("/console")}
    assert ours == set(expected())
    assert {r.path for r in routed} - {
        r.path for r in routed if r.path.startswith("/console")
    } == (BY_SECRET)


async def test_a_denied_request_is_answered_alike_and_changes_nothing(ward: Ward) -> None:
    before, wrong = await fingerprint(), []
    for (method, path), allowed in expected().items():
        for who in (NOBODY, NURSE, *PEOPLE.values()):
            if who not in allowed:
                status = await ward.asks(who, method, path)
                if status != (404 if who else 401):
                    wrong.append((who or "nobody", method, path, status))
    assert wrong == []
    after = await fingerprint()
    assert [table for table in before if before[table] != after[table]] == []


async def test_who_may_is_let_in_and_odd_ids_break_nothing(ward: Ward) -> None:
    wrong = []
    for (method, path), allowed in expected().items():
        for who in sorted(allowed):
            status = await ward.asks(who, method, path)
            if status in (401, 404) or status >= 500:
                wrong.append((who, method, path, status))
            if path.endswith("sign-out"):
                await ward.signs_in(who)
        if "{id}" in path:
            odd = [await ward.asks("song", method, path, other) for other in (10**7, 2**63 - 1)]
            wrong += [("song", method, path, status) for status in odd if status >= 500]
    assert wrong == []


async def test_what_is_one_persons_is_gone_for_everybody_else(ward: Ward) -> None:
    before = await fingerprint()
    for method, path in expected():
        if path in GONE:
            for who in ("zhao", "liang", "qin", "su"):
                assert await ward.asks(who, method, path) == 409, (who, path)
    after = await fingerprint()
    assert [table for table in before if before[table] != after[table]] == []


async def test_a_nurse_is_given_no_link_and_a_session_left_over_opens_nothing(ward: Ward) -> None:
    """Rights are read at each request: a head nurse who is none any more has her old cookie."""
    assert await ward.asks("zhao", "GET", "/console") == 200
    await db.execute("DELETE FROM grants")
    for method, path in expected():
        assert await ward.asks("zhao", method, path) == 404, path


async def test_every_page_of_people_outside_keeps_to_itself(ward: Ward) -> None:
    """Also where there is nothing, where the method is wrong, and where a link is spent."""
    for path in sorted(BY_SECRET):
        address = path.replace("{token}", "x" * 40).replace("{key}", "x" * 12)
        for method in ("GET", "POST", "PUT"):
            async with ward.browser.request(method, ward.base + address) as reply:
                assert reply.status < 500, (method, path)
                assert reply.headers["Cache-Control"] == "no-store", (method, path)
                assert reply.headers["Referrer-Policy"] == "no-referrer", (method, path)
                assert reply.headers["X-Content-Type-Options"] == "nosniff", (method, path)
                policy = reply.headers["Content-Security-Policy"]
                assert policy.startswith("default-src 'self'"), (method, path)
                assert "frame-ancestors 'none'" in policy, (method, path)
                assert "Set-Cookie" not in reply.headers, (method, path)
