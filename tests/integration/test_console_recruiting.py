"""The recruiting pages: who sees which cell, uploads, invitations and results from the console."""

from __future__ import annotations

import re

import pytest

from bot import sample
from models import db
from services.import_drafts import Kind
from services.score_notes import ScoreNote, store
from services.sheets.export import write_csv
from tests.support.console import Operator, Seen, signed_in, stranger
from tests.support.hospital import Hospital
from tests.support.leaving import leaver
from tests.support.recruiting_sheets import (
    CANDIDATE_HEAD,
    ELEVEN,
    POSTING_HEAD,
    QIAN,
    SLOT_HEAD,
    TEN,
    ZHENG,
    a_nurse_post,
    brought_in,
)

DIGEST = re.compile(r'name="digest" value="([0-9a-f]{64})"')
INVITE = re.compile(r'<button type="submit" class="primary large"( disabled)?>发出邀约')


async def filled(hospital: Hospital) -> dict[str, int]:
    """A post, two candidates, two slots; the ids of what the tests speak of."""
    services = hospital.bot.services
    await a_nurse_post(services)
    await brought_in(services, Kind.CANDIDATES, CANDIDATE_HEAD, ZHENG, QIAN)
    await brought_in(services, Kind.SLOTS, SLOT_HEAD, TEN, ELEVEN)
    rows = await db.fetch("SELECT id, candidate_id, posting_id FROM applications ORDER BY id")
    slots = await db.fetch("SELECT id FROM slots ORDER BY starts_at")
    return {
        "posting": rows[0]["posting_id"],
        "application": rows[0]["id"],
        "candidate": rows[0]["candidate_id"],
        "other": rows[1]["candidate_id"],
        "slot": slots[0]["id"],
    }


def ready(page: Seen) -> bool:
    """Whether the invite button can be pressed."""
    found = INVITE.search(page.text)
    assert found is not None
    return not found[1]


async def upload(who: Operator, kind: str, head: tuple[str, ...], *rows: tuple[str, ...]) -> Seen:
    await who.opens("/console/recruiting/import")
    data = write_csv([head, *rows])
    return await who.uploads("/console/recruiting/import", "表.csv", data, kind=kind)


async def test_the_four_sheets_are_shown_then_applied_once(hospital: Hospital) -> None:
    await a_nurse_post(hospital.bot.services)
    async with signed_in(hospital, "song") as song:
        seen = await upload(song, "candidates", CANDIDATE_HEAD, ZHENG, QIAN)
        assert "新增2行" in seen.text
        assert "13700000001" not in seen.text
        kept = await hospital.rows("SELECT kind, body FROM sheet_uploads")
        assert (kept[0]["kind"], kept[0]["body"][:3]) == ("candidates", "k1:")
        as_people = await song.opens(f"/console/people/{seen.path.rpartition('/')[2]}")
        assert as_people.status == 409  # it is no staff list
        digest = DIGEST.findall(seen.text)[0]
        assert (await song.sends(f"{seen.path}/apply", digest="0" * 64)).status == 409
        done = await song.sends(f"{seen.path}/apply", digest=digest)
        assert "新增2行，更新0行" in done.text
        assert (await song.sends(f"{seen.path}/apply", digest=digest)).status == 409
        again = await upload(song, "candidates", CANDIDATE_HEAD, ZHENG, QIAN)
        assert "没有变化2行" in again.text
        slots = await upload(song, "slots", SLOT_HEAD, TEN)
        assert "0/2" in slots.text
        posts = await upload(song, "postings", POSTING_HEAD)
        assert "没有读到任何内容" in posts.text
        assert "写入</button>" not in posts.text
        scores = await upload(
            song, "scores", ("姓名", "面试官", "专业"), ("郑小试", "赵小样", "8")
        )
        assert "还没有开始过的面试" in scores.text
        assert (await upload(song, "people", CANDIDATE_HEAD, ZHENG)).status == 404
    assert await hospital.rows("SELECT 1 FROM candidates") != []
    audited = await hospital.rows("SELECT action FROM audit_rows WHERE action LIKE 'recruiting.%'")
    assert len(audited) == 5


