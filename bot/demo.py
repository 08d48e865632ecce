"""`make demo`: embedded database, the sample hospital, the simulator and the bot, at one go."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from bot import sample, sample_outside, sample_staffing
from bot.app import Bot, read_rules, running
from bot.demo_candidates import seed_candidates
from bot.demo_platform import DemoError, mail_port, simulator
from bot.sample_callouts import seed_call_outs
from bot.sample_platforms import CARD_TEMPLATE, WECOM_GROUP_KEY
from config.settings import Settings
from models import db
from models.clock import SHANGHAI, SystemClock
from models.groups import GroupDoor
from models.shift_codes import ShiftCodeTable
from services.actors import Actor, find
from services.rosters import Rosters

SHEETS, POLICIES = "sheets", "policies"
# A ward on each platform: unit → its head nurse there.
HEADS = {sample.ICU: ("wecom", "zhao"), sample.CARDIOLOGY: ("dingtalk", "liang")}


class DemoSettings(Settings):
    """Settings that nothing outside the demo can change: no environment, no file."""

    model_config = SettingsConfigDict(toml_file=None)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 -- given by position
        init_settings: PydanticBaseSettingsSource,
        *others: PydanticBaseSettingsSource,  # noqa: ARG003
        **named: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)


def settings_for(
    data: Path, host: str, port: int, sim: str, outside: Mapping[str, Any] | None = None
) -> Settings:
    """The demo's settings: nothing is read from the environment or a file of a real bot.

    `outside` are those of the ways to candidates.
    """
    return DemoSettings(
        database_url="",
        data_dir=data,
        host=host,
        port=port,
        hospital="示例医院",
        wecom_corp_id=sample.CORP_ID,
        wecom_agent_id=sample.AGENT_ID,
        wecom_secret=SecretStr(sample.SECRET),
        wecom_callback_token=SecretStr(sample.TOKEN),
        wecom_callback_aes_key=SecretStr(sample.AES_KEY),
        wecom_contacts_callback_token=SecretStr(sample.CONTACTS_TOKEN),
        wecom_contacts_callback_aes_key=SecretStr(sample.AES_KEY),
        wecom_api=sim,
        wecom_robot_id=sample.ROBOT_ID,
        wecom_robot_secret=SecretStr(sample.ROBOT_SECRET),
        wecom_robot_url=f"{sim.replace('http', 'ws', 1)}/wecom/robot",
        dingtalk_corp_id=sample.DING_CORP_ID,
        dingtalk_client_id=sample.DING_CLIENT_ID,
        dingtalk_client_secret=SecretStr(sample.DING_SECRET),
        dingtalk_agent_id=sample.DING_AGENT_ID,
        dingtalk_card_template=CARD_TEMPLATE,
        dingtalk_cards="all",
        dingtalk_api=sim,
        dingtalk_old_api=sim,
        clock_url=f"{sim}/sim/clock",
        samples_dir=data / SHEETS,
        **(outside or {}),
    )


async def seed(bot: Bot, rosters: Rosters) -> None:
    """People and both wards' rosters, through a hospital's own doors; what is there stays."""
    if not await db.fetch_value("SELECT EXISTS (SELECT 1 FROM persons)"):
        people = bot.services.people
        staff = sample.staff_list(sample.ONE_WARD_EACH)
        await people.apply(await people.draft(staff, "人员名单.xlsx"), "demo")
        await bot.services.directories.check.refresh("")
    for unit, (platform, userid) in HEADS.items():
        head = await find(platform, userid)
        assert head is not None
        assert head.unit_id is not None
        for name, data in ward_sheets(bot.settings.data_dir / SHEETS, unit):
            known = await db.fetch_value(
                "SELECT EXISTS (SELECT 1 FROM rosters WHERE source = $1 AND state = 'published')",
                name,
            )
            if not known:
                await _publish(rosters, head, head.unit_id, name, data)
    if not await db.fetch_value("SELECT EXISTS (SELECT 1 FROM licences)"):
        today = bot.clock.now().astimezone(SHANGHAI).date()
        await sample_staffing.import_sheets(bot.services.staffing_sheets.imports, today)
    await _welcome_newcomer(bot)
    await _bind_wecom_group(bot)


async def _welcome_newcomer(bot: Bot) -> None:
    """HR says that somebody of the ICU is new: her list and its owners' cards."""
    if await db.fetch_value("SELECT EXISTS (SELECT 1 FROM checklists)"):
        return
    head_of_hr = await find("wecom", sample.HR_HEAD)
    assert head_of_hr is not None
    today = bot.clock.now().astimezone(SHANGHAI).date()
    async with db.transaction():
        await bot.services.lists.entries.open(head_of_hr, sample.NEWCOMER, today)


