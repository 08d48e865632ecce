"""The courtesy check: its score on labelled texts, its exact words, and what it must not miss."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from message_templates.catalogue import Catalogue
from services.courtesy import check_question, check_rejection, describe_finding
from services.courtesy_rules import load_courtesy_rules
from tests.unit.courtesy.cases import ABOUT, RAW, RULES, TEXTS, Case, cases, decent

LABELLED = tuple(cases())
PROTECTED_NAMES = {rule.name for rule in RULES.protected}
PROTECTED = tuple(case for case in LABELLED if case.rule in PROTECTED_NAMES)
DEMANDED = 0.97


def test_the_score_on_labelled_texts(capsys: pytest.CaptureFixture[str]) -> None:
    wrong = [case for case in LABELLED if not case.is_right()]
    score = 1 - len(wrong) / len(LABELLED)
    with capsys.disabled():
        print(f"\ncourtesy: {len(LABELLED) - len(wrong)} of {len(LABELLED)} right ({score:.1%})")
        for case in wrong:
            print(f"  {case.rule or 'accept'}: {case.text} {case.findings()}")
    assert len(LABELLED) >= 150
    assert score >= DEMANDED


@pytest.mark.parametrize("case", PROTECTED, ids=lambda case: f"{case.rule}-{case.text[-12:]}")
def test_no_text_about_a_protected_attribute_passes(case: Case) -> None:
    assert case.rule in {finding.rule for finding in case.findings()}


def test_every_rule_has_texts_and_a_case() -> None:
    rules = {rule.name for rule in (*RULES.protected, *RULES.wording)}
    raised = rules | {
        "vague", "thanks_missing", "strength_missing", "strength_vague", "reason_missing",
        "reason_not_job", "result_missing", "name_missing", "name_wrong", "date_missing",
        "date_wrong", "weekday_wrong", "placeholder", "too_long",
    }  # fmt: skip
    results = {"choice_missing", "answer_by_missing", "contact_missing"}  # services/outcome_text
    assert set(TEXTS["said"]) == raised | results
    assert set(TEXTS["sources"]) == PROTECTED_NAMES | {"courtesy"}
    suggested = raised - PROTECTED_NAMES | {"protected", "question"}
    assert set(TEXTS["suggestions"]) == suggested | results
    untested = {"too_long", "strength_vague", "reason_not_job"}  # below
    assert {case.rule for case in LABELLED} - {""} == raised - untested


def said(text: str) -> list[str]:
    return [describe_finding(finding, TEXTS) for finding in check_rejection(text, ABOUT, RULES)]


@pytest.mark.parametrize(
    ("sentence", "words"),
    [
        (
            "您目前怀 孕，夜班不便。",
            "“怀 孕”提到了怀孕、生育或子女。依据：妇女权益保障法第四十三条。"
            "请删去，只写与岗位工作有关的原因。",
        ),
        (
            "本岗位要求３５岁以下。",
            "“３５岁以下”提到了年龄。依据：就业促进法未列明，但常有争议，本院一律不写。"
            "请删去，只写与岗位工作有关的原因。",
        ),
        (
            "您被淘汰了。",
            "“淘汰”会伤人。依据：本院候选人沟通规范。请改成中性的话，说明岗位需要什么。",
        ),
        (
            "我们暂时不能录用您。",
            "“暂时不能录用”让结果说得含糊。依据：本院候选人沟通规范。请直接说“这次未能录用”。",
        ),
        (
            "您11月26日也来过。",
            "“11月26日”不是这次面试的日期，应当是11月25日。依据：本院候选人沟通规范。请改正日期。",
        ),
        (
            "记得是11月25日(周四)。",
            "“11月25日(周四)”的星期不对，应当是周三。依据：本院候选人沟通规范。请改正星期。",
        ),
    ],
)
def test_a_finding_in_words(sentence: str, words: str) -> None:
    assert said(decent(extra=sentence)) == [words]


def test_a_wrong_name_a_question_and_a_long_text_in_words() -> None:
    assert said(decent(greeting="王护士您好：")) == [
        "称呼写成了“王护士”，应当是“李护士”。依据：本院候选人沟通规范。请改正称呼。"
    ]
    finding = check_question("您结婚了吗？", RULES)[0]
    assert describe_finding(finding, TEXTS, question=True) == (
        "“结婚”提到了婚恋。依据：妇女权益保障法第四十三条。"
        "请不要问。只问与岗位工作有关的经历、资质和到岗时间。"
    )
    assert said("好" * 2001) == ["文字超过2000个字。依据：本院候选人沟通规范。请写得短一些。"]
    assert check_question("好" * 2001, RULES)[0].rule == "too_long"


def test_a_strength_and_a_reason_that_say_nothing() -> None:
    empty = replace(ABOUT, strength="综合素质")
    found = check_rejection(decent(strength="您的综合素质很好。"), empty, RULES)
    assert [finding.rule for finding in found] == ["strength_vague"]
    idle = replace(ABOUT, reason="不太合适")
    found = check_rejection(decent(reason="您不太合适，"), idle, RULES)
    assert {finding.rule for finding in found} == {"reason_not_job", "vague"}


@pytest.mark.parametrize("name", ["王胜男", "李孕", "张亚男"])
def test_a_name_is_no_attribute(name: str) -> None:
    about = replace(ABOUT, name=name, address=name)
    text = decent(greeting=f"{name}您好：")
    assert check_rejection(text, about, RULES) == ()


def test_a_hospital_is_no_attribute_but_only_as_an_institution() -> None:
    about = replace(ABOUT, hospital="回族自治州婚育医院")
    text = decent(close="祝您工作顺利。回族自治州婚育医院")
    assert check_rejection(text, about, RULES) == ()
    sneaky = replace(ABOUT, hospital="已婚")
    assert check_rejection(decent(extra="您已婚。"), sneaky, RULES)


def test_the_shipped_rejection_is_decent() -> None:
    template = Catalogue()["outcomes/drafts/rejection"]
    facts = template.sample | {"address": "李医生", "strength": "心血管疾病诊疗"}
    text = str(getattr(template.render(facts), "content", ""))
    about = replace(
        ABOUT,
        name="李一",
        address="李医生",
        strength="心血管疾病诊疗",
        reason="需要轮值夜班",
        interviewed=date(2026, 11, 25),
        days=(date(2027, 11, 25),),
    )
    assert check_rejection(text, about, RULES) == ()


@given(
    st.sampled_from([case for case in PROTECTED if not case.question]),
    st.sampled_from([" ", "　", "\u200b", "·", "*", "😀", "\n", "_"]),
)
def test_decoration_between_characters_hides_nothing(case: Case, between: str) -> None:
    """Every character of the added sentence is parted from the next by one and the same mark."""
    sentence = case.text.removeprefix(decent().partition("本次岗位")[0]).partition(
        "本次岗位需要轮"
    )[0]
    if re.search(r"[0-9a-zA-Z０-９Ａ-Ｚ]", sentence):
        return  # a mark between digits is a date's or a number's own
    spread = between.join(sentence)
    found = {finding.rule for finding in check_rejection(decent(extra=spread), ABOUT, RULES)}
    assert case.rule in found


@given(st.text(max_size=60))
def test_any_text_is_judged_and_what_is_quoted_stands_in_it(text: str) -> None:
    for finding in check_rejection(text, ABOUT, RULES):
        for word in finding.words:
            plain = " ".join(text.split())
            assert word in plain or word in text.lower()


@pytest.mark.parametrize(
    ("table", "named"),
    [
        ({"protected": {"sex": {"patterns": ["("]}}}, r"sex: '\('"),
        ({"protected": {"sex": {"patterns": "男"}}}, "list of texts"),
        ({"protected": {"sex": "男"}}, "no table"),
        ({"characters": {"traditional": "歲", "simplified": ""}}, "differ in length"),
    ],
)
def test_wrong_data_is_named(table: dict[str, object], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        load_courtesy_rules({**RAW, **table})  # type: ignore[dict-item]


@pytest.mark.parametrize("unit", ["·", "您·", "您的", "1", "没", "可能", "十月", "2026-"])
def test_a_hostile_text_is_judged_at_once(unit: str) -> None:
    started = time.process_time()
    check_rejection((unit * 2000)[:2000], ABOUT, RULES)
    assert time.process_time() - started < 1