async def test_an_upload_is_its_owners_and_is_forgotten_after_an_hour(hospital: Hospital) -> None:
    await a_nurse_post(hospital.bot.services)
    async with signed_in(hospital, "song") as song, signed_in(hospital, "zhao") as zhao:
        seen = await upload(song, "candidates", CANDIDATE_HEAD, ZHENG)
        assert (await zhao.opens(seen.path)).status == 404
        assert (await zhao.sends(f"{seen.path}/apply", digest="0" * 64)).status == 404
        await hospital.later("61m")
        assert (await song.opens(seen.path)).status == 409


async def make_hr(hospital: Hospital, userid: str) -> None:
    """The office becomes an HR unit, and somebody of a ward is made its manager."""
    await hospital.rows("UPDATE units SET kind = 'hr' WHERE name = $1", sample.OFFICE)
    await hospital.rows(
        "INSERT INTO grants (person_id, role, unit_id) SELECT i.person_id, 'manager', u.id "
        "FROM identities i, units u WHERE i.user_id = $1 AND u.name = $2",
        userid,
        sample.OFFICE,
    )


async def held(hospital: Hospital, ids: dict[str, int]) -> int:
    """郑小试 was interviewed by 赵小样, who wrote it down; the interview's id."""
    interview: int = await db.fetch_value(
        "INSERT INTO interviews (ref, application_id, slot_id, state, invited_by_id, invited_at, "
        "confirmed_at, answer_by, ended_at) SELECT 'r1', $1, $2, 'held', p.recruiter_id, $3, $3, "
        "$3, $3 FROM postings p RETURNING id",
        ids["application"],
        ids["slot"],
        hospital.now(),
    )
    await db.execute("UPDATE slots SET taken = 1 WHERE id = $1", ids["slot"])
    await db.execute(
        "UPDATE applications SET stage = 'interviewed' WHERE id = $1", ids["application"]
    )
    zhao = await db.fetch_value("SELECT id FROM persons WHERE name = '赵小样'")
    note = ScoreNote({"专业": 8.0}, "reserve", "急诊分诊很有条理", "夜班经验少")
    await store(interview, zhao, note, hospital.now())
    return interview


# What is asked of each page: HR head, HR manager, manager of the unit, of another unit, stranger.
CELLS: list[tuple[str, str]] = [
    ("/console/recruiting", "yyyy-"),
    ("/console/recruiting/{posting}", "yyy--"),
    ("/console/recruiting/import", "yy---"),
    ("/console/candidates/{candidate}", "yyy--"),
    ("/console/candidates/{other}", "yy---"),  # not interviewed yet: HR's alone
]
WHO = ("song", "liang", "zhao", "zhu", "")


async def test_who_may_see_which_page(hospital: Hospital) -> None:
    ids = await filled(hospital)
    await held(hospital, ids)
    await make_hr(hospital, "liang")
    await hospital.rows(  # 朱小例 manages 心内科, where 梁小例 did
        "INSERT INTO grants (person_id, role, unit_id) SELECT i.person_id, 'manager', p.unit_id "
        "FROM identities i JOIN persons p ON p.id = i.person_id WHERE i.user_id = 'zhu'"
    )
    for column, userid in enumerate(WHO):
        async with signed_in(hospital, userid) if userid else stranger(hospital) as who:
            for path, marks in CELLS:
                page = await who.opens(path.format(**ids))
                expected = 200 if marks[column] == "y" else 404 if userid else 401
                assert page.status == expected, (userid, path)


