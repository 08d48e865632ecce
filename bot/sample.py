"""The sample hospital of demo and tests: invented people, two wards, real sheet forms."""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from models.shift_codes import ShiftCodeTable
from services.sheets.samples import SampleRow, write_month_matrix, write_staff_list

CORP_ID = "ww5a1e2b3c4d5f6071"
AGENT_ID = 1000002
SECRET = "sample-secret-of-no-real-app"  # noqa: S105 -- the simulator's, not anybody's
TOKEN = "sampletoken"  # noqa: S105
CONTACTS_AGENT_ID = 2000002
CONTACTS_TOKEN = "samplecontacts"  # noqa: S105
AES_KEY = "c2FtcGxlIGtleSBvZiB0aGUgc2ltdWxhdG9yIG9ubHk"

DING_CORP_ID = "ding5a1e2b3c4d5f6071"
DING_CLIENT_ID = "dingsampleapp"
DING_SECRET = "ding-secret-of-no-real-app"  # noqa: S105
DING_AGENT_ID = 3000001
ROBOT_ID = "aibsamplebot"
ROBOT_SECRET = "robot-secret-of-no-real-bot"  # noqa: S105

STAFF_HEAD = (
    "工号",
    "姓名",
    "护士层级",
    "职务",
    "手机",
    "病区",
    "企业微信userid",
    "钉钉userid",
    "系统角色",
    "技能",
    "到院分钟",
)
PLATFORMS = ("wecom", "dingtalk")
HR_HEAD, NEWCOMER = "song", "吴小样"
ICU = "重症医学科"
CARDIOLOGY = "心内科"
OFFICE = "人事科"
NURSING = "护理部"
UNITS = (OFFICE, ICU, CARDIOLOGY, NURSING)

# Unit → the platforms its people are on.
Places = Mapping[str, tuple[str, ...]]
ALL_ON_WECOM: Places = dict.fromkeys(UNITS, ("wecom",))
ALL_ON_DINGTALK: Places = dict.fromkeys(UNITS, ("dingtalk",))
ONE_WARD_EACH: Places = {
    OFFICE: ("wecom", "dingtalk"),
    NURSING: ("wecom", "dingtalk"),
    ICU: ("wecom",),
    CARDIOLOGY: ("dingtalk",),
}


@dataclass(frozen=True, slots=True)
class SamplePerson:
    """Nobody real: every given name means "sample"."""

    staff_no: str
    name: str
    userid: str
    unit: str
    level: str = ""
    duty: str = "护士"
    role: str = "护士"
    phone: str = ""
    skills: str = ""
    minutes: int | str = ""


# What a nurse of the ward can do, one after the other.
SKILLS = {
    ICU: ("重症、呼吸机", "重症", "重症、血透", "重症、急救"),
    CARDIOLOGY: ("护理", "急诊", "护理", "重症"),
}


def _nurses(
    unit: str, prefix: str, given: str, names: Sequence[tuple[str, str]]
) -> list[SamplePerson]:
    levels = ("N3", "N2", "N2", "N1")
    return [
        SamplePerson(
            f"{prefix}{index:03}",
            f"{surname}{given}",
            pinyin,
            unit,
            levels[index % 4],
            phone=f"139000{prefix[-1]}{index:04}",
            skills=SKILLS[unit][index % len(SKILLS[unit])],
            minutes=15 + index * 7 % 50,
        )
        for index, (surname, pinyin) in enumerate(names, start=2)
    ]


PEOPLE: tuple[SamplePerson, ...] = (
    SamplePerson("S0001", "宋小范", "song", OFFICE, "", "人事科长", "人事科长", "13900000001"),
    SamplePerson("S0002", "苏小聘", "su", OFFICE, "", "招聘专员", "主管", "13900000002"),
    SamplePerson("S0003", "秦小护", "qin", NURSING, "N4", "护理部主任", "主管", "13900000003"),
    SamplePerson("S1001", "赵小样", "zhao", ICU, "N4", "护士长", "护士长", "13900010001"),
    *_nurses(
        ICU,
        "S1",
        "小样",
        [
            ("李", "li"),
            ("王", "wang"),
            ("张", "zhang"),
            ("刘", "liu"),
            ("陈", "chen"),
            ("杨", "yang"),
            ("黄", "huang"),
            ("周", "zhou"),
            ("吴", "wu"),
            ("徐", "xu"),
            ("孙", "sun"),
            ("马", "ma"),
        ],
    ),
    SamplePerson("S2001", "梁小例", "liang", CARDIOLOGY, "N4", "护士长", "护士长", "13900020001"),
    *_nurses(
        CARDIOLOGY,
        "S2",
        "小例",
        [
            ("朱", "zhu"),
            ("胡", "hu"),
            ("郭", "guo"),
            ("何", "he"),
            ("高", "gao"),
            ("林", "lin"),
        ],
    ),
)

# Two mornings, an evening, rest, a night from midnight, rest: no rest rule is broken.
CYCLES = {
    ICU: ("A", "A", "P", "休", "N", "休"),
    CARDIOLOGY: ("白", "白", "小夜", "休", "大夜", "休"),
}


def staff_list(places: Places = ALL_ON_WECOM) -> bytes:
    """The staff list as the HR office keeps it, with what a call-out asks for."""
    rows = [
        (
            p.staff_no,
            p.name,
            p.level,
            p.duty,
            p.phone,
            p.unit,
            *(p.userid if platform in places[p.unit] else "" for platform in PLATFORMS),
            p.role,
            p.skills,
            p.minutes,
        )
        for p in PEOPLE
    ]
    return write_staff_list(rows, STAFF_HEAD)


def code_on(person_index: int, unit: str, day: date) -> str:
    """What the cycle gives on a day; the same whatever month it is asked for."""
    cycle = CYCLES[unit]
    return cycle[(day.toordinal() + person_index) % len(cycle)]


def month_rows(unit: str, year: int, month: int) -> list[SampleRow]:
    last = calendar.monthrange(year, month)[1]
    days = [date(year, month, 1) + timedelta(days=offset) for offset in range(last)]
    nurses = [person for person in PEOPLE if person.unit == unit and person.role == "护士"]
    return [
        SampleRow(
            person.staff_no,
            person.name,
            person.level,
            {day: code_on(index, unit, day) for day in days},
        )
        for index, person in enumerate(nurses)
    ]


def month_sheet(
    unit: str,
    year: int,
    month: int,
    codes: ShiftCodeTable,
    changes: dict[tuple[str, date], str] | None = None,
) -> bytes:
    """A ward's month matrix as XLSX; `changes` are (staff number, day) → another code."""
    rows = month_rows(unit, year, month)
    for row in rows:
        for (staff_no, day), code in (changes or {}).items():
            if row.staff_no == staff_no:
                row.cells[day] = code  # type: ignore[index] # a dict made just above
    return write_month_matrix(unit, year, month, rows, codes, with_numbers=True)
