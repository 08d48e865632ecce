"""Results: judged before they are asked about, approved word by word, and sent as approved."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from functools import partial

import pytest

from bot import database
from bot.app import read_rules
from bot.channels import Failure, SendFailed
from bot.wiring import Services, build
from models import db, sealed
from models.cards import Text
from models.clock import ManualClock
from models.outcomes import TRANSITIONS, OutcomeState
from services.outcome_text import MOST_BYTES, canonical, hash_of
from services.refusals import Refusal
from services.score_notes import ScoreNote
from tests.support.deciding import Deed, actor, at_once, attempt
from tests.support.delivering import post_office
from tests.support.hospital import settings
from tests.support.results import (
    PASSED,
    REJECTED,
    REJECTION,
    approval_of,
    approved,
    at,
    delivered,
    heard,
    hr,
    interview,
    posting,
    prepared,
    ready,
    rooms,
    scored,
    state_of,
)

OFFER = {"next_step": "人事科会与您确认入职体检和报到时间", "answer_by": "2026-12-11T17:30"}


@pytest.fixture
def now() -> str:
    """Thursday afternoon, the day after the interview."""
    return "2026-11-26T14:00"


@pytest.fixture
async def case(seeded_url: str, now: str) -> AsyncIterator[tuple[Services, ManualClock]]:
    clock = ManualClock(at(now))
    async with database.opened(seeded_url):
        yield build(read_rules(settings(seeded_url)), clock), clock


Case = tuple[Services, ManualClock]
S = OutcomeState
MOVES = {
    (S.ASKED, "approve"): S.WAITING,
    (S.ASKED, "refuse"): S.REFUSED,
    (S.ASKED, "withdraw"): S.WITHDRAWN,
    (S.ASKED, "expire"): S.WITHDRAWN,
    (S.WAITING, "withdraw"): S.WITHDRAWN,
    (S.WAITING, "send"): S.SENT,
}
HELD = at("2026-11-25T10:00")
DRAFTED = (
    "李护士您好！\n"
    "感谢您11月25日(周三)来示例医院参加重症监护护士的面试。"
    "您给面试组留下了很好的印象，尤其是急诊分诊。\n"
    "本次岗位需要轮值夜班，与您目前以白班为主的经历不完全匹配，因此这次未能录用，非常抱歉。\n"
    "如果您愿意，我们把您的简历保留到2027年11月26日，有合适的岗位会先联系您："
    "回复1同意，回复2立即删除。\n"
    "祝您工作顺利！\n"
    "示例医院人事科 0512-60000000"
)


async def test_a_rejection_read_aloud_and_nothing_is_stored_by_drafting(case: Case) -> None:
    services, _ = case
    seen = await ready(services, HELD)
    draft = await rooms(services).outcomes.draft(await hr(), seen.id, REJECTED, REJECTION)
    assert draft.text == DRAFTED
    assert draft.findings == ()
    assert draft.facts["keep_until"] == "2027-11-26"
    assert await db.fetch("SELECT 1 FROM outcomes") == []


async def test_good_news_read_aloud(case: Case) -> None:
    services, _ = case
    seen = await ready(services, HELD)
    draft = await rooms(services).outcomes.draft(await hr(), seen.id, PASSED, OFFER)
    assert draft.text == (
        "李护士您好！\n"
        "很高兴通知您：您11月25日(周三)在示例医院参加的重症监护护士面试已经通过，"
        "我们很期待与您共事。\n"
        "接下来：人事科会与您确认入职体检和报到时间。\n"
        "请您在12月11日(周五)17:30前告诉我们您的意愿，直接回复这条消息，"
        "或致电朱小例：0512-60000000。\n"
        "需要更多时间考虑也请告诉我们，我们一起商量。\n"
        "示例医院人事科"
    )
    assert draft.findings == ()


@pytest.mark.parametrize(
    ("kind", "facts", "named"),
    [
        (REJECTED, REJECTION | {"strength": ""}, ["优势"]),
        (
            REJECTED,
            REJECTION | {"requirement": "待定", "experience": " "},
            ["岗位要求", "对方目前的经历"],
        ),
        (PASSED, {"next_step": "", "answer_by": "2026-12-11T17:30"}, ["下一步"]),
        (PASSED, {"next_step": "体检"}, ["最晚何时答复"]),
    ],
)
async def test_nothing_is_written_with_a_blank(
    case: Case, kind: str, facts: Mapping[str, str], named: list[str]
) -> None:
    services, _ = case
    seen = await ready(services, HELD)
    chosen = REJECTED if kind == "rejected" else PASSED
    with pytest.raises(Refusal, match="outcome_facts_missing") as refused:
        await rooms(services).outcomes.draft(await hr(), seen.id, chosen, facts)
    assert refused.value.params["names"] == named


@pytest.mark.parametrize(
    ("facts", "key"),
    [
        (REJECTION | {"keep_until": "2026-11-26"}, "outcome_day"),
        (REJECTION | {"keep_until": "2036-11-26"}, "outcome_day"),
        (REJECTION | {"keep_until": "明年"}, "outcome_day"),
    ],
)
async def test_a_day_that_cannot_be_promised(
    case: Case, facts: Mapping[str, str], key: str
) -> None:
    services, _ = case
    seen = await ready(services, HELD)
    with pytest.raises(Refusal, match=key):
        await rooms(services).outcomes.draft(await hr(), seen.id, REJECTED, facts)


@pytest.mark.parametrize(
    ("swap", "said"),
    [
        (("因此这次未能录用", "您比较可怜，因此这次未能录用，您能力不足"), "会伤人"),
        (("本次岗位需要轮值夜班", "我们倾向于招男护士，本次岗位需要轮值夜班"), "提到了性别"),
        (("急诊分诊", "各个方面"), "没有写到选定的优势"),
        (
            (
                "，与您目前以白班为主的经历不完全匹配，因此这次未能录用",
                "，这次未能录用，已选定更合适的人选",
            ),
            "与别人比较",
        ),
        (("本次岗位需要轮值夜班，与您目前以白班为主的经历不完全匹配", "综合考虑"), "等于没有原因"),
        (("李护士您好", "王护士您好"), "称呼写成了“王护士”"),
        (("11月25日(周三)", "11月25日(周四)"), "星期不对"),
        (("：回复1同意，回复2立即删除", ""), "没有写明简历怎样处理"),
        (("2027年11月26日", "明年"), "没有写明简历怎样处理"),
        (("感谢您", "您"), "没有致谢"),
    ],
)
async def test_hurtful_vague_and_protected_words_are_refused_with_their_reasons(
    case: Case, swap: tuple[str, str], said: str
) -> None:
    services, _ = case
    seen = await ready(services, HELD)
    text = DRAFTED.replace(*swap)
    assert text != DRAFTED
    with pytest.raises(Refusal, match="courtesy") as refused:
        await rooms(services).outcomes.prepare(await hr(), seen.id, REJECTED, REJECTION, text)
    findings = refused.value.params["findings"]
    assert isinstance(findings, tuple)
    assert any(said in finding and "依据：" in finding for finding in findings), findings
    assert await db.fetch("SELECT 1 FROM outcomes") == []
    assert await db.fetch("SELECT 1 FROM approvals") == []


async def test_an_offer_names_its_date_and_asks_nothing_protected(case: Case) -> None:
    services, _ = case
    seen = await ready(services, HELD)
    outcomes, by = rooms(services).outcomes, await hr()
    text = (await outcomes.draft(by, seen.id, PASSED, OFFER)).text
    for wrong, said in (
        (text.replace("12月11日(周五)17:30", "下周"), "没有写明答复期限12月11日(周五)17:30"),
        (text.replace("0512-60000000", ""), "没有写明联系方式"),
        (text + "\n请告知婚育情况。", "提到了婚恋"),
    ):
        with pytest.raises(Refusal, match="courtesy") as refused:
            await outcomes.prepare(by, seen.id, PASSED, OFFER, wrong)
        assert said in str(refused.value.params["findings"])


async def test_a_text_too_long_for_any_channel_is_refused(case: Case) -> None:
    services, _ = case
    seen = await ready(services, HELD)
    with pytest.raises(Refusal, match="courtesy") as refused:
        await rooms(services).outcomes.prepare(
            await hr(), seen.id, REJECTED, REJECTION, DRAFTED + "祝您顺利！" * 100
        )
    assert "文字超过600个字" in str(refused.value.params["findings"])
    assert len(DRAFTED.encode()) < MOST_BYTES / 2


async def test_it_is_too_early_before_all_interviewers_said_what_they_found(case: Case) -> None:
    services, _ = case
    seen = await interview(HELD)
    await rooms(services).ends.tick()
    with pytest.raises(Refusal, match="feedback_missing") as refused:
        await prepared(services, seen)
    assert refused.value.params["names"] == ["李小样", "王小样"]
    await scored(services, seen, "li")
    with pytest.raises(Refusal, match="feedback_missing") as refused:
        await prepared(services, seen)
    assert refused.value.params["names"] == ["王小样"]
    why = "王小样出差，电话里说同意"
    invented = REJECTION | {"strength": "血液透析"}
    with pytest.raises(Refusal, match="strength_not_noted"):
        await prepared(services, seen, facts=invented, override=why)
    outcome = await prepared(services, seen, override=why)
    [card] = await heard(services, "outcomes.approval")
    assert "还没有收齐面试官的评分" in card.words
    row = await db.fetch_one("SELECT detail FROM audit_rows WHERE action = 'outcome.prepared'")
    assert row is not None
    assert '"early": true' in row["detail"]
    assert "王小样" not in row["detail"]
    facts = await db.fetch_value("SELECT facts FROM outcomes WHERE id = $1", outcome)
    assert sealed.open_json("outcomes.facts", facts)["early"] == "王小样出差，电话里说同意"


async def test_a_strength_nobody_noted_is_refused(case: Case) -> None:
    services, _ = case
    seen = await ready(services, HELD)
    for invented in ("血液透析", ""):
        facts = REJECTION | {"strength": invented}
        text = DRAFTED.replace("急诊分诊", invented)
        with pytest.raises(Refusal, match=r"strength_not_noted|outcome_facts_missing"):
            await rooms(services).outcomes.prepare(await hr(), seen.id, REJECTED, facts, text)


async def test_without_interviewers_somebodys_word_is_still_needed(case: Case) -> None:
    services, _ = case
    seen = await interview(HELD, by=())
    await rooms(services).ends.tick()
    with pytest.raises(Refusal, match="feedback_missing"):
        await prepared(services, seen)


@pytest.mark.parametrize("state", ["no_show", "declined", "cancelled"])
async def test_no_result_for_who_was_not_interviewed(case: Case, state: str) -> None:
    services, _ = case
    seen = await ready(services, HELD)
    await db.execute("UPDATE interviews SET state = $2 WHERE id = $1", seen.id, state)
    assert await attempt(lambda: prepared(services, seen)) == "interview_not_held"


async def test_no_result_before_it_is_over(case: Case) -> None:
    services, clock = case
    seen = await interview(clock.now() - timedelta(minutes=5))
    await scored(services, seen, "li", "wang")
    assert await attempt(lambda: prepared(services, seen)) == "interview_not_over"


async def test_only_the_hr_office_prepares_and_takes_back(case: Case) -> None:
    services, _ = case
    seen = await ready(services, HELD)
    outcomes, zhao = rooms(services).outcomes, await actor("zhao")
    with pytest.raises(Refusal, match="not_allowed"):
        await outcomes.draft(zhao, seen.id, REJECTED, REJECTION)
    with pytest.raises(Refusal, match="not_allowed"):
        await outcomes.prepare(zhao, seen.id, REJECTED, REJECTION, DRAFTED)
    outcome = await prepared(services, seen)
    with pytest.raises(Refusal, match="not_allowed"):
        await outcomes.withdraw(zhao, outcome)


async def test_the_manager_reads_every_word_before_the_card(case: Case) -> None:
    services, _ = case
    seen = await ready(services, HELD)
    await prepared(services, seen)
    code = hash_of(DRAFTED)[:6].upper()
    [text] = await heard(services, "outcomes.full_text")
    assert text.to == "zhao"
    assert text.words == (
        f"下面是准备发给李护士的全文，请先看完再审批。校验码{code}。\n——————\n{DRAFTED}"
    )
    [card] = await heard(services, "outcomes.approval")
    assert card.to == "zhao"
    assert "请审批发给李护士的婉拒信" in card.words
    assert f"全文就是上一条校验码{code}的消息" in card.words
    order = await db.fetch(
        "SELECT m.purpose FROM deliveries d JOIN messages m ON m.id = d.message_id "
        "WHERE m.purpose LIKE 'outcomes.%' ORDER BY d.priority, d.not_before, d.id"
    )
    assert [row["purpose"] for row in order] == ["outcomes.full_text", "outcomes.approval"]


async def test_what_did_not_reach_the_manager_cannot_be_approved(case: Case) -> None:
    services, clock = case
    seen = await ready(services, HELD)
    outcome = await prepared(services, seen)
    approval, zhao = await approval_of(outcome), await actor("zhao")
    outcomes = rooms(services).outcomes
    with pytest.raises(Refusal, match="outcome_text_unseen"):
        await outcomes.decide(approval, zhao, approve=True)
    await rooms(services).notices.show_again(approval, zhao.person_id)
    clock.advance(timedelta(minutes=1))
    _, again = await heard(services, "outcomes.full_text")
    assert "，14:00重发。\n" in again.words
    await approved(services, outcome)
    assert await state_of(outcome) == "waiting"


async def test_what_is_approved_is_what_is_sent_byte_for_byte(case: Case) -> None:
    services, _ = case
    seen = await ready(services, HELD)
    reworded = DRAFTED.replace("祝您工作顺利！", "祝您一切顺利，期待再见！\r\n ")
    async with db.transaction():
        outcome = await rooms(services).outcomes.prepare(
            await hr(), seen.id, REJECTED, REJECTION, f"\u200b  {reworded}\t\n"
        )
    [shown] = await heard(services, "outcomes.full_text")
    await approved(services, outcome)
    assert await rooms(services).sender.tick() == 1
    [sent] = await heard(services, "outcomes.rejection")
    assert isinstance(sent.content, Text)
    assert sent.to == f"candidate:{seen.candidate}"
    assert sent.content.content.encode() == shown.words.partition("——————\n")[2].encode()
    stored = await db.fetch_one("SELECT text, text_hash FROM outcomes WHERE id = $1", outcome)
    assert stored is not None
    assert "李护士" not in stored["text"]
    assert stored["text_hash"] == hash_of(sent.content.content)
    assert sent.content.content == canonical(reworded)


@pytest.mark.parametrize(
    "text",
    [
        "一\r\n二\r三",
        "  首尾 \n\n",
        "零\u200b宽\u202e反",
        "<a>@all](x)",
        "制\t表\x00\x07",
        "é e\u0301",
        "第一行  \n第二行",
    ],
)
def test_the_form_a_text_is_stored_in_does_not_change_again(text: str) -> None:
    once = canonical(text)
    assert canonical(once) == once
    assert "\r" not in once
    assert "<" not in once


async def test_sending_sets_the_stage_and_closes_the_interview(case: Case) -> None:
    services, clock = case
    for kind, facts, stage, purpose in (
        (REJECTED, REJECTION, "declined", "outcomes.rejection"),
        (PASSED, OFFER, "offered", "outcomes.offer"),
    ):
        seen = await ready(services, HELD, post=await posting())
        outcome = await prepared(services, seen, kind, facts)
        await approved(services, outcome)
        assert await rooms(services).sender.tick() == 1
        row = await db.fetch_one(
            "SELECT a.stage, i.closed_at, o.sent_at, o.state, o.keep_until FROM outcomes o "
            "JOIN interviews i ON i.id = o.interview_id "
            "JOIN applications a ON a.id = i.application_id WHERE o.id = $1",
            outcome,
        )
        assert row is not None
        assert (row["stage"], row["state"]) == (stage, "sent")
        assert row["closed_at"] == row["sent_at"] == clock.now()
        assert (row["keep_until"] is not None) == (kind == REJECTED)
        assert len(await heard(services, purpose)) == 1
        assert await rooms(services).sender.tick() == 0


async def test_opted_out_candidates_hear_their_result_all_the_same(case: Case) -> None:
    services, clock = case
    seen = await ready(services, HELD)
    await db.execute(
        "UPDATE candidates SET opted_out_at = $2 WHERE id = $1", seen.candidate, clock.now()
    )
    await approved(services, await prepared(services, seen))
    await rooms(services).sender.tick()
    states = await db.fetch("SELECT state FROM deliveries WHERE candidate_id IS NOT NULL")
    assert "suppressed" not in {row["state"] for row in states}


@pytest.mark.parametrize(
    ("now", "leaves"),
    [
        ("2026-11-26T14:00", "2026-11-26T14:00"),  # a Thursday afternoon: at once
        ("2026-11-26T21:00", "2026-11-27T08:30"),  # too late in the evening
        ("2026-11-27T06:00", "2026-11-27T08:30"),  # too early
        ("2026-11-27T17:00", "2026-11-30T08:30"),  # Friday evening: Monday
        ("2026-11-28T11:00", "2026-11-30T08:30"),  # Saturday
        ("2026-12-30T22:00", "2026-12-31T08:30"),  # across a year's end
    ],
)
async def test_a_rejection_leaves_only_in_the_allowed_hours(
    case: Case, now: str, leaves: str
) -> None:
    services, clock = case
    seen = await ready(services, HELD)
    outcome = await prepared(services, seen)
    await approved(services, outcome)
    after = await db.fetch_value("SELECT send_after FROM outcomes WHERE id = $1", outcome)
    assert after == at(leaves)
    if after > clock.now():
        clock.advance(after - clock.now() - timedelta(seconds=1))
        assert await rooms(services).sender.tick() == 0
        clock.advance(timedelta(seconds=1))
    assert await rooms(services).sender.tick() == 1


@pytest.mark.parametrize(
    ("now", "leaves"),
    [
        ("2026-11-27T21:30", "2026-11-27T21:30"),  # good news may come on a Friday evening
        ("2026-11-27T23:30", "2026-11-28T07:00"),  # but not in the night
    ],
)
async def test_good_news_waits_for_the_night_only(case: Case, now: str, leaves: str) -> None:
    services, _ = case
    seen = await ready(services, HELD)
    outcome = await prepared(services, seen, PASSED, OFFER)
    await approved(services, outcome)
    after = await db.fetch_value("SELECT send_after FROM outcomes WHERE id = $1", outcome)
    assert after == at(leaves)


@pytest.mark.parametrize("now", ["2026-09-29T10:00"])
async def test_before_national_day_it_waits_for_the_day_after_the_holiday(
    case: Case, now: str
) -> None:
    """Approved on 29 September it may leave; on the 30th, the eve, nothing does until the 8th."""
    services, clock = case
    seen = await ready(services, at("2026-09-28T10:00"))
    outcome = await prepared(services, seen)
    clock.advance(timedelta(days=1))
    await approved(services, outcome)
    after = await db.fetch_value("SELECT send_after FROM outcomes WHERE id = $1", outcome)
    assert after == at("2026-10-08T08:30")
    clock.advance(after - clock.now())
    assert await rooms(services).sender.tick() == 1


async def test_after_a_pause_it_does_not_leave_at_night(case: Case) -> None:
    """It was due in the afternoon, and nobody worked until eleven at night."""
    services, clock = case
    seen = await ready(services, HELD)
    outcome = await prepared(services, seen)
    await approved(services, outcome)
    clock.advance(at("2026-11-26T23:00") - clock.now())
    assert await rooms(services).sender.tick() == 0
    after = await db.fetch_value("SELECT send_after FROM outcomes WHERE id = $1", outcome)
    assert after == at("2026-11-27T08:30")
    clock.advance(after - clock.now())
    assert await rooms(services).sender.tick() == 1


async def test_a_delivery_tried_again_keeps_to_the_allowed_hours_too(
    case: Case, seeded_url: str
) -> None:
    """The mail server is down on Friday afternoon: what is tried again waits for Monday."""
    services, clock = case
    clock.advance(at("2026-11-27T16:55") - clock.now())
    seen = await ready(services, HELD)
    await approved(services, await prepared(services, seen))
    assert await rooms(services).sender.tick() == 1
    channel = await db.fetch_value("SELECT channel FROM deliveries WHERE candidate_id > 0")
    async with post_office(seeded_url, services, clock, channel=channel) as post:
        post.platform.answers.append(SendFailed(Failure.RETRY, reason="down"))
        await post.works()
        assert len(post.platform.calls) == 1
        clock.advance(at("2026-11-27T17:30") - clock.now())
        await post.works()
        row = await db.fetch_one("SELECT * FROM deliveries WHERE candidate_id IS NOT NULL")
        assert row is not None
        assert (row["state"], row["reason"]) == ("queued", "not at this hour")
        assert row["not_before"] == at("2026-11-30T08:30")
        clock.advance(row["not_before"] - clock.now())
        await post.works()
        _, call = await post.calls(2)
    assert call.content == Text(DRAFTED.replace("2027年11月26日", "2027年11月27日"))


async def test_hr_may_take_it_back_until_it_is_sent(case: Case) -> None:
    services, _ = case
    outcomes, by = rooms(services).outcomes, await hr()
    seen = await ready(services, HELD)
    asked = await prepared(services, seen)
    await outcomes.withdraw(by, asked)
    row = await db.fetch_one("SELECT state FROM approvals")
    assert row is not None
    assert row["state"] == "withdrawn"
    waiting = await prepared(services, seen)
    await approved(services, waiting)
    await outcomes.withdraw(by, waiting)
    assert await rooms(services).sender.tick() == 0
    with pytest.raises(Refusal, match="outcome_withdrawn"):
        await outcomes.withdraw(by, waiting)
    sent = await prepared(services, seen)
    await approved(services, sent)
    await rooms(services).sender.tick()
    with pytest.raises(Refusal, match="outcome_sent"):
        await outcomes.withdraw(by, sent)
    with pytest.raises(Refusal, match="outcome_unknown"):
        await outcomes.withdraw(by, 10**9)
    assert [await state_of(one) for one in (asked, waiting, sent)] == [
        "withdrawn",
        "withdrawn",
        "sent",
    ]


async def test_taking_back_and_sending_at_once_agree_on_one_end(case: Case) -> None:
    services, _ = case
    by = await hr()
    ends = set()
    for _ in range(8):
        seen = await ready(services, HELD, post=await posting())
        outcome = await prepared(services, seen)
        await approved(services, outcome)
        results = await at_once(
            lambda o=outcome: rooms(services).outcomes.withdraw(by, o),  # type: ignore[misc]
            rooms(services).sender.tick,
        )
        state = await state_of(outcome)
        said = await db.fetch(
            "SELECT 1 FROM messages WHERE purpose = 'outcomes.rejection' AND subject_id = $1",
            outcome,
        )
        assert (results[0], state, len(said)) in [
            ("done", "withdrawn", 0),
            ("outcome_sent", "sent", 1),
        ]
        ends.add(state)
    assert ends <= {"withdrawn", "sent"}


async def test_approving_and_taking_back_at_once_agree_on_one_end(case: Case) -> None:
    services, _ = case
    by, zhao = await hr(), await actor("zhao")
    for _ in range(8):
        seen = await ready(services, HELD, post=await posting())
        outcome = await prepared(services, seen)
        await delivered("outcomes.full_text")
        approval = await approval_of(outcome)
        results = await at_once(
            lambda a=approval: rooms(services).outcomes.decide(a, zhao, approve=True),  # type: ignore[misc]
            lambda o=outcome: rooms(services).outcomes.withdraw(by, o),  # type: ignore[misc]
        )
        # Whoever was first, it ends taken back: what was approved may be too.
        assert results[1] == "done"
        assert results[0] in {"done", "approval_withdrawn"}
        assert await state_of(outcome) == "withdrawn"


async def test_two_senders_at_once_send_once(case: Case) -> None:
    services, _ = case
    seen = await ready(services, HELD)
    await approved(services, await prepared(services, seen))
    await at_once(*[rooms(services).sender.tick] * 4)
    assert len(await heard(services, "outcomes.rejection")) == 1
    rows = await db.fetch("SELECT 1 FROM audit_rows WHERE action = 'outcome.sent'")
    assert len(rows) == 1


async def test_two_of_hr_at_once_prepare_one_result(case: Case) -> None:
    services, _ = case
    seen = await ready(services, HELD)
    results = await at_once(*[lambda: prepared(services, seen)] * 3)
    assert sorted(results) == ["done", "outcome_exists", "outcome_exists"]


async def test_who_prepared_it_cannot_approve_it(case: Case) -> None:
    """An HR head who prepared it herself: the ward's manager decides, not she."""
    services, _ = case
    seen = await ready(services, HELD)
    song, outcomes = await actor("song"), rooms(services).outcomes
    async with db.transaction():
        outcome = await outcomes.prepare(song, seen.id, REJECTED, REJECTION, DRAFTED)
    for user, why in (("song", "own_request"), ("li", "not_allowed"), ("liang", "not_allowed")):
        by = await actor(user)
        await rooms(services).notices.show_again(await approval_of(outcome), by.person_id)
        await delivered("outcomes.full_text")
        with pytest.raises(Refusal, match=why):
            await outcomes.decide(await approval_of(outcome), by, approve=True)
    await approved(services, outcome, "zhao")
    assert await state_of(outcome) == "waiting"


