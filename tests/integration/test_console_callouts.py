"""The pages about call-outs: live numbers, who may look, and whose turn it was."""

from __future__ import annotations

from datetime import timedelta

from models import db
from tests.support.call_outs import a_call_out, said
from tests.support.console import signed_in
from tests.support.hospital import START, Hospital

SOME = {"li": "yes", "wang": "asked", "zhang": "no", "liu": "too_late", "chen": "left"}


async def test_the_board_counts_as_it_is_and_reloads_itself(hospital: Hospital) -> None:
    call = await a_call_out("zhao", START, reason="车祸，多人受伤", taken=1)
    await said(call, SOME, START, eta=START + timedelta(minutes=130))
    async with signed_in(hospital, "zhao") as zhao:
        page = await zhao.opens(f"/console/callouts/{call}")
        assert "楼东：2名重症" in page.text
        assert "车祸，多人受伤" in page.text
        assert '<meta http-equiv="refresh" content="10">' in page.text
        assert "<b>1<small>/2</small></b><span>会来，1人晚到</span>" in page.text
        assert "<b>5</b><span>问过</span>" in page.text
        assert "李小样" in page.text
        assert "王小样" not in page.text
        silent = await zhao.opens(f"/console/callouts/{call}?show=silent&still=1")
        assert "王小样" in silent.text
        assert "http-equiv" not in silent.text
        rest = await zhao.opens(f"/console/callouts/{call}?show=rest")
        assert ("刘小样" in rest.text, "陈小样" in rest.text) == (True, True)
        assert "会来 1</a>" in (await zhao.opens(f"/console/callouts/{call}?show=%3Cb%3E")).text
        await db.execute("UPDATE call_outs SET state = 'ended', closed_at = now()")
        assert "http-equiv" not in (await zhao.opens(f"/console/callouts/{call}")).text


async def test_what_is_short_is_said_with_numbers(hospital: Hospital) -> None:
    call = await a_call_out("zhao", START, taken=1, short_at=START + timedelta(minutes=20))
    await said(call, {"li": "yes"}, START)
    async with signed_in(hospital, "zhao") as zhao:
        page = await zhao.opens(f"/console/callouts/{call}")
        assert "14:20已告诉发起人：这次可能凑不齐2人" in page.text
        assert "已有1人答应，还差1人" in page.text
        assert "不够" in (await zhao.opens("/console/callouts")).text


async def test_a_manager_sees_their_own_and_their_wards_call_outs(hospital: Hospital) -> None:
    theirs = await a_call_out("zhao", START)
    ward = await db.fetch_value("SELECT id FROM units WHERE name = '心内科'")
    elsewhere = await a_call_out("song", START, place="急诊", unit_id=ward)
    async with signed_in(hospital, "liang") as liang, signed_in(hospital, "song") as song:
        assert (await liang.opens(f"/console/callouts/{theirs}")).status == 404
        assert (await liang.opens(f"/console/callouts/{elsewhere}")).status == 200
        listed = (await liang.opens("/console/callouts")).text
        assert ("楼东" in listed, "急诊" in listed) == (False, True)
        for call in (theirs, elsewhere):
            assert (await song.opens(f"/console/callouts/{call}")).status == 200
        assert (await song.opens("/console/callouts/999999")).status == 404


async def test_fairness_is_of_a_year_and_a_drill_is_no_coming(hospital: Hospital) -> None:
    now = START
    for place, kind, at in (
        ("楼东", "voluntary", now - timedelta(days=30)),
        ("急诊", "drill", now - timedelta(days=20)),
        ("楼西", "voluntary", now - timedelta(days=400)),
    ):
        call = await a_call_out("song", at, place=place, kind=kind, state="ended")
        await said(call, {"li": "yes", "zhu": "no"}, at)
    async with signed_in(hospital, "song") as song, signed_in(hospital, "zhao") as zhao:
        page = (await song.opens("/console/callouts/fairness")).text
        assert "<b>4</b><span>人次被问</span>" in page
        assert "<b>1</b><span>人次来支援</span>" in page
        assert ("李小样" in page, "朱小例" in page) == (True, True)
        own = (await zhao.opens("/console/callouts/fairness")).text
        assert ("李小样" in own, "朱小例" in own) == (True, False)
        assert "<b>2</b><span>人次被问</span>" in own


