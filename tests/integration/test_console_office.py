"""The pages of the HR head: staff list, ledger, dead letters, audit."""

from __future__ import annotations

import re

from bot import sample
from services.sheets.samples import write_staff_list
from tests.support.console import signed_in
from tests.support.hospital import Hospital

ONE_MORE = ("S1099", "新小样", "N1", "护士", "13900019999", sample.ICU, "xin", "", "护士")


def staff(*more: tuple[str, ...]) -> bytes:
    rows = [
        (p.staff_no, p.name, p.level, p.duty, p.phone, p.unit, p.userid, "", p.role)
        for p in sample.PEOPLE
    ]
    return write_staff_list([*rows, *more], sample.STAFF_HEAD)


async def test_a_staff_list_is_shown_then_applied_once(hospital: Hospital) -> None:
    async with signed_in(hospital, "song") as song:
        preview = await song.uploads("/console/people", "名单.xlsx", staff(ONE_MORE))
        assert "新增1人" in preview.text
        assert "13900019999" not in preview.text
        kept = await hospital.rows("SELECT body FROM sheet_uploads")
        assert kept[0]["body"].startswith("k1:")
        digest = re.findall(r'name="digest" value="([0-9a-f]+)"', preview.text)[0]
        other = await song.sends(f"{preview.path}/apply", digest="0" * 64)
        assert other.status == 409
        done = await song.sends(f"{preview.path}/apply", digest=digest)
        assert f"已导入{len(sample.PEOPLE) + 1}人" in done.text
        again = await song.sends(f"{preview.path}/apply", digest=digest)
        assert again.status == 409
    assert await hospital.rows("SELECT 1 FROM sheet_uploads") == []
    assert await hospital.rows("SELECT 1 FROM persons WHERE staff_no = 'S1099'")


async def test_a_faulty_staff_list_cannot_be_applied(hospital: Hospital) -> None:
    async with signed_in(hospital, "song") as song:
        bad = await song.uploads(
            "/console/people", "名单.xlsx", staff(("S1001", "重号", *[""] * 6))
        )
        assert "要改正的" in bad.text
        assert "写入名单" not in bad.text


async def test_an_upload_is_forgotten_after_an_hour(hospital: Hospital) -> None:
    async with signed_in(hospital, "song") as song:
        preview = await song.uploads("/console/people", "名单.xlsx", staff(ONE_MORE))
        await hospital.later("61m")
        gone = await song.opens(preview.path)
        assert gone.status == 409
    assert await hospital.rows("SELECT 1 FROM sheet_uploads") == []


async def test_the_ledger_is_filtered_and_each_delivery_has_its_history(
    hospital: Hospital,
) -> None:
    await hospital.at("20:40")
    async with signed_in(hospital, "zhao") as zhao:
        listed = await zhao.opens("/console/deliveries")
        assert "排班提醒" in listed.text
        assert "平台已接收" in listed.text
        none = await zhao.opens("/console/deliveries?state=failed&day=2026-12-07")
        assert "没有符合条件的记录" in none.text
        detail = re.findall(r'href="(/console/deliveries/\d+)"', listed.text)[0]
        history = await zhao.opens(detail)
        assert "待发送" in history.text
        assert "经过" in history.text


async def test_a_dead_event_is_masked_and_tried_again(hospital: Hospital) -> None:
    await hospital.phone("li").says("帮助")
    await hospital.rows("UPDATE inbox SET state = 'dead', error = 'KeyError', attempts = 6")
    async with signed_in(hospital, "song") as song:
        dead = await song.opens("/console/dead")
        assert "wecom:l***" in dead.text
        assert "KeyError" in dead.text
        assert "帮助" not in dead.text
        path = re.findall(r'action="(/console/dead/\d+/retry)"', dead.text)[-1]
        done = await song.sends(path)
        assert done.path == "/console/dead"
        again = await song.sends(path)
        assert again.status == 409
    await hospital.settle()
    assert await hospital.rows("SELECT 1 FROM inbox WHERE state = 'done' AND attempts = 6")
    audited = await hospital.rows("SELECT 1 FROM audit_rows WHERE action = 'inbox.retried'")
    assert len(audited) == 1


async def test_a_failed_message_goes_out_once_more(hospital: Hospital) -> None:
    await hospital.at("20:40")
    await hospital.rows(
        "UPDATE deliveries SET state = 'failed', reason = 'no_channel' "
        "WHERE id = (SELECT min(id) FROM deliveries WHERE state = 'accepted')"
    )
    async with signed_in(hospital, "song") as song:
        dead = await song.opens("/console/dead")
        path = re.findall(r'action="(/console/failed/\d+/again)"', dead.text)[0]
        await song.sends(path)
        await hospital.settle()
        assert path not in (await song.opens("/console/dead")).text
        assert (await song.sends(path)).status == 409
    failed = path.split("/")[3]
    again = await hospital.rows(
        "SELECT d.state FROM deliveries d JOIN deliveries f ON f.message_id = d.message_id "
        f"AND f.person_id = d.person_id AND f.id < d.id WHERE f.id = {failed}"
    )
    assert [row["state"] for row in again] == ["accepted"]


async def test_the_audit_log_verifies_and_goes_out_as_a_harmless_file(hospital: Hospital) -> None:
    await hospital.settle()
    async with signed_in(hospital, "song") as song:
        page = await song.opens("/console/audit")
        assert "核对无误" in page.text
        assert "登录控制台" in page.text
        period = {"first": "2026-12-01", "last": "2026-12-31"}
        everything = await song.sends("/console/audit/export", staff_no="", **period)
        assert everything.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert "发布" in everything.text or "roster.published" in everything.text
        one = await song.sends("/console/audit/export", staff_no="S0001", **period)
        own = {line.split(",")[2] for line in one.text.splitlines()[1:]}
        song_id = (await hospital.rows("SELECT id FROM persons WHERE staff_no = 'S0001'"))[0]["id"]
        assert own == {f"person:{song_id}"}
        nobody = await song.sends("/console/audit/export", staff_no="=1+1", **period)
        assert nobody.status == 409