async def test_a_manager_of_the_unit_sees_results_and_nothing_else(hospital: Hospital) -> None:
    ids = await filled(hospital)
    await held(hospital, ids)
    async with signed_in(hospital, "zhao") as zhao:
        posts = await zhao.opens("/console/recruiting")
        assert "急诊科护士" in posts.text
        assert "导入表格" not in posts.text
        post = await zhao.opens(f"/console/recruiting/{ids['posting']}")
        assert "郑小试" in post.text
        assert "钱小试" not in post.text  # nobody has seen her yet
        assert "面试时段" not in post.text
        case = await zhao.opens(f"/console/candidates/{ids['candidate']}")
        assert "急诊分诊很有条理" in case.text
        for hidden in (
            "0001",
            "example.com",
            "护理学",
            "经过",
            "发出邀约",
            "准备结果",
            "校招",
            'action="/console/applications',
        ):
            assert hidden not in case.text, hidden
        for act in ("tick", "invite", "choose", "cancel", "result", "prepare", "withdraw"):
            sent = await zhao.sends(
                f"/console/applications/{ids['application']}/{act}", slot=str(ids["slot"])
            )
            assert sent.status == 404, act
    assert await hospital.rows("SELECT 1 FROM applications WHERE match_points IS NOT NULL") == []


async def test_the_invite_button_waits_for_a_tick_and_a_slot(hospital: Hospital) -> None:
    ids = await filled(hospital)
    here = f"/console/candidates/{ids['candidate']}"
    there = f"/console/applications/{ids['application']}"
    slot = str(ids["slot"])
    async with signed_in(hospital, "song") as song:
        page = await song.opens(here)
        assert "3年以上护理经验" in page.text
        assert "您有3年护理工作经验" in page.text
        assert "{major}" not in page.text
        assert "尾号0001" in page.text
        assert "13700000001" not in page.text
        assert not ready(page)
        with_slot = await song.opens(f"{here}?slot={slot}")
        assert "还缺：匹配要点" in with_slot.text
        assert not ready(with_slot)
        refused = await song.sends(f"{there}/invite", slot=slot)
        assert refused.status == 409
        assert (await song.sends(f"{there}/tick")).status == 409  # nothing chosen
        ticked = await song.sends(f"{there}/tick", **{"point-0": "1"})
        assert ticked.status == 200
        assert not ready(ticked)  # no slot yet
        full = await song.opens(f"{here}?slot={slot}")
        assert "您有3年护理工作经验" in full.text
        assert "12月14日" in full.text
        assert ready(full)
        assert await hospital.rows("SELECT 1 FROM interviews") == []
        done = await song.sends(f"{there}/invite", slot=slot)
        assert "等对方答复" in done.text
        assert "发出邀约</button>" not in done.text
        assert (await song.sends(f"{there}/invite", slot=slot)).status == 409
        assert len(await hospital.rows("SELECT 1 FROM interviews")) == 1
        taken = await song.opens(f"/console/recruiting/{ids['posting']}")
        assert "1/2" in taken.text
        assert "(等答复)" in taken.text
        gone = await song.sends(f"{there}/cancel", why="岗位调整")
        assert "已取消" in gone.text
        assert (await song.sends(f"{there}/cancel")).status == 403
    assert await hospital.rows("SELECT 1 FROM slots WHERE taken > 0") == []
    everything = str(await hospital.rows("SELECT * FROM audit_rows"))
    assert "郑小试" not in everything
    assert "岗位调整" not in everything


async def test_a_time_named_on_the_telephone_is_set_in_the_console(hospital: Hospital) -> None:
    ids = await filled(hospital)
    there = f"/console/applications/{ids['application']}"
    slots = await hospital.rows("SELECT id FROM slots ORDER BY starts_at")
    later = slots[1]["id"]
    async with signed_in(hospital, "song") as song:
        await song.opens(f"/console/candidates/{ids['candidate']}")
        assert (await song.sends(f"{there}/choose", slot=str(later))).status == 403
        await song.sends(f"{there}/tick", **{"point-0": "1"})
        await song.sends(f"{there}/invite", slot=str(ids["slot"]))
        assert (await song.sends(f"{there}/choose", slot="999999")).status == 409
        done = await song.sends(f"{there}/choose", slot=str(later))
        assert done.status == 200, done.text
        assert "已确认" in done.text
    seats = await hospital.rows("SELECT taken FROM slots ORDER BY starts_at")
    assert [row["taken"] for row in seats] == [0, 1]
    told = await hospital.rows("SELECT actor FROM audit_rows WHERE action LIKE '%chosen'")
    assert len(told) == 1
    assert "candidate" not in str(told[0]["actor"])


