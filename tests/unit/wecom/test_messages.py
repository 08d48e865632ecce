"""Every shape of content as WeCom's JSON and XML."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels import Failure, SendFailed
from bot.events import CardUpdate, TextSaid
from bot.platforms.wecom import limits
from bot.platforms.wecom.messages import message_body, update_body
from bot.platforms.wecom.passive import passive_reply
from bot.platforms.wecom.xml import parse
from models.cards import (
    Button,
    ButtonStyle,
    Card,
    Content,
    Fact,
    Link,
    Markdown,
    Option,
    Select,
    Text,
)
from tests.wecom import NOW

LINK = Link("详情", "https://hr.example.org/x")
OK, NO = Button("同意", "swaps.accept", ButtonStyle.PRIMARY), Button("拒绝", "swaps.refuse")
DAY = Select("day", "日期", (Option("d1", "周一"), Option("d2", "周二")), chosen="d2")
KIND = Select("kind", "班次", (Option("n", "夜班"), Option("e", "早班")))
MANY = Select("day", "可选日期", DAY.options, chosen="d1", many=True)


def body(content: Content) -> dict[str, Any]:
    made = message_body(content, ["li", "Wang"], agent_id=7, key="ask_7")
    orjson.dumps(made)
    return made


def card(content: Card) -> dict[str, Any]:
    made = body(content)
    assert made["msgtype"] == "template_card"
    drawn: dict[str, Any] = made["template_card"]
    return drawn


def test_text_carries_the_duplicate_check() -> None:
    assert body(Text("好")) == {
        "touser": "li|Wang",
        "agentid": 7,
        "msgtype": "text",
        "text": {"content": "好"},
        "enable_duplicate_check": 1,
        "duplicate_check_interval": 1800,
    }


@pytest.mark.parametrize("kind", [Text, Markdown])
def test_long_words_are_cut_in_bytes_and_empty_ones_refused(kind: type[Text | Markdown]) -> None:
    made = body(kind("护" * 2000))
    words = made[made["msgtype"]]["content"]
    assert words.endswith("…")
    assert len(words.encode()) <= 2048
    with pytest.raises(SendFailed):
        body(kind(" \n"))


def test_a_card_without_link_is_told_in_words() -> None:
    told = Card("明日班次", "请准时", (Fact("时间", "08:00–16:00"), Fact("病区", "<ICU>")))
    content = body(told)["text"]["content"]
    assert content == "明日班次\n请准时\n时间：08:00–16:00\n病区：＜ICU＞"


def test_a_card_with_a_link_alone_is_a_textcard() -> None:
    made = body(Card("通知", "<b>正文</b>", link=LINK))
    assert made["textcard"] == {
        "title": "通知",
        "description": "＜b＞正文＜/b＞",
        "url": LINK.url,
        "btntxt": "详情",
    }
    longer = body(Card("通知", link=Link("查看全部名单", LINK.url)))
    assert "btntxt" not in longer["textcard"]


def test_a_card_with_link_and_facts_is_a_notice() -> None:
    drawn = card(Card("通知", "正文", (Fact("时间", "八点"),), link=LINK, source="护铃"))
    assert drawn["card_type"] == "text_notice"
    assert drawn["card_action"] == {"type": 1, "url": LINK.url}
    assert drawn["horizontal_content_list"] == [{"keyname": "时间", "value": "八点"}]
    assert drawn["sub_title_text"] == "正文"
    assert drawn["source"] == {"desc": "护铃"}


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "hr.example.org", "https://a b", "https://" + "a" * 2048]
)
def test_a_link_that_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(SendFailed):
        body(Card("通知", link=Link("看", url)))


def test_buttons_keep_their_verbs_and_styles() -> None:
    drawn = card(Card("换班", buttons=(OK, NO)))
    assert drawn["card_type"] == "button_interaction"
    assert drawn["task_id"] == "ask_7"
    assert drawn["button_list"] == [
        {"text": "同意", "style": 1, "key": "swaps.accept"},
        {"text": "拒绝", "style": 3, "key": "swaps.refuse"},
    ]


def test_one_choice_goes_beside_the_buttons() -> None:
    drawn = card(Card("换班", buttons=(OK,), selects=(DAY,)))
    assert drawn["button_selection"] == {
        "question_key": "day",
        "title": "日期",
        "option_list": [{"id": "d1", "text": "周一"}, {"id": "d2", "text": "周二"}],
        "selected_id": "d2",
    }


def test_many_answers_are_a_vote() -> None:
    drawn = card(Card("面试时间请在下列时段中选择", "说明", buttons=(OK,), selects=(MANY,)))
    assert drawn["card_type"] == "vote_interaction"
    assert drawn["submit_button"] == {"text": "同意", "key": "swaps.accept"}
    assert drawn["checkbox"]["mode"] == 1
    assert [each["is_checked"] for each in drawn["checkbox"]["option_list"]] == [True, False]
    assert drawn["main_title"]["desc"] == "说明\n可选日期"


def test_several_choices_are_a_multiple_card() -> None:
    drawn = card(Card("意向", buttons=(OK, NO), selects=(DAY, KIND)))
    assert drawn["card_type"] == "multiple_interaction"
    assert [each["question_key"] for each in drawn["select_list"]] == ["day", "kind"]
    assert drawn["submit_button"]["key"] == "swaps.accept"


def test_facts_that_do_not_fit_a_row_become_lines() -> None:
    facts = (
        *(Fact(f"第{n}项", str(n)) for n in range(7)),
        Fact("一个很长的标签", "x"),
        Fact("备注", "很长" * 16),
    )
    drawn = card(Card("名单", "正文", facts, buttons=(OK,)))
    assert len(drawn["horizontal_content_list"]) == 6
    assert drawn["sub_title_text"].splitlines() == [
        "正文",
        "第6项：6",
        "一个很长的标签：x",
        "备注：" + "很长" * 16,
    ]


def test_the_body_gives_way_to_the_facts() -> None:
    drawn = card(Card("名单", "长" * 300, (Fact("备注", "很长" * 16),), buttons=(OK,)))
    assert len(drawn["sub_title_text"]) <= 160
    assert drawn["sub_title_text"].endswith("备注：" + "很长" * 16)


@pytest.mark.parametrize(
    "wrong",
    [
        Card("x", buttons=(OK, OK)),
        Card("x", buttons=tuple(Button(str(n), str(n)) for n in range(7))),
        Card("x", buttons=(Button("十一个字的按钮文字太长了", "v"),)),
        Card("x", buttons=(Button("好", ""),)),
        Card("x", selects=(DAY,)),
        Card("", buttons=(OK,)),
        Card("x", buttons=(OK,), selects=(DAY, MANY)),
        Card("x", buttons=(OK,), selects=(DAY, KIND, DAY, KIND)),
        Card("x", buttons=(OK,), selects=(Select("q", "t", ()),)),
        Card("x", buttons=(OK,), selects=(Select("q", "t", DAY.options, chosen="d9"),)),
        Card("x", buttons=(OK,), selects=(Select("q", "t", (DAY.options[0],) * 2),)),
        Card(
            "x",
            buttons=(OK,),
            selects=(
                Select("q", "t", (Option("1", "长" * 20 + "a"), Option("2", "长" * 20 + "b"))),
            ),
        ),
    ],
)
def test_what_cannot_be_shown_truly_is_refused(wrong: Card) -> None:
    with pytest.raises(SendFailed) as caught:
        body(wrong)
    assert caught.value.failure is Failure.REQUEST


@pytest.mark.parametrize("key", ["", "换班", "a b", "x" * 129])
def test_a_key_that_is_no_task_id_is_refused(key: str) -> None:
    with pytest.raises(SendFailed):
        message_body(Card("x", buttons=(OK,)), ["li"], agent_id=7, key=key)


def update(content: Card) -> dict[str, Any]:
    made = update_body(content, ["li"], agent_id=7, response_code="rc")
    drawn = made["template_card"]
    assert isinstance(drawn, dict)
    assert "task_id" not in drawn
    return drawn


def test_a_closed_card_shows_why_and_locks_its_choices() -> None:
    closed = "已由赵护士长批准 14:05"
    assert update(Card("换班", closed=closed))["replace_text"] == closed
    assert update(Card("换班", buttons=(OK,), closed=closed))["replace_text"] == closed
    vote = update(Card("换班", buttons=(OK,), selects=(MANY,), closed=closed))
    assert (vote["checkbox"]["disable"], vote["replace_text"]) == (True, closed)
    several = update(Card("换班", buttons=(OK,), selects=(DAY, KIND), closed=closed))
    assert [each["disable"] for each in several["select_list"]] == [True, True]


def test_a_bare_closing_only_greys_the_buttons() -> None:
    made = update_body(Card("", closed="已批准"), [], agent_id=7, response_code="rc")
    assert made == {
        "atall": 1,
        "agentid": 7,
        "response_code": "rc",
        "button": {"replace_name": "已批准"},
    }


def test_a_redrawn_card_may_stay_open_or_become_a_notice() -> None:
    assert "replace_text" not in update(Card("换班", buttons=(OK,)))
    assert update(Card("换班", link=LINK))["card_type"] == "text_notice"
    with pytest.raises(SendFailed):
        update(Card("换班"))


def test_a_passive_card_repeats_its_lists() -> None:
    tap = TextSaid(platform="wecom", app="hr", event_id="1", user="li", at=NOW, text="")
    shown = CardUpdate(
        Card(
            "换]]>班",
            "\x00正文",
            (Fact("时间", "八点"), Fact("病区", "ICU")),
            (OK, NO),
            (DAY,),
            source="护铃",
        )
    )
    root = parse(passive_reply(shown, tap, corp_id="ww1", at=1).encode())
    drawn = root.find("TemplateCard")
    assert drawn is not None
    assert drawn.findtext("MainTitle/Title") == "换]]>班"
    assert drawn.findtext("SubTitleText") == "正文"
    assert [each.findtext("KeyName") for each in drawn.iterfind("HorizontalContentList")] == [
        "时间",
        "病区",
    ]
    assert [each.findtext("Key") for each in drawn.iterfind("ButtonList")] == [OK.verb, NO.verb]
    assert [each.findtext("Id") for each in drawn.iterfind("ButtonSelection/OptionList")] == [
        "d1",
        "d2",
    ]
    assert root.findtext("ToUserName") == "li"


words = st.text(st.characters(), min_size=1, max_size=400)


@settings(max_examples=100, deadline=None)
@given(
    st.builds(
        Card,
        words.map("题".__add__),
        words,
        st.lists(st.builds(Fact, words, words), max_size=9).map(tuple),
        st.just((OK, NO)),
        source=words,
    )
)
def test_any_card_fits(content: Card) -> None:
    drawn = card(content)
    assert len(drawn["main_title"]["title"]) <= limits.TITLE_CHARS
    assert len(drawn.get("sub_title_text", "")) <= limits.SUB_TITLE_CHARS
    for row in drawn.get("horizontal_content_list", []):
        assert len(row["keyname"]) <= limits.FACT_LABEL_CHARS
        assert len(row["value"]) <= limits.FACT_VALUE_CHARS