async def test_the_text_is_shown_again_to_nobody_but_who_may_decide_now(case: Case) -> None:
    """The card stays in the chat of who was head nurse when it came."""
    services, _ = case
    seen = await ready(services, HELD)
    approval = await approval_of(await prepared(services, seen))
    outcomes, zhao = rooms(services).outcomes, await actor("zhao")
    await outcomes.show_again(approval, zhao)
    before = await db.fetch_value("SELECT count(*) FROM messages")
    await db.execute("DELETE FROM grants WHERE person_id = $1", zhao.person_id)
    for user in ("zhao", "li", "liang"):
        with pytest.raises(Refusal, match="not_allowed"):
            await outcomes.show_again(approval, await actor(user))
    with pytest.raises(Refusal, match="card_unknown"):
        await outcomes.show_again(10**9, zhao)  # its candidate was erased
    assert await db.fetch_value("SELECT count(*) FROM messages") == before


async def test_a_post_without_a_ward_is_decided_by_the_hr_head(case: Case) -> None:
    services, _ = case
    seen = await ready(services, HELD, post=await posting(unit=None))
    outcome = await prepared(services, seen)
    [card] = await heard(services, "outcomes.approval")
    assert card.to == "song"
    await approved(services, outcome, "song")
    assert await state_of(outcome) == "waiting"


