"""A hospital on DingTalk that cannot use Stream: the platform knocks at the bot's own doors."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import ClientSession
from pydantic import SecretStr

from bot import sample, sample_platforms
from simulator.hospital import parse
from simulator.serve import running as simulator_running
from simulator.state import Simulator
from tests.support import hospital as hospitals
from tests.support.hospital import DINGTALK, START, Hospital
from tests.support.patience import PATIENT, patient_bot

CARD_SECRET = "sample-secret-of-no-real-door"
ROUTE = "wardbell"


def door_of(hospital: Hospital) -> str:
    """Below this address the three doors lie; the bot's port is known once it runs."""
    return f"http://127.0.0.1:{hospital.bot.port}/callbacks/dingtalk"


@asynccontextmanager
async def over_http(
    url: str, data: Path, *, faults: Sequence[Mapping[str, Any]] = (), **own: object
) -> AsyncIterator[Hospital]:
    """Simulator and bot; events and words go to the doors. Where taps go the bot must tell.

    `faults` are there before the bot starts; `own` are settings beside the sample hospital's.
    """
    world = parse(sample_platforms.simulated("http://127.0.0.1:9/", places=DINGTALK.places))
    sim = Simulator(world, now=START, pace=PATIENT)
    for fault in faults:
        sim.faults.add(dict(fault))
    async with simulator_running(sim) as address:
        plain = hospitals.settings(url, address.rstrip("/"), data, DINGTALK)
        doors = {
            "dingtalk_stream": False,
            "dingtalk_callback_token": SecretStr(sample.TOKEN),
            "dingtalk_callback_aes_key": SecretStr(sample.AES_KEY),
            "dingtalk_card_secret": SecretStr(CARD_SECRET),
        }
        settings = plain.model_copy(update=doors | own)
        async with patient_bot(settings, sim) as bot, ClientSession() as session:
            hospital = Hospital(address.rstrip("/"), session, bot, sim, DINGTALK)
            await _connect(hospital)
            yield hospital


async def _connect(hospital: Hospital) -> None:
    """What an administrator types into DingTalk's console."""
    door = door_of(hospital)
    keys = {"token": sample.TOKEN, "aes_key": sample.AES_KEY, "verify": True}
    checked = await hospital.post("/sim/dingtalk/callback", {"url": f"{door}/events", **keys})
    assert checked["verified"], checked
    await hospital.post("/sim/dingtalk/robot-callback", {"url": f"{door}/robot"})