async def test_own_words_must_be_fair(hospital: Hospital) -> None:
    ids = await filled(hospital)
    there = f"/console/applications/{ids['application']}/tick"
    async with signed_in(hospital, "song") as song:
        await song.opens(f"/console/candidates/{ids['candidate']}")
        for own, words in (("您是未婚女性", "受保护"), ("很有经验", "以“您”开头")):
            refused = await song.sends(there, own=own)
            assert refused.status == 409
            assert words in refused.text
        fine = await song.sends(there, own="您在急诊轮转过半年")
        assert 'value="您在急诊轮转过半年"' in fine.text


async def test_a_result_is_drafted_judged_handed_in_and_taken_back(hospital: Hospital) -> None:
    ids = await filled(hospital)
    await held(hospital, ids)
    there = f"/console/applications/{ids['application']}"
    facts = {
        "kind": "rejected",
        "strength": "急诊分诊很有条理",
        "requirement": "岗位需要独立值夜班的经验",
        "experience": "您之前的工作主要是白班",
    }
    async with signed_in(hospital, "song") as song:
        case = await song.opens(f"/console/candidates/{ids['candidate']}")
        assert "<option>急诊分诊很有条理</option>" in case.text
        draft = await song.sends(f"{there}/result", **facts)
        assert draft.status == 200, draft.text
        text = re.findall(r"<textarea[^>]*>(.*?)</textarea>", draft.text, re.DOTALL)[0]
        assert "急诊分诊很有条理" in text
        rude = await song.sends(f"{there}/prepare", **facts, text="您不合适。")
        assert rude.status == 422
        assert "还要改" in rude.text
        assert "您不合适。" in rude.text  # nothing typed is lost
        assert await hospital.rows("SELECT 1 FROM outcomes") == []
        done = await song.sends(f"{there}/prepare", **facts, text=text)
        assert done.status == 200, done.text
        assert "等待批准" in done.text
        assert (await song.sends(f"{there}/prepare", **facts, text=text)).status == 409
        back = await song.sends(f"{there}/withdraw")
        assert "已撤回" in back.text
        assert (await song.sends(f"{there}/withdraw")).status == 403
    states = await hospital.rows("SELECT state FROM outcomes")
    assert [row["state"] for row in states] == ["withdrawn"]


async def test_a_form_from_elsewhere_changes_nothing(hospital: Hospital) -> None:
    ids = await filled(hospital)
    await held(hospital, ids)
    async with signed_in(hospital, "song") as song:
        song.token = "0" * 64
        for act in ("tick", "invite", "cancel", "result", "prepare", "withdraw"):
            path = f"/console/applications/{ids['application']}/{act}"
            assert (await song.sends(path, slot="1", kind="rejected")).status == 403, act
        sheet = write_csv([CANDIDATE_HEAD, ZHENG])
        sent = await song.uploads("/console/recruiting/import", "表.csv", sheet, kind="candidates")
        assert sent.status == 403
    assert await hospital.rows("SELECT 1 FROM sheet_uploads") == []


async def test_names_and_words_are_escaped_and_odd_ids_are_nowhere(hospital: Hospital) -> None:
    await a_nurse_post(hospital.bot.services)
    odd = ("<b>甲乙</b>", "13700000003", *ZHENG[2:7], "<script>")
    await brought_in(hospital.bot.services, Kind.CANDIDATES, CANDIDATE_HEAD, odd)
    found = await hospital.rows("SELECT id FROM candidates")
    async with signed_in(hospital, "song") as song:
        page = await song.opens(f"/console/candidates/{found[0]['id']}")
        assert page.status == 200
        assert "<script>" not in page.text
        assert "&lt;script&gt;" in page.text
        for path in (
            "/console/candidates/999999",
            "/console/recruiting/999999",
            f"/console/candidates/{found[0]['id']}?application=999999",
            f"/console/candidates/{found[0]['id']}?application=x",
            f"/console/candidates/{found[0]['id']}?slot=x",
            "/console/recruiting/import?kind=nonsense",
        ):
            assert (await song.opens(path)).status == 404, path