WISH = {
    "place": "楼东",
    "needed": "2",
    "skill": "",
    "report_at": "2026-12-07T16:30",
    "hours": "8",
    "kind": "voluntary",
    "unit": "",
    "reason": "车祸",
}


async def test_a_launch_is_looked_at_then_sent_once(hospital: Hospital) -> None:
    async with signed_in(hospital, "song") as song:
        form = await song.opens("/console/callouts/new")
        assert 'value="2026-12-07T16:00"' in form.text
        seen = await song.sends("/console/callouts/new", **WISH)
        assert "可以问" in seen.text
        assert "为什么不问其他人" in seen.text
        assert await db.fetch_value("SELECT count(*) FROM call_outs") == 0
        changed = await song.sends("/console/callouts/change", **WISH)
        assert 'value="车祸"' in changed.text
        board = await song.sends("/console/callouts", **WISH)
        assert "楼东：2名临床人员" in board.text
        again = await song.sends("/console/callouts/new", **WISH)
        assert again.status == 409
        assert "宋小范" in again.text
        twice = await song.sends("/console/callouts", **WISH)
        assert (twice.status, "/console/callouts" in twice.text) == (409, True)
        await hospital.settle()
        assert "会来" in (await song.opens(board.path)).text
    rows = await db.fetch("SELECT needed, reason, state FROM call_outs")
    assert rows == [{"needed": 2, "reason": "车祸", "state": "asking"}]
    assert await db.fetch_value("SELECT count(*) FROM call_answers") > 0


async def test_a_form_that_makes_no_sense_keeps_what_was_typed(hospital: Hospital) -> None:
    async with signed_in(hospital, "song") as song:
        for wrong in (
            {"needed": ""},
            {"needed": "９"},
            {"needed": "99999"},
            {"report_at": "heute"},
            {"report_at": "2026-12-07T13:00"},
            {"hours": "0"},
            {"place": "  "},
            {"skill": "magic"},
        ):
            seen = await song.sends("/console/callouts/new", **(WISH | wrong))
            assert seen.status == 409, wrong
            assert "还不能发起" in seen.text
            assert 'value="车祸"' in seen.text
        for forged in ({"kind": "war"}, {"unit": "9" * 30}, {"unit": "1; DROP"}):
            assert (await song.sends("/console/callouts", **(WISH | forged))).status == 404
    assert await db.fetch_value("SELECT count(*) FROM call_outs") == 0


async def test_only_who_may_launches_and_only_hr_orders(hospital: Hospital) -> None:
    ward = await db.fetch_value("SELECT id FROM units WHERE name = '心内科'")
    async with signed_in(hospital, "zhao") as zhao, signed_in(hospital, "song") as song:
        assert "紧急调派" not in (await zhao.opens("/console/callouts/new")).text
        assert "紧急调派" in (await song.opens("/console/callouts/new")).text
        for forged in ({"kind": "ordered"}, {"unit": str(ward)}):
            assert (await zhao.sends("/console/callouts", **(WISH | forged))).status == 404
    assert await db.fetch_value("SELECT count(*) FROM call_outs") == 0


async def test_cancelling_says_what_happens_and_needs_the_right(hospital: Hospital) -> None:
    call = await a_call_out("zhao", START, taken=1)
    await said(call, {"li": "yes", "wang": "asked"}, START)
    async with signed_in(hospital, "zhao") as zhao, signed_in(hospital, "liang") as liang:
        cancel = f"/console/callouts/{call}/cancel"
        seen = (await zhao.opens(cancel)).text
        assert "已经答应的1人会马上收到“不用来了”" in seen
        assert "还没答复的1人不再打扰" in seen
        await liang.opens("/console/callouts")
        assert (await liang.opens(cancel)).status == 404
        assert (await liang.sends(cancel, why="坏主意")).status == 404
        assert (await zhao.sends(cancel, token="0" * 64, why="")).status == 403
        done = await zhao.sends(cancel, why="伤员转去了别院")
        assert "已取消" in done.text
        assert (await zhao.sends(cancel, why="再来一次")).status == 409
        assert "不用取消" in (await zhao.opens(cancel)).text
    await hospital.phone("li").expects("伤员转去了别院")