async def test_nobody_left_who_may_approve_is_said_at_once(case: Case) -> None:
    services, _ = case
    seen = await ready(services, HELD, post=await posting(unit=None))
    song = await actor("song")
    assert (
        await attempt(
            lambda: rooms(services).outcomes.prepare(song, seen.id, REJECTED, REJECTION, DRAFTED)
        )
        == "nobody_may_approve"
    )
    assert await db.fetch("SELECT 1 FROM outcomes") == []


async def test_a_refusal_is_told_with_its_reason_and_a_new_one_may_be_prepared(
    case: Case,
) -> None:
    services, _ = case
    seen = await ready(services, HELD)
    outcome = await prepared(services, seen)
    async with db.transaction():
        await rooms(services).outcomes.decide(
            await approval_of(outcome), await actor("zhao"), approve=False, chosen="wording"
        )
    assert await state_of(outcome) == "refused"
    [told] = await heard(services, "outcomes.told")
    assert told.to == "zhu"
    assert told.words == (
        "发给李护士的婉拒信没有获批：语气请再温和些。请改好后重新提交，"
        "结果最晚要在11月30日(周一)17:30前告诉对方。"
    )
    again = await prepared(services, seen)
    await approved(services, again)
    assert await state_of(again) == "waiting"


async def test_silence_is_never_a_yes(case: Case) -> None:
    services, clock = case
    seen = await ready(services, HELD)
    outcome = await prepared(services, seen)
    clock.advance(timedelta(hours=72))
    async with db.transaction():
        assert await services.approvals.expire_due() == 1
    assert await state_of(outcome) == "withdrawn"
    [told] = await heard(services, "outcomes.told")
    assert "在期限内没有人审批" in told.words
    await prepared(services, seen)


