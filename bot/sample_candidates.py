"""Candidates of the sample hospital: two posts, invented people, slots on the coming working days.

Nobody is real: every name ends in 小试, the mails lie under example.com, and the numbers belong to
one invented range.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time

from bot.sample import CARDIOLOGY, ICU
from services.sheets.candidates import CandidateRow
from services.sheets.listing import ListWords
from services.sheets.postings import MatchRule, PostingRow
from services.sheets.recruiting_samples import write_candidates, write_postings, write_slots
from services.sheets.slots import SlotRow

RECRUITER, RECRUITER_ID = "S0002", "su"
NURSE, DOCTOR = "急诊科护士", "心内科医生"
OFFICE_PHONE = "0512-60000000"
ROOM, HALL = "行政楼3楼第二会议室", "行政楼7楼会议室"
DAYS = 4  # working days ahead on which there are slots


@dataclass(frozen=True, slots=True)
class SampleCandidate:
    """`story` is what the demo plays with them; `wechat` their id in customer service."""

    row: CandidateRow
    story: str
    wechat: str = ""

    @property
    def name(self) -> str:
        return self.row.name

    @property
    def phones(self) -> tuple[str, ...]:
        """The simulator's names of their phones."""
        found = (
            ("wechat", self.wechat),
            ("mail", self.row.email),
            ("sms", self.row.phone),
        )
        return tuple(f"{kind}:{value}" for kind, value in found if value)


def _candidate(
    number: int, name: str, userid: str, post: str, story: str, years: float, employer: str
) -> SampleCandidate:
    nurse = post == NURSE
    row = CandidateRow(
        number,
        name,
        f"1390009{number:04}",
        post,
        source="医院官网",
        degree="本科" if nurse else "硕士",
        major="护理学" if nurse else "内科学",
        school="示例医科大学",
        licence="yes",
        years=years,
        employer=employer,
        stage="shortlisted",
        email=f"{userid}@example.com",
        title="nurse" if nurse else "doctor",
    )
    return SampleCandidate(row, story, f"wmSAMPLE{userid}")


CANDIDATES: tuple[SampleCandidate, ...] = (
    _candidate(1, "田小试", "tian", NURSE, "invited", 3, "甲镇医院"),
    _candidate(2, "秦小试", "qin", NURSE, "chatting", 5, "乙县医院"),
    _candidate(3, "罗小试", "luo", NURSE, "choosing", 2, "丙区医院"),
    _candidate(4, "白小试", "bai", DOCTOR, "waiting", 6, "丁市医院"),
    _candidate(5, "石小试", "shi", DOCTOR, "rejection", 1, ""),
    _candidate(6, "江小试", "jiang", NURSE, "pool", 4, "戊镇医院"),
    _candidate(7, "万小试", "wan", DOCTOR, "new", 8, "己市医院"),
)

POSTINGS: tuple[PostingRow, ...] = (
    PostingRow(
        2,
        "HL-2026-01",
        NURSE,
        RECRUITER,
        ICU,
        "nurse",
        ("身份证", "护士执业证书", "毕业证书", "个人简历"),
        {
            "place": f"{ROOM}，从东门进，电梯到3楼右手边",
            "map": "https://map.example.com/sample-hospital",
            "parking": "地下车库停车2小时免费，出示面试邀请即可",
            "transport": "地铁2号线示例医院站3号口，步行5分钟",
            "phone": OFFICE_PHONE,
            "contact": "苏老师",
            "duration": "约30分钟",
            "dress": "便装即可，会有一项操作演示",
        },
        (
            MatchRule("2年以上急诊或重症经验", "您有{years}年护理经验"),
            MatchRule("护理专业", "您是{major}专业毕业"),
            MatchRule("持有护士执业证", "您已取得护士执业证"),
        ),
        "open",
    ),
    PostingRow(
        3,
        "YS-2026-02",
        DOCTOR,
        RECRUITER,
        CARDIOLOGY,
        "doctor",
        ("身份证", "医师执业证书", "学位证书", "个人简历"),
        {
            "place": f"{HALL}，请先到行政楼1楼大厅签到",
            "parking": "地下车库停车半天免费，出示面试邀请即可",
            "transport": "地铁2号线示例医院站3号口，步行5分钟",
            "phone": OFFICE_PHONE,
            "contact": "苏老师",
            "duration": "约半天，分组进行",
        },
        (
            MatchRule("硕士及以上", "您是{degree}学历"),
            MatchRule("3年以上内科经验", "您有{years}年内科工作经验"),
        ),
        "open",
    ),
)

# Post, which of the coming working days, from, minutes, seats, group.
_NURSE_SLOTS = (
    (0, time(9, 0), 1),
    (0, time(14, 30), 1),
    (1, time(10, 0), 1),
    (1, time(15, 0), 2),
    (2, time(9, 30), 1),
    (2, time(14, 30), 1),
    (3, time(14, 0), 2),
)
_DOCTOR_SLOTS = (
    (1, time(9, 0), "第1组"),
    (1, time(14, 0), "第2组"),
    (2, time(9, 0), "第3组"),
)


def slots(days: Sequence[date]) -> list[SlotRow]:
    """`days`: the coming `DAYS` working days, the first one tomorrow at the earliest."""
    nurse = [
        SlotRow(0, NURSE, days[at], start, 30, ROOM, seats, 0, ("赵小样",))
        for at, start, seats in _NURSE_SLOTS
    ]
    doctor = [
        SlotRow(0, DOCTOR, days[at], start, 150, HALL, 3, 0, ("梁小例",), group)
        for at, start, group in _DOCTOR_SLOTS
    ]
    return [*nurse, *doctor]


def sheets(words: Mapping[str, ListWords], days: Sequence[date]) -> dict[str, tuple[str, bytes]]:
    """What is to be imported, in order: the kind of sheet → file name and bytes (XLSX)."""
    rows = [one.row for one in CANDIDATES]
    return {
        "postings": ("招聘岗位.xlsx", write_postings(POSTINGS, words["postings"])),
        "candidates": ("候选人名单.xlsx", write_candidates(rows, words["candidates"])),
        "slots": ("面试时段.xlsx", write_slots(slots(days))),
    }


def named(name: str) -> SampleCandidate:
    return next(one for one in CANDIDATES if one.name == name)
