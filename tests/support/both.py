"""A hospital with a ward on each platform, and an HR head who is on both."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from aiohttp import ClientSession
from pydantic import SecretStr

from bot import database, sample, sample_platforms
from bot.app import read_rules
from bot.demo import HEADS, DemoSettings
from bot.wiring import build
from config.settings import Settings
from models import sealed
from models.clock import ManualClock
from services.actors import find
from simulator.hospital import parse
from simulator.serve import running as simulator_running
from simulator.state import Simulator
from tests.support.hospital import (
    KEY,
    RING,
    START,
    Hospital,
    Platform,
    dingtalk_settings,
    wecom_settings,
)
from tests.support.patience import DING, PATIENT, patient_bot
from tests.support.waiting import eventually

# Phones go by the simulator's names here: `song` is WeCom's, `dingtalk:song` the other one.
BOTH = Platform("both", sample.ONE_WARD_EACH)


def both_settings(url: str, sim: str, data: Path, **own: object) -> Settings:
    plain = DemoSettings(
        database_url=url,
        data_dir=data,
        port=0,
        hospital="示例医院",
        encryption_keys=SecretStr(KEY),
        clock_url=f"{sim}/sim/clock" if sim else "",
        **wecom_settings(sim),
        **dingtalk_settings(sim),
    )
    return plain.model_copy(update=own)


async def fill_both(url: str) -> None:
    """Everybody where the demo has them, and both wards' December, published on Monday."""
    await database.migrate(url)
    sealed.install(RING)
    rules = read_rules(both_settings(url, "", Path("var/tests")))
    async with database.opened(url, shared=False):
        services = build(rules, ManualClock(START))
        draft = await services.people.draft(sample.staff_list(BOTH.places), "人员名单.xlsx")
        await services.people.apply(draft, "test")
        for unit, (platform, userid) in HEADS.items():
            head = await find(platform, userid)
            assert head is not None
            assert head.unit_id is not None
            data = sample.month_sheet(unit, 2026, 12, rules.shift_codes)
            read = await services.rosters.draft(head, head.unit_id, data, f"{unit}十二月.xlsx")
            assert read.roster_id is not None, read.errors
            await services.rosters.publish(head, read.roster_id, override="示例数据")


@asynccontextmanager
async def both_platforms(url: str, data: Path, **own: object) -> AsyncIterator[Hospital]:
    """One simulator, one bot, both ways in. A call that is held is held until the bot gives up."""
    world: dict[str, Any] = sample_platforms.simulated("http://127.0.0.1:9/", places=BOTH.places)
    pace = replace(PATIENT, ding=replace(DING, again=0.2))
    sim = Simulator(parse(world), now=START, pace=pace)
    async with simulator_running(sim) as served:
        address = served.rstrip("/")
        settings = both_settings(url, address, data, **own)
        async with patient_bot(settings, sim) as bot, ClientSession() as session:
            hospital = Hospital(address, session, bot, sim, BOTH)
            door = f"http://127.0.0.1:{bot.port}/callbacks/wecom/main"
            keys = {"url": door, "token": sample.TOKEN, "aes_key": sample.AES_KEY}
            await hospital.post(f"/sim/apps/{sample.AGENT_ID}/callback", keys)
            await eventually(lambda: stream_is_open(hospital))
            yield hospital


async def stream_is_open(hospital: Hospital) -> bool:
    return bool((await hospital.get("/sim/dingtalk/connections"))["connections"])
