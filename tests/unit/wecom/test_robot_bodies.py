"""What the robot is asked to say: bodies of its requests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.channels import Failure, SendFailed
from bot.events import AppEntered, CardTapped, CardUpdate, Event, TextSaid
from bot.platforms.wecom.robot import bodies, frames
from bot.platforms.wecom.robot.chats import Chats
from models.cards import Button, Card, Fact, Link, Markdown, Text
from models.clock import ManualClock

NOW = datetime(2026, 12, 7, 6, 0, tzinfo=UTC)
HEAD: dict[str, Any] = {
    "platform": "wecom",
    "app": "robot",
    "event_id": "wecom:robot:m1",
    "user": "li",
    "at": NOW,
}
SAID = TextSaid(**HEAD, text="我的班")
TAPPED = CardTapped(**HEAD, verb="swaps.accept", task_id="t1")
ASKING = Card("换班", facts=(Fact("班次", "白班"),), buttons=(Button("同意", "swaps.accept"),))


def sent(content: Text | Markdown | Card) -> Any:
    return bodies.send_body(content, "li", key="k1")


def test_words_go_as_markdown_that_marks_nothing_up() -> None:
    body = sent(Text("# 今天\n[点我](http://x) **重** `码` <font> 同意 #7KQ2M3A"))
    assert body["msgtype"] == "markdown"
    assert (body["chatid"], body["chat_type"]) == ("li", 1)
    words = body["markdown"]["content"]
    assert words == "＃ 今天\n［点我］(http://x) ＊＊重＊＊ ｀码｀ ＜font＞ 同意 #7KQ2M3A"


def test_markdown_stays_markdown_and_is_cut_at_its_limit() -> None:
    assert sent(Markdown("**好**"))["markdown"]["content"] == "**好**"
    cut = sent(Markdown("长" * 10_000))["markdown"]["content"]
    assert len(cut.encode()) <= 20_480
    assert cut.endswith("…")


def test_a_card_with_buttons_carries_its_task_id() -> None:
    card = sent(ASKING)["template_card"]
    assert (card["card_type"], card["task_id"]) == ("button_interaction", "k1")


def test_a_card_with_only_a_link_is_a_notice() -> None:
    card = sent(Card("新班表", link=Link("看看", "https://example.org/r")))["template_card"]
    assert card["card_type"] == "text_notice"


def test_a_card_that_asks_nothing_is_words() -> None:
    body = sent(Card("换班", body="已撤回", closed="[已撤回]"))
    assert body["markdown"]["content"] == "换班\n已撤回\n［已撤回］"


@pytest.mark.parametrize("content", [Text(" "), Markdown(""), Card("")])
def test_nothing_is_not_sent(content: Text | Markdown | Card) -> None:
    with pytest.raises(SendFailed) as caught:
        sent(content)
    assert caught.value.failure is Failure.REQUEST


def test_a_question_is_answered_by_a_finished_stream() -> None:
    answer = bodies.answer(SAID, Text("明天休息"))
    assert answer == bodies.answer(SAID, Text("明天休息"))
    assert answer is not None
    cmd, body = answer
    stream = body["stream"]
    assert isinstance(stream, dict)
    assert (cmd, body["msgtype"]) == (frames.RESPOND, "stream")
    assert (stream["finish"], stream["content"]) == (True, "明天休息")
    assert len(stream["id"]) == 32


def test_coming_in_is_answered_in_text() -> None:
    assert bodies.answer(AppEntered(**HEAD), Text("您好")) == (
        frames.WELCOME,
        {"msgtype": "text", "text": {"content": "您好"}},
    )


def test_a_tap_is_answered_by_the_card_with_its_own_task_id() -> None:
    closed = Card("换班", buttons=ASKING.buttons, closed="已同意")
    answer = bodies.answer(TAPPED, CardUpdate(closed))
    assert answer is not None
    cmd, body = answer
    card = body["template_card"]
    assert isinstance(card, dict)
    assert (cmd, body["response_type"]) == (frames.UPDATE, "update_template_card")
    assert (card["task_id"], card["replace_text"]) == ("t1", "已同意")


def test_words_to_a_tap_are_no_answer_to_it() -> None:
    assert bodies.answer(TAPPED, Text("已经批准了")) is None


def test_a_card_without_title_cannot_be_drawn_anew() -> None:
    assert bodies.answer(TAPPED, CardUpdate(Card("", closed="已同意"))) is None


@pytest.mark.parametrize(
    ("card", "words"),
    [(Card("换班", closed="已同意"), "换班：已同意"), (Card("", closed="已同意"), "已同意")],
)
def test_a_card_in_words(card: Card, words: str) -> None:
    assert bodies.reply_words(CardUpdate(card)) == words


def other_events() -> list[Event]:
    return [SAID, AppEntered(**HEAD)]


@pytest.mark.parametrize("event", other_events())
def test_empty_replies_are_refused(event: Event) -> None:
    with pytest.raises(SendFailed):
        bodies.answer(event, Text(" \n"))


def test_a_chat_rests_after_thirty_and_only_that_chat() -> None:
    clock = ManualClock(NOW)
    chats = Chats(clock)
    for _ in range(30):
        assert chats.wait("li") is None
        chats.count("li")
    assert chats.wait("li") == timedelta(seconds=60)
    assert chats.wait("wang") is None
    assert chats.crowded("li")
    assert not chats.crowded("wang")
    clock.advance(timedelta(seconds=61))
    assert chats.wait("li") is None
    assert not chats.crowded("li")


def test_a_chat_rests_after_a_thousand_in_an_hour() -> None:
    clock = ManualClock(NOW)
    chats = Chats(clock)
    for _ in range(1000):
        chats.count("li")
        clock.advance(timedelta(seconds=3))
    assert chats.wait("li") == timedelta(seconds=600)
    clock.advance(timedelta(seconds=601))
    assert chats.wait("li") is None
