"""Who gets into the console, who sees what, and which forms are believed."""

from __future__ import annotations

import re

import pytest
from aiohttp import web

from bot.app import read_rules
from bot.pages import routes
from models import db
from services.actors import find
from tests.integration.test_console_rosters import december, unit_of
from tests.support.console import link_for, signed_in, stranger
from tests.support.hospital import Hospital
from web.sent_file import plain_name

PAGES = [
    "/console",
    "/console/rosters/import",
    "/console/rosters/1",
    "/console/units/1",
    "/console/people",
    "/console/deliveries",
    "/console/deliveries/1",
    "/console/dead",
    "/console/audit",
    "/console/evidence/1",
    "/console/evidence/1/file",
]
HR_ONLY = ["/console/people", "/console/dead", "/console/audit"]


def posts(hospital: Hospital) -> list[str]:
    """Every address that changes something, with a number where an id goes."""
    bot = hospital.bot
    found = [
        route.path
        for route in routes(bot.settings, bot.services, read_rules(bot.settings), bot.clock)
        if isinstance(route, web.RouteDef) and route.method == "POST"
    ]
    return [re.sub(r"\{[^/]*", "1", path) for path in found if path.startswith("/console")]


async def test_a_link_is_not_spent_by_looking_and_works_once(hospital: Hospital) -> None:
    link = await link_for(hospital, "zhao")
    async with stranger(hospital) as browser, stranger(hospital) as thief:
        for _ in range(3):
            assert "进入控制台" in (await browser.opens(link)).text
        entered = await browser.sends(link)
        assert entered.path == "/console"
        late = await thief.sends(link)
        assert late.status == 410
        assert "再发一次" in late.text
        assert (await thief.opens("/console")).status == 401


async def test_nobody_works_in_somebody_elses_name_unawares(hospital: Hospital) -> None:
    """Another site posts its reader to a link of its own: the page that names who it is comes."""
    link = await link_for(hospital, "zhao")
    async with stranger(hospital) as browser:
        assert "将以<b>赵＊＊</b>的身份进入" in (await browser.opens(link)).text
        for site in ("cross-site", "same-site", "none"):
            url, head = browser.base + link, {"Sec-Fetch-Site": site}
            async with browser.session.post(url, headers=head, allow_redirects=False) as reply:
                assert (reply.status, reply.headers["Location"]) == (303, link)
                assert "Set-Cookie" not in reply.headers
        url, head = browser.base + link, {"Sec-Fetch-Site": "same-origin"}
        async with browser.session.post(url, headers=head) as reply:
            assert reply.url.path == "/console"
            assert "<span>赵小样</span>" in await reply.text()


async def test_a_link_dies_after_ten_minutes(hospital: Hospital) -> None:
    link = await link_for(hospital, "zhao")
    await hospital.later("11m")
    async with stranger(hospital) as browser:
        assert (await browser.sends(link)).status == 410


async def test_the_cookie_is_kept_from_scripts_and_other_sites(hospital: Hospital) -> None:
    async with stranger(hospital) as browser:
        link = browser.base + await link_for(hospital, "zhao")
        async with browser.session.post(link, allow_redirects=False) as reply:
            assert reply.status == 303
            cookie = reply.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "Path=/" in cookie
    assert "Max-Age=28800" in cookie
    token = cookie.partition("=")[2].partition(";")[0]
    assert not await hospital.rows("SELECT 1 FROM sign_in_tokens WHERE token_hash = $1", token)


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("?roster=1", "/console/rosters/1"),
        ("?roster=", "/console"),
        ("?roster=//evil.example", "/console"),
        ("?roster=1/../../audit", "/console"),
        ("?roster=１", "/console"),
        ("?roster=%22%3E%3Cscript%3E", "/console"),
    ],
)
async def test_a_link_leads_only_to_our_own_pages(
    hospital: Hospital, query: str, place: str
) -> None:
    async with stranger(hospital) as browser:
        link = await link_for(hospital, "zhao")
        shown = await browser.opens(link + query)
        action = re.search(r'action="([^"]+)"', shown.text)
        assert action is not None
        assert action[1] == (link + query if place != "/console" else link)
        assert (await browser.sends(link + query)).path == place


async def test_staff_get_no_link(hospital: Hospital) -> None:
    assert "/in/" not in await hospital.phone("li").says("控制台")


@pytest.mark.parametrize("path", PAGES)
async def test_nobody_sees_a_page_without_signing_in(hospital: Hospital, path: str) -> None:
    async with stranger(hospital) as browser:
        browser.session.cookie_jar.update_cookies({"wardbell": "A" * 43})
        seen = await browser.opens(path)
        assert seen.status == 401
        assert "请先登录" in seen.text


