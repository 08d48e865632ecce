"""The recruiting import over the seeded hospital, and sheets to feed it."""

from __future__ import annotations

from collections.abc import Sequence

from bot.wiring import Services
from services.import_drafts import Change, Kind, SheetDraft
from services.sheets.cells import CellValue
from services.sheets.export import write_csv
from tests.support.deciding import actor

POSTING_HEAD = (
    "岗位编号",
    "岗位",
    "科室",
    "类别",
    "负责人工号",
    "需带材料",
    "匹配要点",
    "联系人",
    "联系电话",
    "状态",
)
NURSE = (
    "HL-2026-01",
    "急诊科护士",
    "重症医学科",
    "护士",
    "S0001",
    "身份证、护士执业证书",
    "3年以上护理经验：您有{工作年限}年护理工作经验；您毕业于护理学相关的{专业}专业",
    "宋老师",
    "0512-60000000",
    "招聘中",
)
CANDIDATE_HEAD = ("姓名", "手机", "应聘岗位", "邮箱", "工作年限", "专业", "当前阶段", "来源")
ZHENG = ("郑小试", "13700000001", "急诊科护士", "zheng@example.com", "3", "护理学", "", "校招")
QIAN = ("钱小试", "13700000002", "HL-2026-01", "", "5", "护理学", "通过初筛", "")
SLOT_HEAD = ("岗位", "日期", "开始", "结束", "地点", "名额", "面试官", "分组")
TEN = ("急诊科护士", "2026-12-14", "10:00", "10:30", "行政楼3楼", "2", "赵小样", "")
ELEVEN = ("HL-2026-01", "2026-12-14", "11:00", "11:30", "行政楼3楼", "1", "S1001、李小样", "")


async def drafted(
    services: Services, kind: Kind, head: Sequence[str], *rows: Sequence[CellValue]
) -> SheetDraft:
    data = write_csv([head, *rows])
    return await services.recruiting.sheets.imports.draft(kind, data, "表.csv")


async def brought_in(
    services: Services, kind: Kind, head: Sequence[str], *rows: Sequence[CellValue]
) -> dict[Change, int]:
    """Draft and apply in the HR head's name; how many rows of each change."""
    draft = await drafted(services, kind, head, *rows)
    assert draft.applicable, draft.errors
    return dict(await services.recruiting.sheets.imports.apply(draft, await actor("song")))


async def a_nurse_post(services: Services) -> None:
    await brought_in(services, Kind.POSTINGS, POSTING_HEAD, NURSE)