async def test_a_deputy_and_then_the_hr_head_are_shown_the_text_and_asked(case: Case) -> None:
    services, clock = case
    deputy = (await actor("ma")).person_id
    await db.execute(
        "INSERT INTO deputies (person_id, deputy_id, first_day, last_day) "
        "VALUES ($1, $2, '2026-11-26', '2026-11-30')",
        (await actor("zhao")).person_id,
        deputy,
    )
    seen = await ready(services, HELD)
    outcome = await prepared(services, seen)
    for hours, asked in ((2, ["zhao"]), (6, ["zhao", "ma"]), (16, ["zhao", "ma", "song"])):
        clock.advance(timedelta(hours=hours))
        await services.escalation.run_due()
        assert [told.to for told in await heard(services, "outcomes.full_text")] == asked
    cards = [card.to for card in await heard(services, "outcomes.approval")]
    assert cards == ["zhao", "zhao", "ma", "song"]
    await approved(services, outcome, "ma")
    row = await db.fetch_one("SELECT state, decided_by_id FROM approvals")
    assert row is not None
    assert (row["state"], row["decided_by_id"]) == ("approved", deputy)


async def test_who_prepared_it_sees_when_it_leaves(case: Case) -> None:
    services, clock = case
    clock.advance(timedelta(hours=8))
    seen = await ready(services, HELD)
    outcome = await prepared(services, seen)
    await approved(services, outcome)
    [card] = await heard(services, "outcomes.waiting")
    assert card.to == "zhu"
    assert "将在11月27日(周五)08:30发给李护士，在那之前可以撤回。" in card.words
    clock.advance(timedelta(hours=12))
    await rooms(services).sender.tick()
    [card] = await heard(services, "outcomes.waiting")
    assert "已发出 10:00" in card.words


