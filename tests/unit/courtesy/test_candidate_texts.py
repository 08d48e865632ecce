"""Invitation and rejection: nothing blank leaves, one date says its weekday, and who is who."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from message_templates.catalogue import Catalogue
from message_templates.errors import TemplateError
from models.cards import Text
from models.clock import SHANGHAI
from services.candidate_facts import (
    FactsMissing,
    InvitationFacts,
    RejectionFacts,
    complete,
    facts_for,
)
from services.salutation import Work, address, load_address_rules
from tests.unit.courtesy.cases import RAW

CATALOGUE = Catalogue()
ADDRESS = load_address_rules(RAW["address"])
INVITATION = InvitationFacts(
    address="李护士",
    hospital="示例医院",
    office="人事处",
    sender="测试乙",
    post="急诊科护士",
    match_points=("您有3年急诊科护士经验", "持有护士执业证书"),
    starts=datetime(2023, 10, 18, 2, 0, tzinfo=UTC),
    place="行政楼3楼会议室",
    documents=("身份证", "护士执业证书"),
    contact="测试乙",
    phone="0512-60000000",
)
REJECTION = RejectionFacts(
    address="李医生",
    interviewed=datetime(2026, 11, 25, 10, 0, tzinfo=SHANGHAI),
    hospital="示例医院",
    post="心内科医生",
    strength="心血管疾病诊疗",
    requirement="需要轮值夜班",
    experience="以白班为主",
    keep_until=date(2027, 11, 25),
    office="人事处",
    phone="0512-60000000",
)


def invitation(facts: InvitationFacts) -> dict[str, object]:
    """What the template of a second invitation is given: the notice stands in the first only."""
    return {**facts_for(facts), "notice": ""}


def test_an_invitation_read_aloud() -> None:
    """The seed's Wednesday, 18 October 2023, 10:00, from one value."""
    assert CATALOGUE.text("interviews/invitation", invitation(INVITATION)) == Text(
        "李护士您好！我是示例医院人事处的测试乙。\n"
        "看了您应聘急诊科护士的简历，您有3年急诊科护士经验，持有护士执业证书，很符合岗位需要，"
        "想请您来院面试。\n"
        "时间：10月18日(周三)10:00\n"
        "地点：行政楼3楼会议室\n"
        "请带：身份证、护士执业证书\n"
        "联系人：测试乙，0512-60000000\n"
        "请问这个时间您方便吗？方便请回复1，想换时间请回复2。"
    )


@pytest.mark.parametrize("advice", ["", "建议您补充夜班经历，明年春天我们还会招聘。"])
def test_a_rejection_read_aloud(advice: str) -> None:
    facts = facts_for(replace(REJECTION, advice=advice))
    assert CATALOGUE.text("outcomes/drafts/rejection", facts) == Text(
        "李医生您好！\n"
        "感谢您11月25日(周三)来示例医院参加心内科医生的面试。"
        "您给面试组留下了很好的印象，尤其是心血管疾病诊疗。\n"
        "本次岗位需要轮值夜班，与您目前以白班为主的经历不完全匹配，因此这次未能录用，非常抱歉。\n"
        + (f"{advice}\n" if advice else "")
        + "如果您愿意，我们把您的简历保留到2027年11月25日，有合适的岗位会先联系您："
        "回复1同意，回复2立即删除。\n"
        "祝您工作顺利！\n"
        "示例医院人事处 0512-60000000"
    )


@pytest.mark.parametrize("blank", ["", "  ", "　", "\u200b\u200b", "XX", "____", "待定", "None"])
@pytest.mark.parametrize("name", ["address", "hospital", "sender", "post", "place", "phone"])
def test_a_blank_fact_is_named_and_nothing_is_rendered(name: str, blank: str) -> None:
    changes: dict[str, Any] = {name: blank}
    broken = replace(INVITATION, **changes)
    assert complete(broken) == (name,)
    with pytest.raises(FactsMissing) as refused:
        facts_for(broken)
    assert refused.value.names == (name,)


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({"match_points": ()}, ("match_points",)),
        ({"documents": ("身份证", " ")}, ("documents",)),
        ({"starts": datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None)}, ("starts",)),
        ({"contact": "", "office": ""}, ("office", "contact")),
        ({"contact": None}, ("contact",)),
    ],
)
def test_lists_instants_and_several_at_once(
    changes: dict[str, Any], missing: tuple[str, ...]
) -> None:
    assert complete(replace(INVITATION, **changes)) == missing


def test_only_the_advice_may_be_blank() -> None:
    assert complete(REJECTION) == ()
    assert complete(replace(REJECTION, strength="", requirement=" ")) == (
        "strength",
        "requirement",
    )


@pytest.mark.parametrize("name", ["interviews/invitation", "outcomes/drafts/rejection"])
def test_each_single_fact_is_demanded_by_the_template(name: str) -> None:
    sample = CATALOGUE[name].sample
    for key in sample:
        with pytest.raises(TemplateError):
            CATALOGUE[name].render({k: v for k, v in sample.items() if k != key})


def test_the_same_case_reads_the_same_from_two_senders() -> None:
    one = CATALOGUE.text("interviews/invitation", invitation(INVITATION)).content
    two = CATALOGUE.text(
        "interviews/invitation", invitation(replace(INVITATION, sender="测试丙", contact="测试丙"))
    ).content
    assert one.replace("测试乙", "测试丙") == two


@pytest.mark.parametrize(
    ("name", "work", "stated", "expected"),
    [
        ("李一", Work.DOCTOR, "", "李医生"),
        ("李一", Work.DOCTOR, "ms", "李医生"),
        ("王二", Work.NURSE, "", "王护士"),
        ("王二", Work.NURSE, "teacher", "王老师"),
        ("张三", Work.OTHER, "", "张三"),
        ("张三", Work.OTHER, "ms", "张女士"),
        ("张三", Work.OTHER, "mr", "张先生"),
        ("欧阳一一", Work.OTHER, "mr", "欧阳先生"),
        ("欧阳一", Work.DOCTOR, "", "欧阳医生"),
        ("欧阳", Work.DOCTOR, "", "欧医生"),
        ("张 三", Work.DOCTOR, "", "张医生"),
        ("阿依古丽·买买提", Work.NURSE, "", "阿依古丽·买买提"),
        ("Anna Smith", Work.DOCTOR, "ms", "Anna Smith"),
        ("李", Work.DOCTOR, "", "李"),
        ("张三", Work.OTHER, "unknown", "张三"),
    ],
)
def test_how_somebody_is_addressed(name: str, work: Work, stated: str, expected: str) -> None:
    assert address(name, work, stated, ADDRESS) == expected


def test_a_blank_name_and_a_missing_title_are_refused() -> None:
    with pytest.raises(ValueError, match="blank"):
        address(" 　", Work.DOCTOR, "", ADDRESS)
    with pytest.raises(ValueError, match="nurse"):
        load_address_rules({key: word for key, word in RAW["address"].items() if key != "nurse"})