async def test_every_form_needs_its_token(hospital: Hospital) -> None:
    async with signed_in(hospital, "song") as song:
        right = song.token
        for path in posts(hospital):
            for wrong in ("", "0" * 64, right[:-1], "é" * 64):
                song.token = wrong
                assert (await song.sends(path)).status == 403, path
                uploaded = await song.uploads(path, "x.csv", b"a,b")
                assert uploaded.status == 403, path
        song.token = right
        assert (await song.opens("/console")).status == 200, "still signed in"


async def test_a_file_before_the_token_is_not_read(hospital: Hospital) -> None:
    async with signed_in(hospital, "song") as song:
        body = (
            '--b\r\nContent-Disposition: form-data; name="file"; filename="x.csv"\r\n\r\nx\r\n'
            f'--b\r\nContent-Disposition: form-data; name="token"\r\n\r\n{song.token}\r\n--b--\r\n'
        )
        head = {"Content-Type": "multipart/form-data; boundary=b"}
        url = f"{song.base}/console/people"
        async with song.session.post(url, data=body.encode(), headers=head) as reply:
            assert reply.status == 403
        for bad in (b"", b"--b\r\n\r\n", b"\x00" * 100, body.encode()[:120], b"--b\r\nx" * 9):
            async with song.session.post(url, data=bad, headers=head) as reply:
                assert reply.status in (400, 403, 409), bad


async def test_another_ward_does_not_exist(hospital: Hospital) -> None:
    await hospital.at("20:40")
    icu = await unit_of("zhao")
    roster = (await hospital.rows("SELECT id FROM rosters"))[0]["id"]
    delivery = (await hospital.rows("SELECT min(id) AS id FROM deliveries"))[0]["id"]
    async with signed_in(hospital, "liang") as liang:
        home = await liang.opens("/console")
        assert "重症医学科" not in home.text
        absent = await liang.opens("/console/units/99999")
        for path in (
            f"/console/units/{icu}",
            f"/console/rosters/{roster}",
            f"/console/rosters/import?unit={icu}",
            f"/console/deliveries/{delivery}",
            f"/console/deliveries?unit={icu}",
        ):
            seen = await liang.opens(path)
            assert seen.status == absent.status == 404, path
            assert "没有找到这一页" in seen.text
        assert "李小样" not in (await liang.opens("/console/deliveries")).text
        data = december(hospital, {})
        sent = await liang.uploads("/console/rosters/import", "x.xlsx", data, unit=icu)
        assert sent.status == 404
        assert (await liang.sends(f"/console/rosters/{roster}/publish")).status == 404


async def test_a_manager_does_not_do_what_the_office_does(hospital: Hospital) -> None:
    async with signed_in(hospital, "zhao") as zhao:
        home = await zhao.opens("/console")
        for path in HR_ONLY:
            assert f'href="{path}"' not in home.text
            assert (await zhao.opens(path)).status == 404
        assert (await zhao.uploads("/console/people", "x.csv", b"a")).status == 404
        for path in ("/console/dead/1/retry", "/console/failed/1/again", "/console/audit/export"):
            assert (await zhao.sends(path)).status == 404


async def test_who_leaves_is_out_at_once(hospital: Hospital) -> None:
    async with signed_in(hospital, "zhao") as zhao:
        actor = await find("wecom", "zhao")
        assert actor is not None
        await hospital.rows("UPDATE persons SET active = false WHERE id = $1", actor.person_id)
        assert (await zhao.opens("/console")).status == 401


async def test_who_manages_no_more_sees_no_more(hospital: Hospital) -> None:
    async with signed_in(hospital, "zhao") as zhao:
        await hospital.rows("DELETE FROM grants WHERE role = 'manager'")
        assert (await zhao.opens("/console")).status == 404


async def test_signing_out_ends_the_session_everywhere(hospital: Hospital) -> None:
    async with signed_in(hospital, "zhao") as zhao:
        cookies = {c.key: c.value for c in zhao.session.cookie_jar}
        await zhao.sends("/console/sign-out")
        zhao.session.cookie_jar.update_cookies(cookies)
        assert (await zhao.opens("/console")).status == 401


async def test_a_session_ends_after_eight_hours(hospital: Hospital) -> None:
    async with signed_in(hospital, "zhao") as zhao:
        await hospital.later("8h")
        assert (await zhao.opens("/console")).status == 401