@pytest.mark.parametrize("damage", ["other", "unreadable"])
async def test_a_text_altered_after_its_approval_is_never_sent(case: Case, damage: str) -> None:
    services, _ = case
    seen = await ready(services, HELD)
    outcome = await prepared(services, seen)
    await approved(services, outcome)
    other = sealed.ring().seal("outcomes.text", DRAFTED.replace("非常抱歉", "就这样"))
    body = other if damage == "other" else other[:-6] + "AAAAA="
    await db.execute("UPDATE outcomes SET text = $2 WHERE id = $1", outcome, body)
    assert await rooms(services).sender.tick() == 0
    assert await state_of(outcome) == "withdrawn"
    assert await heard(services, "outcomes.rejection") == []
    [told] = await heard(services, "outcomes.told")
    assert "存下的文字与批准的不一致" in told.words


async def test_one_that_is_broken_keeps_nobody_else_waiting(case: Case) -> None:
    services, _ = case
    broken = await ready(services, HELD, post=await posting())
    sound = await ready(services, HELD, post=await posting())
    first, second = await prepared(services, broken), await prepared(services, sound)
    await approved(services, first)
    await approved(services, second)
    await db.execute("UPDATE outcomes SET text = 'k1:AAAA' WHERE id = $1", first)
    assert await rooms(services).sender.tick() == 1
    assert [await state_of(first), await state_of(second)] == ["withdrawn", "sent"]


