"""The sample's sheets about staff: licences in both shapes, staffing minimums, leave and wishes.

Days are counted from the day the books are opened: of the ICU's nurses each stands on another
rung of the ladder of a nurse's licence.
"""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

from bot.sample import CARDIOLOGY, ICU, PEOPLE, SamplePerson
from services.import_drafts import StaffingKind
from services.sheet_imports import SheetImports
from services.sheets.cells import CellValue
from services.sheets.dates import weekday_name
from services.sheets.samples import write_staff_list

LONG_HEAD = (
    "序号",
    "科室",
    "工号",
    "姓名",
    "证书类型",
    "证书编号",
    "发证机关",
    "首次注册日期",
    "本次发证/延续日期",
    '有效期至(或"长期")',
    "执业地点",
    "最近一次考核日期",
    "备注",
)
WIDE_HEAD = ("工号", "姓名", "资格证编号", "执业证编号", "注册有效期", "BLS有效期至")
MINIMUM_HEAD = ("病区", "班次", "最少", "星期", "最低层级", "其中人数")
WISH_HEAD = ("姓名", "工号", "类别", "起", "止")
_ISSUER, _PLACE = "示例省卫生健康委员会", "示例医院"
_FAR = 700  # days: nothing to do
# User id → days until the nurse's licence ends: the rungs 60, 30, 15, 7, 0 and those after the
# deadline, which lies 30 days before the end; 吴 was forgotten.
_ENDS = {
    "li": 90,
    "wang": 60,
    "zhang": 45,
    "liu": 37,
    "chen": 30,
    "yang": 14,
    "huang": 7,
    "zhou": 0,
    "wu": -1,
}
_LIFE_SUPPORT = {"wang": 400, "yang": 60, "xu": 30, "sun": 7}  # BLS
GAP_IN = 2  # days: then the ICU needs one more in the evening than it has


def sheets(today: date) -> dict[StaffingKind, list[tuple[str, bytes]]]:
    """Kind → file names and bytes, for a hospital that opens its books on this day."""
    return {
        StaffingKind.LICENCES: [
            (f"{ICU}证照名单.xlsx", write_staff_list(_long(today), LONG_HEAD)),
            (f"{CARDIOLOGY}证照名单.xlsx", write_staff_list(_wide(today), WIDE_HEAD)),
        ],
        StaffingKind.MINIMUMS: [
            ("各病区最低人数.xlsx", write_staff_list(_minimums(today), MINIMUM_HEAD))
        ],
        StaffingKind.WISHES: [("休假和愿望.xlsx", write_staff_list(_wishes(today), WISH_HEAD))],
    }


def write_sheets(folder: Path, today: date) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for files in sheets(today).values():
        for name, data in files:
            (folder / name).write_bytes(data)


async def import_sheets(imports: SheetImports, today: date) -> None:
    """All of them, as a hospital would; raises ValueError for a sheet refused."""
    for kind, files in sheets(today).items():
        for name, data in files:
            draft = await imports.draft(kind, data, name)
            if not draft.applicable:
                raise ValueError(f"{name}: {'; '.join(draft.errors)}")
            await imports.apply(draft, "demo")


def _long(today: date) -> list[Sequence[CellValue]]:
    rows: list[tuple[CellValue, ...]] = []
    for person in _of(ICU):
        end = today + timedelta(days=_ENDS.get(person.userid, _FAR))
        begun = _years_before(end, 5) + timedelta(days=1)
        rows.append(_licence(person, "护士执业证", begun, end.isoformat()))
        if days := _LIFE_SUPPORT.get(person.userid):
            end = today + timedelta(days=days)
            rows.append(_licence(person, "BLS", _years_before(end, 2), f"{end:%Y/%m/%d}"))
    head = next(person for person in PEOPLE if person.userid == "zhao")
    end = today + timedelta(days=_FAR)
    rows.append(_licence(head, "护士执业证书", None, f"至{end:%Y.%m}"))
    rows.append(_licence(head, "护士资格证", None, "长期"))
    return [(number, ICU, *row) for number, row in enumerate(rows, 1)]


def _licence(person: SamplePerson, kind: str, begun: date | None, end: str) -> tuple[str, ...]:
    first = _years_before(begun, 5).isoformat() if begun and "护士" in kind else ""
    issuer, place = (_ISSUER, _PLACE) if "护士" in kind else ("", "")
    number = f"样{person.staff_no[1:]}{len(kind)}"
    issued = begun.isoformat() if begun else ""
    return (
        person.staff_no,
        person.name,
        kind,
        number,
        issuer,
        first,
        issued,
        end,
        place,
        "",
        "",
    )


def _wide(today: date) -> list[Sequence[CellValue]]:
    rows = []
    for index, person in enumerate(_of(CARDIOLOGY)):
        end = today + timedelta(days=_FAR + 60 * index)
        written = (f"{end:%Y.%m}", f"{end:%Y年%m月%d日}", f"{end:%Y%m%d}", f"{end:%y.%m.%d}")
        rows.append(
            (
                person.staff_no,
                person.name,
                f"样资{person.staff_no[1:]}",
                f"样执{person.staff_no[1:]}",
                written[index % 4],
                f"{today + timedelta(days=_FAR):%Y/%m}" if index % 2 else "",
            )
        )
    return list(rows)


def _minimums(today: date) -> list[Sequence[CellValue]]:
    """Fewer than the wards have, but for one evening."""
    short = today + timedelta(days=GAP_IN)
    others = [day for day in range(7) if day != short.weekday()]
    rest = "、".join(weekday_name(day) for day in others)
    return [
        (ICU, "A", 3, "每天", "N2", 1),
        (ICU, "P", 1, rest, "", ""),
        (ICU, "P", 3, weekday_name(short.weekday()), "", ""),
        (ICU, "N", 1, "每天", "", ""),
        (CARDIOLOGY, "白", 2, "每天", "", ""),
        (CARDIOLOGY, "小夜", 1, "每天", "", ""),
        (CARDIOLOGY, "夜间", 1, "每天", "", ""),
    ]


def _wishes(today: date) -> list[Sequence[CellValue]]:
    """For the month after the next one, whose roster is not written yet."""
    year, month = divmod(today.year * 12 + today.month + 1, 12)
    first = date(year, month + 1, 1)
    last = first.replace(day=calendar.monthrange(first.year, first.month)[1])
    day = timedelta(days=1)
    return [
        ("李小样", "S1002", "年休", first + 7 * day, first + 11 * day),
        ("王小样", "S1003", "想休", first + 19 * day, ""),
        ("张小样", "S1004", "想休", last - day, last),
        ("刘小样", "S1005", "P", first + 14 * day, ""),
        ("朱小例", "S2002", "年休", first, first + 4 * day),
    ]


def _of(unit: str) -> list[SamplePerson]:
    return [person for person in PEOPLE if person.unit == unit and person.role == "护士"]


def _years_before(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:  # 29 February
        return date(day.year - years, 2, 28)
