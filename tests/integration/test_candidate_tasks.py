"""Tasks of HR about candidates: opened once, shown sparingly, pressed for, done exactly once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.wiring import Services
from message_templates.catalogue import Catalogue
from models import db, sealed
from models.cards import Card
from models.clock import ManualClock
from services.actors import Actor
from services.candidate_tasks import KINDS, CandidateTasks, Task
from services.refusals import Refusal
from tests.support.console import signed_in
from tests.support.deciding import actor, at_once
from tests.support.delivering import post_office
from tests.support.hospital import Hospital as InHospital
from tests.support.interviewing import (
    HEAD,
    RECRUITER,
    Post,
    a_post,
    at,
    candidate_of,
    person,
)


@pytest.fixture
def tasks(services: Services) -> CandidateTasks:
    return services.recruiting.tasks


@pytest.fixture
async def post(database_url: str, clock: ManualClock) -> Post:
    return await a_post(clock.now())


async def an_unclear(tasks: CandidateTasks, post: Post, **own: object) -> int:
    slot = await post.slot("2026-12-18T10:00", group=str(post.count))
    interview = await post.interview(slot, "invited")
    task = await tasks.open(
        "unclear",
        person=post.recruiter,
        candidate_id=await candidate_of(interview),
        interview_id=interview,
        detail={"words": "好是好，就是那天有手术"},
        **own,  # type: ignore[arg-type]
    )
    assert task is not None
    return task


async def ask_of(task: int, user: str = RECRUITER) -> db.Row:
    row = await db.fetch_one(
        "SELECT * FROM asks WHERE purpose LIKE 'tasks.%' AND subject_id = $1 AND person_id = $2",
        task,
        await person(user),
    )
    assert row is not None
    return row


async def asked_of(task: int) -> int:
    count: int = await db.fetch_value(
        "SELECT count(*) FROM asks WHERE purpose LIKE 'tasks.%' AND subject_id = $1", task
    )
    return count


async def test_it_is_due_in_fifteen_minutes_of_office_time(
    tasks: CandidateTasks, post: Post, clock: ManualClock
) -> None:
    monday = await an_unclear(tasks, post)
    due = await db.fetch_value("SELECT due_at FROM candidate_tasks WHERE id = $1", monday)
    assert due == at("2026-12-07T14:15")
    clock.advance(timedelta(days=4, hours=4))  # Friday, when the office has closed
    friday = await an_unclear(tasks, post)
    due = await db.fetch_value("SELECT due_at FROM candidate_tasks WHERE id = $1", friday)
    assert due > at("2026-12-14T07:59")
    ask = await ask_of(friday)
    assert due - timedelta(minutes=15) < ask["next_step_at"] < due


async def test_the_card_names_nobody_fully_and_gives_no_number(
    tasks: CandidateTasks, post: Post, services: Services, database_url: str, clock: ManualClock
) -> None:
    task = await an_unclear(tasks, post)
    async with post_office(database_url, services, clock) as office:
        await office.works()
        [call] = office.platform.calls
    card = call.content
    assert isinstance(card, Card)
    assert "郑护士" in card.title
    assert "好是好，就是那天有手术" in card.body
    assert ("电话", "尾号0001") in [(fact.label, fact.value) for fact in card.facts]
    assert [button.verb for button in card.buttons] == [
        "task.agreed",
        "task.other_time",
        "task.declined",
        "task.settled",
    ]
    assert card.link is not None
    assert card.link.url.endswith(f"/console/tasks/{task}")
    assert "郑小试" not in repr(card)
    assert "13900090001" not in repr(card)
    assert "郑小试" not in str(await db.fetch("SELECT * FROM audit_rows"))


async def test_a_time_that_was_declined_is_not_shown_as_if_they_came(
    tasks: CandidateTasks, post: Post
) -> None:
    task = await an_unclear(tasks, post)
    assert (await tasks.facts(task))["starts_at"] == at("2026-12-18T10:00")
    await db.execute("UPDATE interviews SET state = 'declined'")
    facts = await tasks.facts(task)
    assert (facts["starts_at"], facts["place"]) == (None, "")
    labels = [fact.label for fact in Catalogue().card("tasks/unclear", facts).facts]
    assert "岗位" in labels
    assert "面试时间" not in labels


async def test_the_same_key_opens_one_task(
    tasks: CandidateTasks, post: Post, clock: ManualClock
) -> None:
    first = await an_unclear(tasks, post, key="unclear:1")
    again = await tasks.open(
        "unclear", person=post.recruiter, candidate_id=None, detail={}, key="unclear:1"
    )
    assert again is None
    assert await asked_of(first) == 1


async def test_silence_is_pressed_at_half_time_then_the_hr_head_is_asked(
    tasks: CandidateTasks, post: Post, services: Services, clock: ManualClock
) -> None:
    task = await an_unclear(tasks, post)
    clock.advance(timedelta(minutes=7))
    assert await services.escalation.run_due() == 0
    clock.advance(timedelta(minutes=1))
    assert await services.escalation.run_due() == 1
    said = await db.fetch(
        "SELECT d.person_id FROM messages m JOIN deliveries d ON d.message_id = m.id "
        "WHERE m.purpose = 'tasks.unclear' ORDER BY m.id"
    )
    assert [row["person_id"] for row in said] == [post.recruiter, post.recruiter]
    clock.advance(timedelta(minutes=6))
    assert await services.escalation.run_due() == 0
    clock.advance(timedelta(minutes=1))
    assert await services.escalation.run_due() == 1
    assert (await ask_of(task, HEAD))["state"] == "open"
    clock.advance(timedelta(minutes=1))
    assert [t["id"] for t in await tasks.open_of(await actor(HEAD))] == [task]
    clock.advance(timedelta(days=1))
    assert await services.escalation.run_due() == 0  # nobody is pressed for ever


async def test_done_by_the_hr_head_closes_the_card_of_both(
    tasks: CandidateTasks,
    post: Post,
    services: Services,
    database_url: str,
    clock: ManualClock,
) -> None:
    task = await an_unclear(tasks, post)
    clock.advance(timedelta(minutes=8))
    await services.escalation.run_due()
    clock.advance(timedelta(minutes=7))
    await services.escalation.run_due()
    async with db.transaction():
        await tasks.done(task, await actor(HEAD), "settled")
    states = await db.fetch("SELECT state FROM asks WHERE subject_id = $1", task)
    assert sorted(row["state"] for row in states) == ["answered", "withdrawn"]
    card = Catalogue().card("tasks/unclear", await tasks.facts(task))
    assert card.closed == "宋小范：已处理 14:15"
    assert card.buttons == ()
    async with post_office(database_url, services, clock) as office:
        await office.works()
        assert office.platform.calls == []  # nobody gets a card about what is done


async def test_of_two_who_report_at_once_one_does_it(
    tasks: CandidateTasks, post: Post, clock: ManualClock
) -> None:
    acted: list[str] = []

    async def act(task: Task, by: Actor) -> None:
        acted.append(f"{task.outcome} by {by.person_id}")

    tasks.on("unclear", "agreed", act)
    tasks.on("unclear", "declined", act)
    task = await an_unclear(tasks, post)
    recruiter, head = await actor(RECRUITER), await actor(HEAD)
    ends = await at_once(
        lambda: tasks.done(task, recruiter, "agreed"), lambda: tasks.done(task, head, "declined")
    )
    assert sorted(ends) == ["done", "task_done"]
    assert len(acted) == 1


async def test_a_refused_deed_leaves_the_task_open(tasks: CandidateTasks, post: Post) -> None:
    async def refuses(task: Task, by: Actor) -> None:
        raise Refusal("slot_taken")

    tasks.on("unclear", "agreed", refuses)
    task = await an_unclear(tasks, post)
    ends = await at_once(lambda: _done(tasks, task, "agreed"))
    assert ends == ["slot_taken"]
    assert (await tasks.facts(task))["state"] == "open"
    assert (await ask_of(task))["state"] == "open"


async def _done(tasks: CandidateTasks, task: int, outcome: str, user: str = RECRUITER) -> None:
    await tasks.done(task, await actor(user), outcome)


@pytest.mark.parametrize(
    ("user", "outcome", "refused"),
    [
        ("zhao", "agreed", "not_allowed"),
        (RECRUITER, "no_answer", "button_unknown"),
        (RECRUITER, "anything", "button_unknown"),
    ],
)
async def test_who_and_what_may_settle_it(
    tasks: CandidateTasks, post: Post, user: str, outcome: str, refused: str
) -> None:
    task = await an_unclear(tasks, post)
    assert await at_once(lambda: _done(tasks, task, outcome, user)) == [refused]
    assert (await tasks.facts(task))["state"] == "open"


async def test_an_unknown_task_is_refused(tasks: CandidateTasks, post: Post) -> None:
    assert await at_once(lambda: _done(tasks, 987654, "settled")) == ["card_unknown"]


async def test_what_settled_itself_is_asked_of_nobody(
    tasks: CandidateTasks, post: Post, services: Services, database_url: str, clock: ManualClock
) -> None:
    task = await an_unclear(tasks, post)
    other = await an_unclear(tasks, post)
    interview = await db.fetch_value(
        "SELECT interview_id FROM candidate_tasks WHERE id = $1", task
    )
    async with db.transaction():
        await tasks.withdraw(["phone", "unclear"], interview_id=interview)
    assert await at_once(lambda: _done(tasks, task, "settled")) == ["task_gone"]
    assert [t["id"] for t in await tasks.open_of(await actor(RECRUITER))] == [other]
    async with post_office(database_url, services, clock) as office:
        await office.works()
        assert len(office.platform.calls) == 1
    with pytest.raises(ValueError, match="whose"):
        await tasks.withdraw(["phone"])


async def test_the_task_of_somebody_who_left_goes_to_the_hr_head(
    tasks: CandidateTasks, post: Post
) -> None:
    await db.execute("UPDATE persons SET active = false WHERE id = $1", post.recruiter)
    task = await an_unclear(tasks, post)
    assert (await ask_of(task, HEAD))["state"] == "open"


async def test_only_who_may_settle_it_sees_the_number(tasks: CandidateTasks, post: Post) -> None:
    task = await an_unclear(tasks, post)
    assert (await tasks.seen_by(task, await actor(RECRUITER)))["phone"] == "13900090001"
    with pytest.raises(Refusal, match="not_allowed"):
        await tasks.seen_by(task, await actor("zhao"))
    async with db.transaction():
        await tasks.done(task, await actor(RECRUITER), "settled")
    assert (await tasks.seen_by(task, await actor(RECRUITER)))["phone"] == ""


async def test_every_kind_has_a_card_with_its_outcomes(
    tasks: CandidateTasks, post: Post, services: Services
) -> None:
    words = Catalogue()
    for kind, outcomes in KINDS.items():
        verbs = [verb for verb in words[f"tasks/{kind}"].verbs if verb != "chat.take"]
        assert verbs == [f"task.{outcome}" for outcome in outcomes]
        task = await tasks.open(kind, person=post.recruiter, candidate_id=None, detail={})
        assert task is not None
        card = words.card(f"tasks/{kind}", await tasks.facts(task))
        assert card.buttons
        for outcome in outcomes:
            facts = await tasks.facts(task) | {
                "state": "done",
                "outcome": outcome,
                "done_by": "梁小例",
                "done_at": at("2026-12-07T14:05"),
            }
            assert words.card(f"tasks/{kind}", facts).closed.startswith("梁小例：")
    with pytest.raises(ValueError, match="no outcome"):
        tasks.on("document", "agreed", _nothing)


async def _nothing(task: Task, by: Actor) -> None:
    return


async def test_in_the_console_the_number_is_shown_and_the_result_reported(
    hospital: InHospital,
) -> None:
    services = hospital.bot.services
    post = await a_post(hospital.bot.clock.now())
    task = await an_unclear(services.recruiting.tasks, post)
    await hospital.reads()
    async with signed_in(hospital, RECRUITER) as desk:
        assert "郑护士" in (await desk.opens("/console/tasks")).text
        page = await desk.opens(f"/console/tasks/{task}")
        assert "13900090001" in page.text
        assert "好是好，就是那天有手术" in page.text
        assert "郑小试" not in page.text
        seen = await db.fetch_value(
            "SELECT count(*) FROM audit_rows WHERE action = 'task.number_seen'"
        )
        assert seen == 1
        wrong = await desk.sends(f"/console/tasks/{task}/report", outcome="no_answer")
        assert wrong.status == 409
        done = await desk.sends(f"/console/tasks/{task}/report", outcome="settled")
        assert done.path == f"/console/tasks/{task}"
        assert "13900090001" not in done.text
        assert "梁小例" in done.text
        twice = await desk.sends(f"/console/tasks/{task}/report", outcome="settled")
        assert twice.status == 409
        assert (await desk.opens("/console/tasks/4711")).status == 404
    async with signed_in(hospital, "zhao") as other:
        assert (await other.opens(f"/console/tasks/{task}")).status == 404


async def test_a_question_is_answered_in_writing_from_the_console(hospital: InHospital) -> None:
    services = hospital.bot.services
    services.ledger.ladder = replace(services.ledger.ladder, candidates=("mail", "phone_task"))
    post = await a_post(hospital.bot.clock.now())
    task = await an_unclear(services.recruiting.tasks, post)
    there = f"/console/tasks/{task}/answer"
    async with signed_in(hospital, RECRUITER) as desk:
        assert "发给对方" in (await desk.opens(f"/console/tasks/{task}")).text
        for text, words in (
            ("", "还没有写"),
            ("字" * 501, "500个字"),
            ("请问您结婚了吗", "受保护"),
            ("您的号码是110101199003071234吧", "身份证"),
            ("可以的，请带复印件", "收不到文字"),  # no chat, no mail
        ):
            refused = await desk.sends(there, text=text)
            assert (refused.status, words in refused.text) == (409, True), refused.text
        assert await db.fetch_value("SELECT state FROM candidate_tasks") == "open"
        mail = sealed.ring().seal("candidates.email", "zheng@example.com")
        await db.execute("UPDATE candidates SET email = $1", mail)
        done = await desk.sends(there, text="可以的，请带复印件 <b>")
        assert done.path == f"/console/tasks/{task}"
        assert "已处理" in done.text
        assert (await desk.sends(there, text="再说一次")).status == 409
    said = await db.fetch("SELECT context FROM messages WHERE purpose = 'candidates.reply'")
    told = [sealed.open_json("messages.context", row["context"])["text"] for row in said]
    assert told == ["可以的，请带复印件 <b>"]
    audited = await db.fetch_value("SELECT detail FROM audit_rows WHERE action = 'task.answered'")
    assert "复印件" not in str(audited)
    async with signed_in(hospital, "zhao") as other:
        second = await an_unclear(services.recruiting.tasks, post)
        refused = await other.sends(f"/console/tasks/{second}/answer", text="您好")
        assert refused.status == 404
        assert await db.fetch_value("SELECT state FROM candidate_tasks WHERE id = $1", second) == (
            "open"
        )


async def test_in_the_chat_it_is_listed_tapped_and_done(hospital: InHospital) -> None:
    services = hospital.bot.services
    post = await a_post(hospital.bot.clock.now())
    async with db.transaction():
        await an_unclear(services.recruiting.tasks, post)
    liang = hospital.phone(RECRUITER)
    card = await liang.expects_card("请看看郑护士是什么意思")
    assert "读懂回复：郑护士(急诊科护士)" in await liang.says("待办")
    assert "梁小例：已处理" in await card.tap("已处理")
    assert "梁小例：已处理" in await card.shows()
    assert "没有待办" in await liang.says("候选人待办")
    assert "招聘待办" in await liang.says("为什么发给我")
