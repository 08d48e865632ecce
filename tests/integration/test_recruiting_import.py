"""Posts, candidates and slots come in: shown first, whole or not at all, and twice is once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime, timedelta

import pytest

from bot.wiring import Services
from models import db, sealed
from models.clock import SHANGHAI, ManualClock
from services.import_drafts import Change, Kind
from services.refusals import Refusal
from services.score_notes import notes_of
from services.sheets.limits import MAX_BYTES
from tests.support.recruiting_sheets import (
    CANDIDATE_HEAD,
    ELEVEN,
    NURSE,
    POSTING_HEAD,
    QIAN,
    SLOT_HEAD,
    TEN,
    ZHENG,
    a_nurse_post,
    brought_in,
    drafted,
)

TABLES = ("postings", "candidates", "applications", "slots", "slot_interviewers", "audit_rows")


async def everything() -> dict[str, list[db.Row]]:
    return {table: await db.fetch(f"SELECT * FROM {table} ORDER BY id") for table in TABLES}


def with_(row: Sequence[str], **changes: str) -> tuple[str, ...]:
    heads = {len(NURSE): POSTING_HEAD, len(ZHENG): CANDIDATE_HEAD}
    head = SLOT_HEAD if row in (TEN, ELEVEN) else heads[len(row)]
    return tuple(changes.get(name, value) for name, value in zip(head, row, strict=True))


async def test_a_post_comes_in_with_what_candidates_are_told(
    services: Services, clock: ManualClock
) -> None:
    draft = await drafted(services, Kind.POSTINGS, POSTING_HEAD, NURSE)
    assert (draft.count("new"), draft.errors, draft.warnings) == (1, (), ())
    assert await db.fetch("SELECT 1 FROM postings") == []
    assert await services.recruiting.sheets.imports.apply(draft, "test") == {Change.NEW: 1}
    row = (await db.fetch("SELECT * FROM postings"))[0]
    assert json.loads(row["match_rules"])[0] == {
        "requirement": "3年以上护理经验",
        "text": "您有{years}年护理工作经验",
    }
    assert json.loads(row["documents"]) == ["身份证", "护士执业证书"]
    assert json.loads(row["facts"]) == {"contact": "宋老师", "phone": "0512-60000000"}
    assert (row["work"], row["state"], row["closed_at"]) == ("nurse", "open", None)


async def test_blank_cells_take_nothing_away_and_a_closed_post_stays_closed_on(
    services: Services, clock: ManualClock
) -> None:
    await a_nurse_post(services)
    sparse = with_(NURSE, 需带材料="", 匹配要点="", 联系人="", 状态="已关闭")
    assert await brought_in(services, Kind.POSTINGS, POSTING_HEAD, sparse) == {Change.CHANGED: 1}
    row = (await db.fetch("SELECT * FROM postings"))[0]
    assert json.loads(row["facts"])["contact"] == "宋老师"
    assert len(json.loads(row["match_rules"])) == 2
    closed = row["closed_at"]
    assert closed == clock.now()
    clock.advance(timedelta(days=1))
    again = with_(sparse, 状态="")
    assert await brought_in(services, Kind.POSTINGS, POSTING_HEAD, again) == {Change.SAME: 1}
    draft = await drafted(services, Kind.CANDIDATES, CANDIDATE_HEAD, ZHENG)
    assert "已经关闭" in draft.errors[0]


async def test_what_a_post_may_not_be(services: Services, clock: ManualClock) -> None:
    draft = await drafted(
        services,
        Kind.POSTINGS,
        POSTING_HEAD,
        with_(NURSE, 岗位编号="A-1", 负责人工号="S9999"),
        with_(NURSE, 岗位编号="A-2", 负责人工号="S1001"),
        with_(NURSE, 岗位编号="A-3", 科室="外太空"),
        with_(NURSE, 岗位编号="A-4", 匹配要点="限女性：您是未婚女性"),
    )
    text = "\n".join(draft.errors)
    assert "第2行：工号“S9999”不在人员名单里。" in text
    assert "第3行：工号S1001不能负责招聘。" in text
    assert "第4行：没有叫“外太空”的科室。" in text
    assert "第5行：匹配要点里的“" in text
    with pytest.raises(ValueError, match="cannot be applied"):
        await services.recruiting.sheets.imports.apply(draft, "test")


async def test_candidates_are_stored_sealed_and_kept_as_long_as_the_policy_says(
    services: Services, clock: ManualClock
) -> None:
    await a_nurse_post(services)
    done = await brought_in(services, Kind.CANDIDATES, CANDIDATE_HEAD, ZHENG, QIAN)
    assert done == {Change.NEW: 2}
    rows = await db.fetch("SELECT * FROM candidates ORDER BY id")
    assert [row["keep_until"] for row in rows] == [date(2027, 6, 5)] * 2
    assert sealed.open_sealed("candidates.name", rows[0]["name"]) == "郑小试"
    assert sealed.open_sealed("candidates.phone", rows[0]["phone"]) == "13700000001"
    assert rows[0]["phone_index"] == sealed.ring().index("candidates.phone", "13700000001")
    text = "".join(str(row) for row in [*rows, *await db.fetch("SELECT * FROM audit_rows")])
    assert not any(word in text for word in ("郑小试", "13700000001", "zheng@"))
    applied = await db.fetch("SELECT stage, profile FROM applications ORDER BY id")
    assert [row["stage"] for row in applied] == ["new", "shortlisted"]
    profile = sealed.open_json("applications.profile", applied[0]["profile"])
    assert profile == {"years": 3.0, "major": "护理学"}


async def test_the_same_files_twice_change_nothing_at_all(
    services: Services, clock: ManualClock
) -> None:
    sheets = (
        (Kind.POSTINGS, POSTING_HEAD, (NURSE,)),
        (Kind.CANDIDATES, CANDIDATE_HEAD, (ZHENG, QIAN)),
        (Kind.SLOTS, SLOT_HEAD, (TEN, ELEVEN)),
    )
    for kind, head, rows in sheets:
        assert await brought_in(services, kind, head, *rows) == {Change.NEW: len(rows)}
    before = await everything()
    clock.advance(timedelta(days=1))
    for kind, head, rows in sheets:
        assert await brought_in(services, kind, head, *rows) == {Change.SAME: len(rows)}
    assert await everything() == before


async def test_a_known_candidate_is_mended_and_nothing_is_taken_away(
    services: Services, clock: ManualClock
) -> None:
    await a_nurse_post(services)
    await brought_in(services, Kind.CANDIDATES, CANDIDATE_HEAD, ZHENG)
    before = await db.fetch_one("SELECT * FROM candidates")
    assert before is not None
    await db.execute("UPDATE candidates SET opted_out_at = $1", clock.now())
    await db.execute("UPDATE applications SET stage = 'interview'")
    told = with_(ZHENG, 姓名="郑大试", 邮箱="", 工作年限="4", 来源="猎头", 当前阶段="已邀约")
    draft = await drafted(services, Kind.CANDIDATES, CANDIDATE_HEAD, told)
    assert draft.lines[0].change is Change.CHANGED
    assert draft.lines[0].fields == ("name", "profile")
    assert "已登记为“郑*”，导入后姓名改为“郑大试”" in draft.warnings[0]
    assert "阶段以系统里的为准" in draft.warnings[1]
    assert "不想再收到消息" in draft.warnings[2]
    await services.recruiting.sheets.imports.apply(draft, "test")
    after = await db.fetch_one("SELECT * FROM candidates")
    assert after is not None
    assert sealed.open_sealed("candidates.name", after["name"]) == "郑大试"
    assert sealed.open_sealed("candidates.email", after["email"]) == "zheng@example.com"
    assert (after["source"], after["opted_out_at"]) == ("校招", clock.now())
    assert after["keep_until"] == before["keep_until"]
    applied = await db.fetch_one("SELECT stage, profile FROM applications")
    assert applied is not None
    assert applied["stage"] == "interview"
    assert sealed.open_json("applications.profile", applied["profile"])["years"] == 4.0


async def test_a_second_application_keeps_the_record_longer(
    services: Services, clock: ManualClock
) -> None:
    await a_nurse_post(services)
    await brought_in(services, Kind.CANDIDATES, CANDIDATE_HEAD, ZHENG)
    other = with_(NURSE, 岗位编号="HL-2026-02", 岗位="心内科护士")
    await brought_in(services, Kind.POSTINGS, POSTING_HEAD, other)
    clock.advance(timedelta(days=10))
    done = await brought_in(
        services, Kind.CANDIDATES, CANDIDATE_HEAD, with_(ZHENG, 应聘岗位="HL-2026-02")
    )
    assert done == {Change.CHANGED: 1}
    row = (await db.fetch("SELECT keep_until FROM candidates"))[0]
    assert row["keep_until"] == date(2027, 6, 15)
    assert await db.fetch_value("SELECT count(*) FROM applications") == 2


async def test_one_file_may_name_a_candidate_for_two_posts(
    services: Services, clock: ManualClock
) -> None:
    other = with_(NURSE, 岗位编号="HL-2026-02", 岗位="心内科护士")
    await brought_in(services, Kind.POSTINGS, POSTING_HEAD, NURSE, other)
    both = (ZHENG, with_(ZHENG, 应聘岗位="心内科护士"))
    await brought_in(services, Kind.CANDIDATES, CANDIDATE_HEAD, *both)
    assert await db.fetch_value("SELECT count(*) FROM candidates") == 1
    assert await db.fetch_value("SELECT count(*) FROM applications") == 2
    assert await brought_in(services, Kind.CANDIDATES, CANDIDATE_HEAD, *both) == {Change.SAME: 2}


async def test_somebody_erased_comes_as_somebody_new(
    services: Services, clock: ManualClock
) -> None:
    await a_nurse_post(services)
    await brought_in(services, Kind.CANDIDATES, CANDIDATE_HEAD, ZHENG)
    await db.execute(
        "UPDATE candidates SET name = NULL, name_index = NULL, phone = NULL, phone_index = NULL, "
        "email = NULL, email_index = NULL, erased_at = $1",
        clock.now(),
    )
    assert await brought_in(services, Kind.CANDIDATES, CANDIDATE_HEAD, ZHENG) == {Change.NEW: 1}
    assert await db.fetch_value("SELECT count(*) FROM candidates") == 2


async def test_one_unknown_post_stores_nobody(services: Services, clock: ManualClock) -> None:
    await a_nurse_post(services)
    draft = await drafted(
        services, Kind.CANDIDATES, CANDIDATE_HEAD, ZHENG, with_(QIAN, 应聘岗位="宇航员")
    )
    assert draft.errors == (
        "第3行：没有叫“宇航员”的招聘岗位。请改成岗位编号，或先导入岗位表。现有：急诊科护士(HL-2026-01)。",
    )
    assert not draft.applicable
    assert await db.fetch("SELECT 1 FROM candidates") == []


async def test_a_draft_grown_old_is_refused_and_changes_nothing(
    services: Services, clock: ManualClock
) -> None:
    await a_nurse_post(services)
    draft = await drafted(services, Kind.CANDIDATES, CANDIDATE_HEAD, ZHENG)
    await db.execute("UPDATE postings SET state = 'closed'")
    with pytest.raises(Refusal, match="import_outdated"):
        await services.recruiting.sheets.imports.apply(draft, "test")
    assert await db.fetch("SELECT 1 FROM candidates") == []


async def test_slots_come_in_with_their_interviewers(
    services: Services, clock: ManualClock
) -> None:
    await a_nurse_post(services)
    assert await brought_in(services, Kind.SLOTS, SLOT_HEAD, TEN, ELEVEN) == {Change.NEW: 2}
    rows = await db.fetch(
        "SELECT s.capacity, s.taken, s.starts_at, "
        "(SELECT array_agg(p.name ORDER BY p.name) FROM slot_interviewers i "
        " JOIN persons p ON p.id = i.person_id WHERE i.slot_id = s.id) AS who "
        "FROM slots s ORDER BY s.starts_at"
    )
    assert [(row["capacity"], row["taken"]) for row in rows] == [(2, 0), (1, 0)]
    assert rows[0]["who"] == ["赵小样"]
    assert sorted(rows[1]["who"]) == sorted(["赵小样", "李小样"])
    assert rows[0]["starts_at"].isoformat() == "2026-12-14T02:00:00+00:00"


async def test_capacity_never_falls_below_the_seats_taken(
    services: Services, clock: ManualClock
) -> None:
    await a_nurse_post(services)
    await brought_in(services, Kind.SLOTS, SLOT_HEAD, TEN)
    fewer = with_(TEN, 名额="1")
    draft = await drafted(services, Kind.SLOTS, SLOT_HEAD, fewer)
    assert draft.applicable
    await db.execute("UPDATE slots SET taken = 2")  # meanwhile both seats went
    with pytest.raises(Refusal, match="import_outdated"):
        await services.recruiting.sheets.imports.apply(draft, "test")
    assert await db.fetch_value("SELECT capacity FROM slots") == 2
    refused = await drafted(services, Kind.SLOTS, SLOT_HEAD, fewer)
    assert refused.errors == ("第2行：名额1少于已约的2人。请先为多出的人改约，再减少名额。",)
    more = with_(TEN, 名额="3", 结束="10:45", 面试官="李小样")
    assert await brought_in(services, Kind.SLOTS, SLOT_HEAD, more) == {Change.CHANGED: 1}
    row = (await db.fetch("SELECT capacity, taken FROM slots"))[0]
    assert (row["capacity"], row["taken"]) == (3, 2)
    who = await db.fetch_value(
        "SELECT string_agg(p.name, ',') FROM slot_interviewers i "
        "JOIN persons p ON p.id = i.person_id"
    )
    assert who == "李小样"


async def test_what_the_sheet_leaves_out_is_shown_and_stays(
    services: Services, clock: ManualClock
) -> None:
    await a_nurse_post(services)
    await brought_in(services, Kind.SLOTS, SLOT_HEAD, TEN, ELEVEN)
    draft = await drafted(services, Kind.SLOTS, SLOT_HEAD, TEN)
    absent = [line for line in draft.lines if line.change is Change.ABSENT]
    assert [line.cells[1] for line in absent] == ["2026-12-14 11:00"]
    await services.recruiting.sheets.imports.apply(draft, "test")
    assert await db.fetch_value("SELECT count(*) FROM slots WHERE state = 'open'") == 2


async def test_a_cancelled_slot_is_not_opened_again(
    services: Services, clock: ManualClock
) -> None:
    await a_nurse_post(services)
    await brought_in(services, Kind.SLOTS, SLOT_HEAD, TEN)
    await db.execute("UPDATE slots SET state = 'cancelled'")
    draft = await drafted(services, Kind.SLOTS, SLOT_HEAD, with_(TEN, 名额="5"))
    assert draft.lines[0].change is Change.LEFT
    assert "已经取消，不会重新打开" in draft.warnings[0]
    await services.recruiting.sheets.imports.apply(draft, "test")
    row = (await db.fetch("SELECT state, capacity FROM slots"))[0]
    assert (row["state"], row["capacity"]) == ("cancelled", 2)


async def test_an_interviewer_nobody_knows_and_a_time_gone_by(
    services: Services, clock: ManualClock
) -> None:
    await a_nurse_post(services)
    gone = with_(TEN, 日期="2026-12-07", 开始="09:00", 结束="09:30", 面试官="外星人")
    draft = await drafted(services, Kind.SLOTS, SLOT_HEAD, gone)
    assert draft.errors == (
        "第2行：“外星人”不在人员名单里。请改正姓名，或先把此人加入名单。",
        "第2行：这个时段已经开始或过去。请改正时间，或删去这一行。",
    )


@pytest.mark.parametrize("kind", list(Kind))
async def test_huge_and_broken_files_are_refused_by_every_import(
    services: Services, kind: Kind
) -> None:
    reader = services.recruiting.sheets.imports
    huge = await reader.draft(kind, b"x" * (MAX_BYTES + 1), "表.csv")
    assert "文件超过10MB" in huge.errors[0]
    broken = await reader.draft(kind, b"PK\x03\x04nonsense", "表.xlsx")
    assert len(broken.errors) == 1
    empty = await reader.draft(kind, b"", "表.csv")
    assert "文件是空的" in empty.errors[0]


SCORE_HEAD = ("姓名", "手机后四位", "面试官", "专业", "沟通", "优势", "结论")
SCORED = ("郑小试", "0001", "赵小样", "8", "9", "急诊分诊有条理", "录用")


async def interviewed(services: Services, clock: ManualClock) -> int:
    """郑小试 confirmed the slot of 10:00, and it is 12 o'clock that day; the interview's id."""
    await a_nurse_post(services)
    await brought_in(services, Kind.CANDIDATES, CANDIDATE_HEAD, ZHENG, QIAN)
    await brought_in(services, Kind.SLOTS, SLOT_HEAD, TEN)
    interview: int = await db.fetch_value(
        "INSERT INTO interviews (ref, application_id, slot_id, state, invited_by_id, invited_at, "
        "answer_by, ended_at) SELECT 'r1', a.id, s.id, 'confirmed', p.recruiter_id, $1, $1, "
        "s.ends_at FROM applications a, slots s, postings p ORDER BY a.id LIMIT 1 RETURNING id",
        clock.now(),
    )
    await db.execute("UPDATE slots SET taken = 1")
    clock.advance(datetime(2026, 12, 14, 12, 0, tzinfo=SHANGHAI) - clock.now())
    return interview


async def test_scores_are_kept_as_if_they_had_been_given_on_a_card(
    services: Services, clock: ManualClock
) -> None:
    interview = await interviewed(services, clock)
    assert await brought_in(services, Kind.SCORES, SCORE_HEAD, SCORED) == {Change.NEW: 1}
    note = (await notes_of(interview)).popitem()[1]
    assert (note.scores, note.verdict) == ({"专业": 8.0, "沟通": 9.0}, "hire")
    row = (await db.fetch("SELECT strength FROM scorecards"))[0]
    assert "急诊" not in row["strength"]
    before = await db.fetch("SELECT * FROM scorecards")
    clock.advance(timedelta(hours=1))
    assert await brought_in(services, Kind.SCORES, SCORE_HEAD, SCORED) == {Change.SAME: 1}
    assert await db.fetch("SELECT * FROM scorecards") == before
    more = (*SCORED[:3], "7", "", "", "")
    assert await brought_in(services, Kind.SCORES, SCORE_HEAD, more) == {Change.CHANGED: 1}
    note = (await notes_of(interview)).popitem()[1]
    assert (note.scores, note.verdict) == ({"专业": 7.0, "沟通": 9.0}, "hire")


async def test_scores_for_nobody_by_nobody_or_too_late(
    services: Services, clock: ManualClock
) -> None:
    await interviewed(services, clock)
    draft = await drafted(
        services,
        Kind.SCORES,
        SCORE_HEAD,
        ("无小试", *SCORED[1:]),
        ("郑小试", "9999", *SCORED[2:]),
        ("钱小试", "0002", *SCORED[2:]),
        ("郑小试", "0001", "外星人", *SCORED[3:]),
        ("郑小试", "0001", "李小样", *SCORED[3:]),
    )
    assert [text.partition("。")[0] for text in draft.errors] == [
        "第2行：没有找到候选人“无小试”",
        "第3行：没有找到候选人“郑小试”",
        "第4行：“钱小试”还没有开始过的面试，不能评分",
        "第5行：“外星人”不在人员名单里",
        "第6行：李小样不是“郑小试”这场面试的面试官",
    ]
    assert await db.fetch("SELECT 1 FROM scorecards") == []