async def _bind_wecom_group(bot: Bot) -> None:
    """WeCom's groups are bound by an operator; DingTalk's is left for its head nurse to bind."""
    if await db.fetch_value("SELECT EXISTS (SELECT 1 FROM unit_groups)"):
        return
    unit_id = await db.fetch_value("SELECT id FROM units WHERE name = $1", sample.ICU)
    door, secret = GroupDoor.WECOM_WEBHOOK, {"key": WECOM_GROUP_KEY}
    await bot.services.groups.bind("demo", unit_id, door, secret, f"{sample.ICU}通知群")


async def _publish(rosters: Rosters, head: Actor, unit_id: int, name: str, data: bytes) -> None:
    draft = await rosters.draft(head, unit_id, data, name)
    if draft.roster_id is None:
        raise DemoError(f"{name}: {'; '.join(draft.errors)}")
    await rosters.publish(head, draft.roster_id, override="示例数据" if draft.violations else "")


def ward_sheets(folder: Path, unit: str) -> list[tuple[str, bytes]]:
    """A ward's sheets that the demo publishes by itself: name and bytes."""
    return [(path.name, path.read_bytes()) for path in sorted(folder.glob(f"{unit}*班表.xlsx"))]


def write_sheets(folder: Path, today: date, codes: ShiftCodeTable) -> None:
    """The wards' sheets for this month and the next, and a changed one to import."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "人员名单.xlsx").write_bytes(sample.staff_list(sample.ONE_WARD_EACH))
    sample_staffing.write_sheets(folder / sample.NURSING, today)
    months = [(today.year, today.month), _next_month(today)]
    for unit in (sample.ICU, sample.CARDIOLOGY):
        for year, month in months:
            name = f"{unit}{year}年{month:02}月班表.xlsx"
            (folder / name).write_bytes(sample.month_sheet(unit, year, month, codes))
    year, month, changes = changed_days(today)
    data = sample.month_sheet(sample.ICU, year, month, codes, changes)
    (folder / f"{sample.ICU}{year}年{month:02}月改动.xlsx").write_bytes(data)


def changed_days(today: date) -> tuple[int, int, dict[tuple[str, date], str]]:
    """Year, month and a few changed cells that lie ahead and break no rule: leave on rest days."""
    year, month = (today.year, today.month) if today.day <= 24 else _next_month(today)
    first = max(today, date(year, month, 1)) + timedelta(days=2)
    days = [first + timedelta(days=offset) for offset in range(4)]
    nurses = [p for p in sample.PEOPLE if p.unit == sample.ICU and p.role == "护士"]
    changes = {
        (nurse.staff_no, day): "年休"
        for index, nurse in enumerate(nurses[:6])
        for day in days
        if sample.code_on(index, sample.ICU, day) == "A"
    }
    return year, month, changes


def _next_month(today: date) -> tuple[int, int]:
    return (today.year + 1, 1) if today.month == 12 else (today.year, today.month + 1)


async def prepare(data: Path) -> None:
    today = SystemClock().now().astimezone(SHANGHAI).date()
    codes = read_rules(DemoSettings(data_dir=data)).shift_codes
    write_sheets(data / SHEETS, today, codes)


@asynccontextmanager
async def demo(data: Path, host: str, port: int, sim_port: int) -> AsyncIterator[tuple[Bot, str]]:
    """The whole demo, running; yields the bot and the address of the phone page."""
    await prepare(data)
    async with simulator(data, sim_port, f"http://{host}:{port}") as sim:
        ways = sample_outside.settings(sim, await mail_port(sim), data / POLICIES)
        async with running(settings_for(data, host, port, sim, ways)) as bot:
            await seed(bot, bot.services.rosters)
            await seed_call_outs(bot.clock.now())
            await seed_candidates(bot, data / SHEETS, sim)
            yield bot, sim