async def test_names_of_files_and_people_are_only_text(hospital: Hospital) -> None:
    evil = "<script>alert(1)</script>.xlsx"
    await hospital.rows("UPDATE persons SET name = '<b>x</b>' WHERE staff_no = 'S1001'")
    async with signed_in(hospital, "zhao") as zhao:
        unit = await unit_of("zhao")
        data = december(hospital, {})
        seen = await zhao.uploads("/console/rosters/import", evil, data, unit=unit)
        assert seen.status == 200
        for page in (seen, await zhao.opens(f"/console/units/{unit}")):
            assert "<script>alert" not in page.text
            assert "<b>x</b>" not in page.text


async def test_pages_bring_nothing_from_elsewhere_and_nothing_inline(hospital: Hospital) -> None:
    async with signed_in(hospital, "song") as song:
        for path in ("/console", "/console/rosters/import", *HR_ONLY):
            page = await song.opens(path)
            assert page.headers["Cache-Control"] == "no-store"
            assert page.headers["Content-Security-Policy"].startswith("default-src 'self'")
            assert page.headers["X-Frame-Options"] == "DENY"
            assert not re.search(r'(src|href|action)="(https?:)?//', page.text)
            assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]* src=)", page.text)


async def test_too_large_a_file_is_refused_while_it_arrives(hospital: Hospital) -> None:
    async with signed_in(hospital, "song") as song:
        seen = await song.uploads("/console/people", "x.xlsx", b"PK\x03\x04" + bytes(11 << 20))
        assert seen.status == 413
        assert "超过10MB" in seen.text
    assert await hospital.rows("SELECT 1 FROM sheet_uploads") == []


@pytest.mark.parametrize("name", ["../hospital.json", "/etc/passwd", "人员名单.xlsx", "", "."])
async def test_a_sample_is_one_of_the_folder_or_nothing(hospital: Hospital, name: str) -> None:
    folder = hospital.bot.settings.data_dir
    (folder / "人员名单.xlsx").write_bytes(b"x")
    async with signed_in(hospital, "zhao") as zhao:
        unit = await unit_of("zhao")
        sent = await zhao.sends("/console/rosters/sample", unit=unit, sample=name)
        assert sent.status == 409


@pytest.mark.parametrize("path", ["/console/static/..%2f..%2fvisit.py", "/console/static/"])
async def test_static_files_stay_in_their_folder(hospital: Hospital, path: str) -> None:
    async with stranger(hospital) as browser:
        assert (await browser.opens(path)).status in (403, 404)


@pytest.mark.parametrize("query", ["unit=x", "unit=-1", "before=1e9", "unit=99999999999999999999"])
async def test_odd_queries_find_nothing(hospital: Hospital, query: str) -> None:
    async with signed_in(hospital, "song") as song:
        assert (await song.opens(f"/console/deliveries?{query}")).status == 404
        assert (await song.opens("/console/deliveries?state=x&day=yesterday")).status == 200


async def test_characters_no_database_takes_break_no_page(hospital: Hospital) -> None:
    wish = {"place": "楼\x00东", "needed": "2", "report_at": "2026-12-07T16:00", "hours": "8"}
    wish |= {"kind": "voluntary", "reason": "车\u202e祸\x00"}
    async with signed_in(hospital, "song") as song:
        assert (await song.opens("/console/licences?kind=%00")).status == 200
        assert (await song.sends("/console/audit/export", staff_no="\x00")).status < 500
        late = await song.sends(
            "/console/callouts/new", **wish | {"report_at": "9999-12-31T23:59"}
        )
        assert late.status == 409
        board = await song.sends("/console/callouts", **wish)
        assert "楼东：" in board.text
        assert (await song.sends(f"{board.path}/cancel", why="\x00不用了")).status == 200
        headers = {"Content-Type": "application/x-www-form-urlencoded; charset=no-such"}
        url = f"{song.base}/console/callouts/new"
        async with song.session.post(url, data=b"token=x", headers=headers) as reply:
            assert reply.status == 403
    rows = await db.fetch("SELECT place, reason FROM call_outs")
    assert rows == [{"place": "楼东", "reason": "车祸"}]


def test_a_file_keeps_only_its_own_name() -> None:
    assert plain_name("C:\\Users\\a\\班表.xlsx") == "班表.xlsx"
    assert plain_name("../../etc/pass\x00wd.csv") == "passwd.csv"
    assert plain_name("长" * 300 + ".xlsx").endswith(".xlsx")
    assert len(plain_name("长" * 300 + ".xlsx")) <= 120
