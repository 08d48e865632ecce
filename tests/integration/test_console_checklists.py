"""The pages about checklists: progress, one list, and who may look."""

from __future__ import annotations

from datetime import date

from models import db
from services.actors import Actor, find
from tests.support.console import signed_in
from tests.support.hospital import Hospital

TODAY = date(2026, 12, 7)


async def opened(hospital: Hospital) -> int:
    su, li = await find("wecom", "su"), await find("wecom", "li")
    assert isinstance(su, Actor)
    assert isinstance(li, Actor)
    lists = hospital.bot.services.lists.lists
    found = await lists.open(su, "entry_nurse", li.person_id, TODAY)
    assert found is not None
    return found


async def test_hr_and_the_head_see_how_far_it_is_and_nobody_else(hospital: Hospital) -> None:
    checklist = await opened(hospital)
    page = f"/console/checklists/{checklist}"
    async with (
        signed_in(hospital, "su") as su,
        signed_in(hospital, "zhao") as zhao,
        signed_in(hospital, "liang") as liang,
    ):
        listed = (await su.opens("/console/checklists")).text
        assert ("李小样" in listed, "0/6(0%)" in listed, "不能独自值班" in listed) == (True,) * 3
        assert "李小样" in (await zhao.opens("/console/checklists?kind=nonsense")).text
        assert "李小样" not in (await liang.opens("/console/checklists")).text
        assert (await liang.opens(page)).status == 404
        one = (await su.opens(page)).text
        assert "执业地点变更" in one
        item = await db.fetch_value(
            "SELECT id FROM checklist_items WHERE checklist_id = $1 AND key = 'place'", checklist
        )
        assert (await zhao.sends(f"{page}/done", item=str(item))).status in (403, 404)
        assert (await su.sends(f"{page}/done", item="1x")).status == 404
        done = await su.sends(f"{page}/waive", item=str(item), reason="<b>已在本院</b>")
        assert "&lt;b&gt;已在本院" in done.text
        assert "苏小聘" in done.text
        again = await su.sends(f"{page}/done", item=str(item))
        assert (again.status, "不用再做" in again.text) == (409, True)
        reopened = await su.sends(f"{page}/reopen", item=str(item), reason="<i>没办成</i>")
        assert "重新打开：&lt;i&gt;没办成" in reopened.text
        for kind in ("entry", "exit", "call_out"):
            over = await su.opens(f"/console/checklists?kind={kind}&closed=1")
            assert "没有已结束的" in over.text