async def test_nothing_of_a_candidate_stands_in_the_audit_log(case: Case) -> None:
    services, _ = case
    seen = await ready(services, HELD)
    await approved(services, await prepared(services, seen))
    await rooms(services).sender.tick()
    rows = await db.fetch("SELECT action, subject, detail FROM audit_rows")
    actions = [row["action"] for row in rows]
    assert {"outcome.prepared", "outcome.approved", "outcome.sent"} <= set(actions)
    for row in rows:
        assert "李" not in f"{row['subject']}{row['detail']}"
        assert "分诊" not in row["detail"]


async def test_a_note_without_words_is_no_strength(case: Case) -> None:
    services, _ = case
    seen = await interview(HELD)
    await rooms(services).ends.tick()
    await scored(services, seen, "li", "wang", note=ScoreNote({"专业": 7.0}, "decline"))
    assert await attempt(lambda: prepared(services, seen)) == "strength_not_noted"


async def test_every_act_in_every_state_keeps_to_the_table_of_transitions(case: Case) -> None:
    services, clock = case
    by, zhao, outcomes = await hr(), await actor("zhao"), rooms(services).outcomes
    for state in OutcomeState:
        for act in ("approve", "refuse", "withdraw", "send", "expire"):
            seen = await ready(services, HELD, post=await posting())
            outcome = await prepared(services, seen)
            await delivered("outcomes.full_text")
            approval = await approval_of(outcome)
            await db.execute(
                "UPDATE outcomes SET state = $2, send_after = $3 WHERE id = $1",
                outcome,
                state.value,
                clock.now(),
            )
            deeds: dict[str, Deed] = {
                "approve": partial(outcomes.decide, approval, zhao, approve=True),
                "refuse": partial(outcomes.decide, approval, zhao, approve=False),
                "withdraw": partial(outcomes.withdraw, by, outcome),
                "send": rooms(services).sender.tick,
                "expire": partial(outcomes._expired, outcome),
            }
            await attempt(deeds[act])
            after = OutcomeState(await state_of(outcome))
            assert after == state or after in TRANSITIONS[state], (state, act, after)
            if (state, act) in MOVES:
                assert after == MOVES[state, act]
            await db.execute(
                "UPDATE outcomes SET state = 'withdrawn' WHERE state IN ('asked', 'waiting')"
            )
