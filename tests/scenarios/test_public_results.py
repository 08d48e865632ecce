"""结果公示 as the office lives it: reminded, the text copied, said to be public, letters leave.

It is Monday, 7 December 2026, 14:00; the interview was this morning, and the announcement promised
the results on the web site within five working days: until Monday the 14th.
"""

from __future__ import annotations

from datetime import timedelta

from models import db
from services.result_notices import PUBLIC
from tests.support.hospital import START, Hospital
from tests.support.interviewing import said_to
from tests.support.results import (
    NOTE,
    REJECTED,
    REJECTION,
    Seen,
    hr,
    interview,
    posting,
    someone,
)

SITE = "https://hospital.example/Gongshi/12"


async def letter(hospital: Hospital, seen: Seen) -> None:
    """Both interviewers have said what they found, and the head of the ward approved a no."""
    results, platform = hospital.bot.services.recruiting.results, hospital.platform.name
    for user in ("li", "wang"):
        async with db.transaction():
            await results.scorecards.record(await someone(user, platform), seen.id, NOTE)
    by = await hr(platform)
    draft = await results.outcomes.draft(by, seen.id, REJECTED, REJECTION)
    async with db.transaction():
        await results.outcomes.prepare(by, seen.id, REJECTED, draft.facts, draft.text)
    (zhao,) = hospital.phones("zhao")
    await (await zhao.expects_card("请审批发给李护士的婉拒信")).tap("批准")


async def test_the_office_copies_the_text_and_says_where_it_stands(hospital: Hospital) -> None:
    services, platform = hospital.bot.services, hospital.platform.name
    post = await posting(platform=platform)
    await services.recruiting.results.public.set(await hr(platform), post, 5, 7, "", False)
    code = str(await db.fetch_value("SELECT code FROM postings WHERE id = $1", post))
    (zhu,) = hospital.phones("zhu")
    seen = await interview(START - timedelta(hours=3), post=post, platform=platform)
    await hospital.settle()
    await hospital.at("2026-12-10T16:01")
    card = await zhu.expects_card("重症监护护士的结果，请按时公示")
    assert "还有1人没有批准的结果" in await card.tap("取公示文字")
    await letter(hospital, seen)
    told = await zhu.says(f"公示 {code}")
    assert "本次没有拟聘用人员" in told
    assert "2026年12月10日(周四)至2026年12月21日(周一)(7个工作日)" in told
    assert "请写上岗位编号和链接" in await zhu.says(f"已公示 {code}")
    assert "各自收到结果和公示的链接" in await zhu.says(f"已公示 {code} {SITE}")
    await hospital.later("1m")
    assert len(await said_to(seen.id, PUBLIC)) == 1
    assert (await hospital.rows("SELECT state FROM outcomes"))[0]["state"] == "sent"
    assert (await hospital.rows("SELECT url FROM result_notices"))[0]["url"] == SITE
    assert "确认过公示" in await zhu.says(f"已公示 {code} {SITE}")
