"""What the doctor says of the ways to candidates, without writing to anybody."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import aiohttp
import pytest
from pydantic import SecretStr

from bot import outside_doctor
from bot.platforms.findings import Finding, Level
from bot.sample_platforms import simulated
from config.settings import Settings
from models.clock import SystemClock
from simulator.hospital import parse
from simulator.serve import running
from simulator.state import Simulator
from tests.simulator.kf_bench import KF, KFID
from tests.support import hospital as hospitals

MAIL = {"users": [{"address": "tian@example.com"}]}


def told(url: str, sim: str, port: int, data: Path, **more: Any) -> Settings:
    """Everything is configured, as the simulator has it."""
    settings = hospitals.settings(url, sim, data)
    return settings.model_copy(
        update={
            "wecom_kf_accounts": KFID,
            "mail_host": "127.0.0.1",
            "mail_port": port,
            "mail_tls": "none",
            "mail_username": "",
            "mail_sender": "hr@example.com",
            "sms_access_key_id": "id",
            "sms_access_key_secret": SecretStr("sample"),
            "sms_sign_name": "示例医院",
            "public_url": "https://hr.example.com",
        }
        | more
    )


async def examined(url: str, data: Path, **more: Any) -> list[Finding]:
    sim = Simulator(parse(simulated("http://127.0.0.1:9") | {"kf": KF, "mail": MAIL}))
    async with running(sim) as address, aiohttp.ClientSession() as session:
        async with session.get(f"{address.rstrip('/')}/sim/hospital") as reply:
            port = (await reply.json())["mail"]["port"]
        settings = told(url, address.rstrip("/"), port, data, **more)
        found = await outside_doctor.examine(settings, session, SystemClock())
        assert all("send_msg" not in call.api for call in sim.calls.after(0))
    return found


async def test_what_is_right_is_said(database_url: str, tmp_path: Path) -> None:
    [kf, mail, sms] = await examined(database_url, tmp_path)
    assert (kf.level, mail.level) == (Level.OK, Level.OK), (kf, mail)
    assert KFID in kf.title
    assert "hr@example.com" in mail.title
    assert "模板" in sms.title


@pytest.mark.parametrize(
    ("wrong", "place", "words"),
    [
        ({"wecom_kf_accounts": "wkNobody_1"}, 0, "可调用接口"),
        ({"mail_host": "127.0.0.1", "mail_port": 9}, 1, "防火墙"),
        ({"sms_sign_name": ""}, 2, "WARDBELL_SMS_SIGN_NAME"),
        ({"public_url": ""}, 3, "WARDBELL_PUBLIC_URL"),
        ({"wecom_kf_accounts": ""}, 0, "WARDBELL_WECOM_KF_ACCOUNTS"),
    ],
)
async def test_what_is_wrong_has_a_cure(
    database_url: str, tmp_path: Path, wrong: dict[str, Any], place: int, words: str
) -> None:
    finding = (await examined(database_url, tmp_path, **wrong))[place]
    assert finding.level is not Level.OK
    assert words in finding.cure, finding


async def test_a_hospital_that_does_not_recruit_is_not_bothered(
    database_url: str, tmp_path: Path
) -> None:
    nothing: dict[str, Any] = {"wecom_kf_accounts": "", "mail_host": "", "sms_sign_name": ""}
    assert await examined(database_url, tmp_path, **nothing) == []
