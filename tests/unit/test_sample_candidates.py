"""The sample candidates: invented, readable by the imports, known to the simulator."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from bot import sample, sample_outside, sample_platforms
from bot.recruiting_rules import recruiting_rules
from bot.sample_candidates import (
    CANDIDATES,
    DAYS,
    POSTINGS,
    RECRUITER,
    RECRUITER_ID,
    sheets,
    slots,
)
from config import policies
from services.sheets.candidates import parse_candidates
from services.sheets.postings import parse_postings
from services.sheets.problems import Severity
from services.sheets.reader import read_book
from services.sheets.slots import parse_slots
from simulator.hospital import parse

RULES = recruiting_rules(policies.read)
TODAY = date(2026, 12, 7)
WEEK = [TODAY + timedelta(days=n + 1) for n in range(DAYS)]


def test_the_imports_read_the_sheets_without_a_complaint() -> None:
    made = sheets(RULES.sheets, WEEK)
    books = {kind: read_book(data, name).sheets for kind, (name, data) in made.items()}
    posts = parse_postings(books["postings"], RULES.sheets["postings"])
    assert (posts.rows, posts.problems) == (POSTINGS, ())
    people = parse_candidates(books["candidates"], RULES.sheets["candidates"])
    assert [row.name for row in people.rows] == [one.name for one in CANDIDATES]
    assert [p.message_key for p in people.problems] == ["row_summary"]  # the count below
    found = parse_slots(books["slots"], RULES.sheets["slots"], TODAY)
    assert len(found.rows) == len(slots(WEEK))
    assert not [p for p in found.problems if p.severity is Severity.ERROR]


def test_nobody_is_real() -> None:
    for one in CANDIDATES:
        assert one.name.endswith("小试")
        assert one.row.phone.startswith("1390009")
        assert one.row.email.endswith("@example.com")


def test_the_recruiter_works_in_the_office_that_recruits() -> None:
    (one,) = [p for p in sample.PEOPLE if p.staff_no == RECRUITER]
    assert (one.userid, one.unit, one.role) == (RECRUITER_ID, sample.OFFICE, "主管")


def test_every_candidate_has_three_phones_in_the_simulator() -> None:
    url = "http://127.0.0.1:8080"
    world = parse(sample_platforms.simulated(f"{url}/callbacks", public_url=url))
    assert world.kf is not None
    assert world.mail is not None
    assert world.sms is not None
    for one, person in zip(CANDIDATES, world.people, strict=True):
        assert (person.name, person.phones) == (one.name, one.phones)
        assert one.wechat in world.kf.customers
        assert one.row.email in world.mail.users
        assert one.row.phone in world.sms.numbers
    assert f"打开 {url}/i/${{code}} ，" in world.sms.templates[sample_outside.code("invitation")]


def test_a_hospital_without_candidates_has_no_ways_to_them() -> None:
    world = parse(sample_platforms.simulated("http://127.0.0.1:8080/callbacks"))
    assert (world.kf, world.mail, world.sms, world.people) == (None, None, None, [])


def test_the_written_policy_names_the_simulated_templates(tmp_path: Path) -> None:
    chosen = sample_outside.settings("http://127.0.0.1:1", 25, tmp_path)
    own = recruiting_rules(lambda name: policies.read(name, chosen["policies_dir"]))
    offered = sample_outside.texts("http://127.0.0.1:8080")
    assert {one.code for one in own.sms.values()} == set(offered)
    for one in own.sms.values():
        assert all(f"${{{variable}}}" in offered[one.code] for variable in one.variables)
