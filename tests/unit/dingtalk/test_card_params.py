"""The variables of our own card template: strings, whole characters, nothing forged."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels import Failure, SendFailed
from bot.platforms.dingtalk import limits
from bot.platforms.dingtalk.cards import card_params
from models.cards import Button, ButtonStyle, Card, Fact, Link, Option, Select

APPROVAL = Card(
    title="换班请审批",
    source="护铃 · 换班",
    body="李小样与王小样已商量好。\n请留意：一周超过44小时",
    facts=(Fact("病区", "重症医学科"), Fact("李小样上", "8月5日(周三) 大夜")),
    buttons=(
        Button("批准", "swaps.approve", ButtonStyle.PRIMARY),
        Button("不批准", "swaps.refuse", ButtonStyle.DANGER),
    ),
    selects=(Select("reason", "理由", (Option("none", "不选"), Option("short", "人手不足"))),),
)


def test_an_approval_has_every_variable() -> None:
    params = card_params(APPROVAL)
    assert params["title"] == "换班请审批"
    assert params["body"] == "李小样与王小样已商量好。  \n请留意：一周超过44小时"
    assert json.loads(params["facts"]) == [
        {"label": "病区", "value": "重症医学科"},
        {"label": "李小样上", "value": "8月5日(周三) 大夜"},
    ]
    assert params["facts_text"] == "**病区**：重症医学科  \n**李小样上**：8月5日(周三) 大夜"
    assert json.loads(params["buttons"]) == [
        {"id": "swaps.approve", "text": "批准", "style": "primary"},
        {"id": "swaps.refuse", "text": "不批准", "style": "danger"},
    ]
    assert (params["button2_text"], params["button2_verb"], params["button2_show"]) == (
        "不批准",
        "swaps.refuse",
        "true",
    )
    assert (params["button3_verb"], params["button3_show"]) == ("", "false")
    assert json.loads(params["selects"]) == [
        {
            "key": "reason",
            "title": "理由",
            "many": False,
            "options": [{"id": "none", "text": "不选"}, {"id": "short", "text": "人手不足"}],
            "chosen": "",
        }
    ]
    assert params["closed"] == params["notice"] == params["link_url"] == ""


def test_one_choice_beside_two_buttons_asks_for_the_button_in_the_form() -> None:
    params = card_params(APPROVAL)
    decision, reason = json.loads(params["form"])["fields"]
    assert decision["name"] == "action"
    assert [option["value"] for option in decision["options"]] == ["swaps.approve", "swaps.refuse"]
    assert (reason["name"], reason["type"]) == ("reason", "SELECT")
    assert (params["form_show"], params["form_status"], params["form_verb"]) == (
        "true",
        "normal",
        "",
    )


def test_many_choices_are_sent_in_by_the_first_button_alone() -> None:
    pick = Select("days", "哪几天", (Option("1", "周一"), Option("2", "周二")), many=True)
    params = card_params(replace(APPROVAL, selects=(pick,)))
    assert (params["form_button"], params["form_verb"]) == ("批准", "swaps.approve")
    assert json.loads(params["form"])["fields"][0]["type"] == "MULTI_SELECT"
    assert params["button1_show"] == "false"


def test_a_closed_card_leaves_nothing_to_tap() -> None:
    params = card_params(replace(APPROVAL, closed="赵护士长已批准 14:05"))
    assert params["closed"] == "赵护士长已批准 14:05"
    assert params["buttons"] == params["selects"] == "[]"
    assert params["button1_show"] == params["form_show"] == "false"
    assert params["form_status"] == "disabled"


def test_a_closed_card_has_the_same_variables_as_an_open_one() -> None:
    """An update by key must overwrite everything the open card showed."""
    assert card_params(APPROVAL).keys() == card_params(Card("旧", closed="已过期")).keys()


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("[点我](dtmd://dingtalkclient/sendMessage?content=x)", "［点我］(dtmd："),
        ("# 大标题", "＃ 大标题"),
        ("好\n# 通知", "＃ 通知"),
        ("- 一条", "－ 一条"),
        ("1. 一条", "1． 一条"),
        ("标题\n===", "＝=="),
        ("见 https://example.com/x", "https：//example.com/x"),
        ("<font color=red>急</font>", "＜font"),
        ("@all 开会", "＠all"),
        ("**粗**", "＊＊粗＊＊"),
        ("dtmd: x", "dtmd： x"),
    ],
)
def test_data_forges_no_markup(value: str, shown: str) -> None:
    params = card_params(Card("题", body=value, facts=(Fact("备注", value),)))
    assert shown in params["body"]
    for rendered in (params["body"], params["facts_text"], params["facts"]):
        assert "](" not in rendered
        assert "dtmd:" not in rendered
        assert "://" not in rendered


def test_what_is_cut_is_said() -> None:
    params = card_params(
        Card("题", body="很长" * 500, facts=tuple(Fact("项目", "值" * 30) for _ in range(20)))
    )
    assert params["body"].endswith("…（内容较长，后面略去）")
    facts = json.loads(params["facts"])
    assert facts[-1] == {"label": "…", "value": f"另有{21 - len(facts)}项未显示"}


def test_options_are_shortened_before_a_card_is_refused() -> None:
    options = tuple(Option(str(n), f"第{n}个选项，说明写得相当长相当长相当长") for n in range(12))
    card = replace(APPROVAL, selects=(Select("reason", "理由", options),))
    assert len(json.loads(card_params(card)["selects"])[0]["options"]) == 12
    many = tuple(Option(f"option-{n}", "说明") for n in range(60))
    with pytest.raises(SendFailed) as refused:
        card_params(replace(APPROVAL, selects=(Select("reason", "理由", many),)))
    assert refused.value.failure is Failure.REQUEST


@pytest.mark.parametrize(
    "card",
    [
        replace(APPROVAL, buttons=()),
        replace(APPROVAL, buttons=(Button("好", "a"), Button("行", "a"))),
        replace(APPROVAL, buttons=tuple(Button("好", f"v{n}") for n in range(5))),
        replace(APPROVAL, buttons=(Button("字" * 21, "a"),)),
        replace(APPROVAL, link=Link("看", "javascript:alert(1)")),
    ],
)
def test_what_cannot_be_shown_whole_is_refused(card: Card) -> None:
    with pytest.raises(SendFailed) as refused:
        card_params(card)
    assert refused.value.failure is Failure.REQUEST


@given(st.text(), st.text(), st.text())
def test_whatever_is_said_every_value_fits(title: str, body: str, note: str) -> None:
    params = card_params(Card(title, body=body, facts=(Fact(note[:20], note),), closed=note))
    for key, value in params.items():
        assert len(key.encode()) <= limits.CARD_KEY_BYTES
        assert len(value.encode()) <= limits.CARD_VALUE_BYTES
        assert "](" not in value
    assert params["source"] == ""