async def test_the_timeline_tells_everything_and_no_words(hospital: Hospital) -> None:
    ids = await filled(hospital)
    await held(hospital, ids)
    async with signed_in(hospital, "song") as song:
        await song.opens(f"/console/candidates/{ids['candidate']}")
        there = f"/console/applications/{ids['application']}/tick"
        page = await song.sends(there, **{"point-0": "1"})
    way = page.text.partition("<h2>经过</h2>")[2]
    for event in ("投递", "勾选匹配要点", "发出邀约", "确认时间", "面试结束", "面试官评分"):
        assert event in way, event
    assert way.index("发出邀约") < way.index("面试结束") < way.index("面试官评分")
    assert "急诊分诊" not in way


async def test_a_slot_is_cancelled_once_and_only_by_the_hr_office(hospital: Hospital) -> None:
    ids = await filled(hospital)
    path = f"/console/recruiting/slots/{ids['slot']}/cancel"
    posting = str(ids["posting"])
    async with signed_in(hospital, "song") as song, signed_in(hospital, "zhao") as zhao:
        assert (await zhao.sends(path, posting=posting)).status == 404
        assert path in (await song.opens(f"/console/recruiting/{posting}")).text
        done = await song.sends(path, posting=posting)
        assert "已取消" in done.text
        assert path not in done.text
        again = await song.sends(path, posting=posting)
        assert again.status == 409
        assert "已经取消过了" in again.text
    states = await hospital.rows("SELECT state FROM slots ORDER BY starts_at")
    assert [row["state"] for row in states] == ["cancelled", "open"]


async def test_who_agreed_to_be_kept_is_asked_again_from_the_list_of_a_similar_post(
    hospital: Hospital,
) -> None:
    ids = await filled(hospital)
    member = await leaver(hospital.now(), title="急诊护士")
    await db.execute(
        "UPDATE candidates SET pool_consent_at = $2, pool_until = '2027-06-30' WHERE id = $1",
        member.id,
        hospital.now(),
    )
    here, path = f"/console/recruiting/{ids['posting']}", f"/console/recruiting/{ids['posting']}"
    path += "/pool"
    who = str(member.id)
    async with signed_in(hospital, "song") as song, signed_in(hospital, "zhao") as zhao:
        await zhao.opens(here)
        assert (await zhao.sends(path, candidate=who)).status == 404  # sees results, invites none
        page = await song.opens(here)
        assert "再邀请" in page.text
        assert "同为急诊岗位" in page.text
        assert "同意保留到2027年6月30日" in page.text
        assert (await song.sends(path, token="0" * 64, candidate=who)).status == 403
        assert (await song.sends(path, candidate="999999")).status == 409
        assert (await song.sends(path, candidate="x")).status == 404
        done = await song.sends(path, candidate=who)
        assert done.path == f"/console/candidates/{who}"
        assert "还没有勾选" in done.text  # points first, as for everybody
        assert "再邀请" not in (await song.opens(here)).text
        again = await song.sends(path, candidate=who)
        assert (again.status, "已经在这个岗位的名单里" in again.text) == (409, True)
    taken = await hospital.rows("SELECT actor FROM audit_rows WHERE action = 'pool.taken_up'")
    assert len(taken) == 1
    assert await hospital.rows("SELECT 1 FROM deliveries WHERE candidate_id IS NOT NULL") == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("pool_until = '2026-12-01'", "保留期已过"),
        ("pool_consent_at = NULL", "没有同意保留简历"),
        ("opted_out_at = now()", "不希望再收到消息"),
        ("erased_at = now(), name = NULL", "资料已经删除"),
    ],
)
async def test_a_form_of_an_old_page_is_refused_with_its_reason(
    hospital: Hospital, change: str, told: str
) -> None:
    ids = await filled(hospital)
    member = await leaver(hospital.now(), title="急诊护士")
    await db.execute(
        "UPDATE candidates SET pool_consent_at = $2, pool_until = '2027-06-30' WHERE id = $1",
        member.id,
        hospital.now(),
    )
    here = f"/console/recruiting/{ids['posting']}"
    async with signed_in(hospital, "song") as song:
        assert "再邀请" in (await song.opens(here)).text
        await db.execute(f"UPDATE candidates SET {change} WHERE id = $1", member.id)
        refused = await song.sends(f"{here}/pool", candidate=str(member.id))
        assert (refused.status, told in refused.text) == (409, True)
        assert "再邀请" not in (await song.opens(here)).text


