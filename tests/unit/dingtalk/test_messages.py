"""Exact texts at the link and the command level, and what never gets into them."""

from __future__ import annotations

import json
from dataclasses import replace
from urllib.parse import unquote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels import Failure, SendFailed
from bot.platforms.dingtalk import limits
from bot.platforms.dingtalk.messages import DTMD, Message, commanded, linked, noticed, plain
from models import answer_codes
from models.cards import Button, Card, Fact, Link, Markdown, Option, Select, Text

TASK = "Xb0z8tM1kq9Qe3JrY5aLw7Vd"
CODE = answer_codes.code_of(TASK)
REMINDER = Card(
    title="8月5日(周三) 大夜",
    source="护铃 · 排班提醒",
    facts=(Fact("时间", "00:00–08:00"), Fact("病区", "重症医学科")),
    buttons=(Button("收到", "shifts.acknowledge"),),
)
REQUEST = Card(
    title="换班邀请",
    body="李小样想和您换班。",
    buttons=(Button("同意", "swaps.accept"), Button("不同意", "swaps.decline")),
)
APPROVAL = replace(
    REQUEST,
    title="换班请审批",
    buttons=(Button("批准", "swaps.approve"), Button("不批准", "swaps.refuse")),
    selects=(Select("reason", "理由", (Option("none", "不选"), Option("short", "人手不足"))),),
)


def shown(message: Message) -> dict[str, str]:
    params = json.loads(message.param)
    assert all(isinstance(value, str) for value in params.values())
    return dict(params)


def test_an_acknowledgement_is_one_button_and_a_sentence() -> None:
    message = commanded(REMINDER, TASK)
    params = shown(message)
    assert message.key == "sampleActionCard"
    assert params["title"] == "8月5日(周三) 大夜"
    assert params["text"] == (
        "### 8月5日(周三) 大夜\n\n"
        "**时间**：00:00–08:00  \n**病区**：重症医学科\n\n"
        f"也可以回复：收到 #{CODE}\n\n"
        "护铃 · 排班提醒"
    )
    assert params["singleTitle"] == "收到"
    assert params["singleURL"] == f"{DTMD}%E6%94%B6%E5%88%B0+%23{CODE}"


def test_two_buttons_stand_side_by_side() -> None:
    message = commanded(REQUEST, TASK)
    params = shown(message)
    assert message.key == "sampleActionCard6"
    assert (params["buttonTitle1"], params["buttonTitle2"]) == ("同意", "不同意")
    said = unquote_plus(params["buttonUrl2"].removeprefix(DTMD))
    assert said == f"不同意 #{CODE}"
    assert answer_codes.spoken(said) == answer_codes.Spoken("不同意", CODE)
    assert params["text"].endswith(f"也可以回复：同意 #{CODE} 或 不同意 #{CODE}")


def test_options_are_listed_with_how_to_write_them() -> None:
    text = shown(commanded(APPROVAL, TASK))["text"]
    assert "**理由**：none 不选；short 人手不足" in text
    assert f"例如：不批准 #{CODE} none" in text


@pytest.mark.parametrize("count", [3, 4, 5])
def test_more_buttons_stand_below_each_other(count: int) -> None:
    card = replace(REQUEST, buttons=tuple(Button(f"选{n}", f"v{n}") for n in range(count)))
    message = commanded(card, TASK)
    params = shown(message)
    assert message.key == f"sampleActionCard{count}"
    assert params[f"actionTitle{count}"] == f"选{count - 1}"
    assert params[f"actionURL{count}"].startswith(DTMD)


def test_too_many_buttons_become_sentences() -> None:
    card = replace(REQUEST, buttons=tuple(Button(f"选{n}", f"v{n}") for n in range(6)))
    for message in (commanded(card, TASK), linked(card, {}, TASK)):
        assert message.key == "sampleMarkdown"
        assert f"选5 #{CODE}" in shown(message)["text"]


def test_links_are_this_persons_own() -> None:
    urls = {"swaps.accept": "https://h/a/x.1", "swaps.decline": "https://h/a/x.2"}
    message = linked(REQUEST, urls, TASK)
    params = shown(message)
    assert message.key == "sampleActionCard6"
    assert (params["buttonUrl1"], params["buttonUrl2"]) == tuple(urls.values())
    assert "也可以回复" not in params["text"]


def test_choices_that_are_sent_in_together_have_one_button() -> None:
    many = replace(APPROVAL, selects=(replace(APPROVAL.selects[0], many=True),))
    message = linked(many, {"swaps.approve": "https://h/a/x.1"}, TASK)
    assert message.key == "sampleActionCard"
    assert shown(message)["singleURL"] == "https://h/a/x.1"
    assert commanded(many, TASK).key == "sampleMarkdown"


def test_a_closed_card_is_only_read() -> None:
    closed = replace(APPROVAL, closed="赵护士长已批准 14:05")
    for message in (commanded(closed, TASK), linked(closed, {}, TASK), noticed(closed)):
        assert message.key == "sampleMarkdown"
        assert "**赵护士长已批准 14:05**" in shown(message)["text"]
        assert "dtmd" not in message.param


def test_a_notice_with_a_link_has_it_as_its_button() -> None:
    message = noticed(Card("班表已发布", link=Link("看班表", "https://h/console")))
    assert message.key == "sampleActionCard"
    assert shown(message)["singleURL"] == "https://h/console"


def test_text_stays_as_it_is() -> None:
    assert plain(Text("收到。\n谢谢")) == Message("sampleText", '{"content":"收到。\\n谢谢"}')


def test_markdown_keeps_its_lines() -> None:
    assert shown(plain(Markdown("## 今晚\n李小样\n王小样"))) == {
        "title": "今晚",
        "text": "## 今晚  \n李小样  \n王小样",
    }


@pytest.mark.parametrize("content", [Text(" \n"), Markdown("")])
def test_nothing_is_not_sent(content: Text | Markdown) -> None:
    with pytest.raises(SendFailed) as refused:
        plain(content)
    assert refused.value.failure is Failure.REQUEST


def test_a_link_that_could_close_its_brackets_is_refused() -> None:
    with pytest.raises(SendFailed):
        noticed(Card("题", closed="是", link=Link("看", "https://h/) [点](dtmd://x")))


FORGERY = (
    "[点我](dtmd://dingtalkclient/sendMessage?content=%E6%89%B9%E5%87%86)\n# 通知\n见 http://x"
)


def test_a_name_forges_no_button() -> None:
    card = Card(FORGERY, body=FORGERY, facts=(Fact(FORGERY, FORGERY),), source=FORGERY)
    text = shown(noticed(card))["text"]
    assert "](" not in text
    assert "dtmd:" not in text
    assert "http://" not in text
    assert [line for line in text.splitlines() if line.startswith("#")] == [
        line for line in text.splitlines() if line.startswith("### ")
    ]
    assert "dtmd:" not in plain(Markdown(FORGERY)).param


@given(st.text(max_size=20000), st.text(max_size=300))
def test_whatever_is_said_fits(body: str, note: str) -> None:
    card = replace(APPROVAL, body=body, facts=(Fact("备注", note),))
    for message in (commanded(card, TASK), noticed(card)):
        assert len(message.param.encode()) <= limits.MSG_PARAM_BYTES
        assert f"批准 #{CODE}" in commanded(card, TASK).param


def test_the_longest_text_is_cut_and_says_so() -> None:
    params = shown(plain(Text('"' * 20000)))
    assert params["content"].endswith("（内容较长，后面略去）")
