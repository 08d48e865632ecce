"""The pages of licences: the list of one's units, one person's proof, and taking one off."""

from __future__ import annotations

from datetime import UTC, datetime

from models import db
from services.licence_records import Verified
from tests.support.console import signed_in
from tests.support.hospital import Hospital
from tests.support.licences import holds, person_of


async def test_a_head_nurse_sees_her_own_unit_and_filters_it(hospital: Hospital) -> None:
    records = hospital.bot.services.licences.records
    await holds(records, "li", "nurse", "2026-12-01")
    await holds(records, "yang", "nurse", "2027-01-21")
    await holds(records, "yang", "bls", "2028-05-31")
    await holds(records, "song", "nurse", "2027-01-21")  # of the HR office
    async with signed_in(hospital, "zhao") as zhao:
        page = await zhao.opens("/console/licences")
        assert page.status == 200
        assert "李小样" in page.text
        assert "杨小样" in page.text
        assert f'/people/{await person_of("song")}"' not in page.text
        assert "导入证照名单" not in page.text, "that is the offices' work"
        assert "没有登记护士执业证书" in page.text
        expired = await zhao.opens("/console/licences?standing=expired&kind=nurse")
        assert "李小样" in expired.text
        assert "杨小样</a>" not in expired.text.partition("没有登记护士执业证书")[0]
        nothing = await zhao.opens("/console/licences?kind=acls")
        assert "没有符合条件的证照" in nothing.text
        odd = await zhao.opens("/console/licences?kind=%27%3B--&standing=nonsense")
        assert odd.status == 200
        other = await person_of("song")
        assert (await zhao.opens(f"/console/licences/people/{other}")).status == 404
        assert (await zhao.opens("/console/licences?unit=999999")).status == 404


async def test_one_person_with_what_proves_it_and_what_was_before(hospital: Hospital) -> None:
    records = hospital.bot.services.licences.records
    song, li = await person_of("song"), await person_of("li")
    await holds(records, "li", "nurse", "2026-12-20", number="2021000456", issuer="市卫健委")
    proof = Verified(song, datetime(2026, 12, 7, 6, tzinfo=UTC), "电子化注册系统")
    one = await holds(records, "li", "nurse", "2031-12-20", verified=proof)
    async with signed_in(hospital, "song") as head:
        page = await head.opens(f"/console/licences/people/{li}")
        for words in ("2021000456", "2031年12月20日", "对照电子化注册系统", "已更新", "市卫健委"):
            assert words in page.text, words
        assert "测试名册.xlsx，" in page.text
        await db.execute("UPDATE licences SET source = 'renewal:7' WHERE id = $1", one)
        renewed = await head.opens(f"/console/licences/people/{li}")
        assert "本人发来的新证，" in renewed.text
        assert "renewal:7" not in renewed.text
        looked = await hospital.rows(
            "SELECT subject FROM audit_rows WHERE action = 'licences.seen'"
        )
        assert [row["subject"] for row in looked] == [f"persons:{li}"] * 2
        refused = await head.sends(f"/console/licences/{one}/withdraw", reason=" ")
        assert refused.status == 409
        assert "请写明为什么撤下" in refused.text
        done = await head.sends(f"/console/licences/{one}/withdraw", reason="录错了人")
        assert "已撤下" in done.text
        assert (await head.sends("/console/licences/999999/withdraw", reason="x")).status == 404


async def test_a_head_nurse_takes_nothing_off_the_record(hospital: Hospital) -> None:
    records = hospital.bot.services.licences.records
    one = await holds(records, "li", "nurse", "2027-01-21")
    async with signed_in(hospital, "zhao") as zhao:
        page = await zhao.opens(f"/console/licences/people/{await person_of('li')}")
        assert "撤下这本" not in page.text
        assert (await zhao.sends(f"/console/licences/{one}/withdraw", reason="x")).status == 404
    assert len(await records.of_person(await person_of("li"))) == 1