async def test_a_no_show_is_taken_back_on_the_candidate_s_page(hospital: Hospital) -> None:
    ids = await filled(hospital)
    interview = await held(hospital, ids)
    await db.execute("UPDATE interviews SET state = 'no_show' WHERE id = $1", interview)
    here = f"/console/candidates/{ids['candidate']}"
    path = f"/console/applications/{ids['application']}/came"
    async with signed_in(hospital, "song") as song:
        assert "记错了，对方来了" in (await song.opens(here)).text
        assert (await song.sends(path, token="0" * 64)).status == 403
        back = await song.sends(path)
        assert (back.status, back.path) == (200, here)
        assert "记错了，对方来了" not in back.text
        assert (await song.sends(path)).status == 403
    row = await db.fetch_one("SELECT state FROM interviews WHERE id = $1", interview)
    assert row is not None
    assert row["state"] == "confirmed"


async def test_hr_notes_why_somebody_declined(hospital: Hospital) -> None:
    ids = await filled(hospital)
    interview = await held(hospital, ids)
    await db.execute("UPDATE interviews SET state = 'declined' WHERE id = $1", interview)
    here = f"/console/candidates/{ids['candidate']}"
    path = f"/console/applications/{ids['application']}/why"
    async with signed_in(hospital, "song") as song, signed_in(hospital, "zhao") as zhao:
        assert "谢绝的原因：没有说" in (await song.opens(here)).text
        assert (await song.sends(path, reason="weather")).status == 403
        assert (await zhao.sends(path, reason="pay")).status == 404
        assert "谢绝的原因：待遇" in (await song.sends(path, reason="pay")).text
    kept = await hospital.rows("SELECT decline_reason FROM interviews")
    assert [row["decline_reason"] for row in kept] == ["pay"]


async def test_results_are_made_public_from_the_page_of_the_post(hospital: Hospital) -> None:
    ids = await filled(hospital)
    interview = await held(hospital, ids)
    here = f"/console/recruiting/{ids['posting']}"
    site = "https://hospital.example/12"
    form = {"within": "5", "term": "7", "url": "", "names": "1"}
    async with signed_in(hospital, "song") as song, signed_in(hospital, "zhao") as zhao:
        await zhao.opens(here)
        for path, sent in (
            ("notice", form),
            ("notice/text", {}),
            ("notice/public", {"url": site}),
        ):
            assert (await zhao.sends(f"{here}/{path}", **sent)).status == 404
            assert (
                await song.sends(f"{here}/{path}", **{"token": "0" * 64, **sent})
            ).status == 403
        page = await song.opens(here)
        assert "没有设，结果按常规单独通知" in page.text
        assert (await song.sends(f"{here}/notice", **(form | {"within": "x"}))).status == 409
        page = await song.sends(f"{here}/notice", **form)
        assert "还没有批准的结果：郑小试" in page.text
        early = await song.sends(f"{here}/notice/text")
        assert (early.status, "郑小试" in early.text) == (409, True)
        await db.execute(
            "INSERT INTO outcomes (interview_id, kind, state, text_hash, prepared_by_id, "
            "prepared_at) SELECT $1, 'passed', 'waiting', 'x', p.recruiter_id, now() "
            "FROM postings p",
            interview,
        )
        assert "(郑**)" in (await song.sends(f"{here}/notice/text")).text
        assert (await song.sends(f"{here}/notice/public", url="12")).status == 409
        done = await song.sends(f"{here}/notice/public", url=site)
        assert site in done.text
        assert "现在没有等着公示的结果" in done.text
        assert (await song.sends(f"{here}/notice/public", url=site)).status == 409
    acts = await hospital.rows("SELECT action FROM audit_rows WHERE action LIKE 'notice.%'")
    assert [row["action"] for row in acts] == ["notice.set", "notice.drawn_up", "notice.published"]


