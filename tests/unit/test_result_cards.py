"""The cards after an interview: whole on both platforms, with every choice they offer."""

from __future__ import annotations

import pytest

from bot.platforms.dingtalk.cards import card_params
from bot.platforms.wecom import limits
from bot.platforms.wecom.cards import template_card
from message_templates.catalogue import Catalogue
from models.cards import Card

WORDS = Catalogue()
CHOICES = WORDS.words("scorecards/choices")
LONGEST = "阿依古丽·买买提江·阿不都热西提"


def score_card(name: str = LONGEST) -> Card:
    facts = WORDS["scorecards/request"].sample | {
        "name": name,
        "levels": CHOICES["levels"],
        "verdicts": CHOICES["verdicts"],
    }
    return WORDS.card("scorecards/request", facts)


def test_the_score_card_asks_three_things_on_wecom() -> None:
    body = template_card(score_card(), task_id="t")
    assert body["card_type"] == "multiple_interaction"
    selects = body["select_list"]
    assert isinstance(selects, list)
    assert [select["title"] for select in selects] == ["专业", "沟通", "结论"]
    assert [len(select["option_list"]) for select in selects] == [10, 10, 5]
    head = body["main_title"]
    assert isinstance(head, dict)
    assert f"请给{LONGEST}评分" in head["desc"]  # the title is short there
    assert "…" not in str(head["desc"]) + str(selects)


def test_the_score_card_fits_dingtalks_template_with_all_options_unshortened() -> None:
    params = card_params(score_card())
    for level in CHOICES["levels"]:
        assert params["form"].count(f'"{level["text"]}"') >= 2
    for verdict in CHOICES["verdicts"]:
        assert f'"{verdict["text"]}"' in params["form"]
    assert params["form_button"] == "提交"


def test_the_first_option_of_each_choice_says_nothing() -> None:
    """Both platforms send the first option of what nobody touched."""
    for name in ("levels", "verdicts"):
        assert CHOICES[name][0]["id"] == "none"
    for card in (score_card(), WORDS.card("outcomes/approval", WORDS["outcomes/approval"].sample)):
        assert {select.options[0].id for select in card.selects} == {"none"}


def test_the_keys_of_the_card_are_those_that_are_read() -> None:
    keys = {select.key for select in score_card().selects}
    assert keys == {*CHOICES["dimensions"], "verdict"}
    known = {choice["id"] for choice in CHOICES["verdicts"]}
    assert set(CHOICES["words"]) == known - {"none"}


@pytest.mark.parametrize("kind", ["rejected", "passed"])
@pytest.mark.parametrize("early", [False, True])
def test_an_approval_card_is_shown_whole_on_wecom(kind: str, early: bool) -> None:
    facts = WORDS["outcomes/approval"].sample | {
        "kind": kind,
        "early": early,
        "address": LONGEST,
        "post": "重症医学科体外膜肺氧合专科护士",
        "reasons": WORDS.words("outcomes/reasons")["refuse"],
    }
    card = WORDS.card("outcomes/approval", facts)
    body = template_card(card, task_id="t")
    assert "…" not in str(body)
    assert len(card.body) <= limits.SUB_TITLE_CHARS
    assert card_params(card)["body"].endswith(card.body[-4:])


def test_after_erasure_the_card_still_says_how_it_ended() -> None:
    """Nothing of the candidate is left in it."""
    card = WORDS.card(
        "outcomes/approval",
        {
            "state": "withdrawn",
            "reason": "",
            "decider": "",
            "decided_at": None,
            "expires_at": None,
            "reasons": [],
        },
    )
    assert card.closed == "申请人已撤回"
    assert card.facts == ()
    assert "应聘者" in card.title