async def test_a_time_is_added_on_the_page_of_the_post(hospital: Hospital) -> None:
    ids = await filled(hospital)
    path = f"/console/recruiting/{ids['posting']}/slots"
    form = {"day": "2026-12-18", "start": "14:00", "end": "14:30", "place": " 行政楼 3楼 "}
    form |= {"seats": "10", "group": "第3组", "interviewers": "赵小样、S0999"}
    async with signed_in(hospital, "song") as song, signed_in(hospital, "zhao") as zhao:
        await zhao.opens("/console")
        assert (await zhao.sends(path, **form)).status == 404
        await song.opens(f"/console/recruiting/{ids['posting']}")
        assert (await song.sends(path, token="0" * 64, **form)).status == 403
        unknown = await song.sends(path, **form)
        assert (unknown.status, "S0999" in unknown.text) == (409, True)
        form["interviewers"] = "赵小样"
        for wrong, told in (
            ({"day": "18.12."}, "时间不对"),
            ({"end": "13:00"}, "时间不对"),
            ({"day": "2026-12-01"}, "时间不对"),
            ({"seats": "x"}, "名额请写1到500"),
            ({"place": " "}, "请写上面试地点"),
        ):
            refused = await song.sends(path, **(form | wrong))
            assert (refused.status, told in refused.text) == (409, True), wrong
        done = await song.sends(path, **form)
        assert "0/10" in done.text
        assert (await song.sends(path, **form)).status == 409  # pressed twice
    rows = await hospital.rows(
        "SELECT s.starts_at, s.place, n.name FROM slots s JOIN slot_interviewers i "
        "ON i.slot_id = s.id JOIN persons n ON n.id = i.person_id WHERE s.group_name = '第3组'"
    )
    assert [(row["place"], row["name"]) for row in rows] == [("行政楼 3楼", "赵小样")]


async def test_a_stage_is_moved_by_hand_only_where_nothing_else_moves_it(
    hospital: Hospital,
) -> None:
    ids = await filled(hospital)
    here = f"/console/candidates/{ids['candidate']}"
    path = f"/console/applications/{ids['application']}/stage"
    await db.execute("UPDATE applications SET stage = 'new' WHERE id = $1", ids["application"])
    move = {"before": "new", "after": "shortlisted"}
    async with signed_in(hospital, "song") as song, signed_in(hospital, "zhao") as zhao:
        await zhao.opens("/console")
        assert (await zhao.sends(path, **move)).status == 404
        assert "改为“" in (await song.opens(here)).text
        assert (await song.sends(path, token="0" * 64, **move)).status == 403
        assert (await song.sends(path, before="new", after="offered")).status == 409
        assert (await song.sends(path, before="new", after="nonsense")).status == 403
        assert (await song.sends(path, **move)).path == here
        stale = await song.sends(path, **move)
        assert (stale.status, "已经变了" in stale.text) == (409, True)
        interview = await held(hospital, ids)
        await db.execute("UPDATE interviews SET state = 'invited' WHERE id = $1", interview)
        await db.execute(
            "UPDATE applications SET stage = 'shortlisted' WHERE id = $1", ids["application"]
        )
        assert "改为“" not in (await song.opens(here)).text
        standing = await song.sends(path, before="shortlisted", after="withdrawn")
        assert (standing.status, "先取消面试" in standing.text) == (409, True)
    acts = await hospital.rows("SELECT 1 FROM audit_rows WHERE action = 'application.moved'")
    assert len(acts) == 1
