"""`groups add|list|remove`: the address comes from standard input and its host is checked."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot import sample
from bot.cli import app
from bot.cli.data import NothingApplied
from bot.cli.groups import Door, read_address
from bot.wiring import Services
from config.settings import Settings
from models import db
from models.groups import GroupDoor
from tests.support.hospital import KEY

WECOM = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key="
DING = "https://oapi.dingtalk.com/robot/send?access_token="
KEY_OF_GROUP = "693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa"
TOKEN = "566cc69da782ec"
SECRET = "SECxyz1234567890"


@pytest.fixture
def shell(seeded_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.setenv("DATABASE_URL", seeded_url)
    monkeypatch.setenv("WARDBELL_ENCRYPTION_KEYS", KEY)
    monkeypatch.setenv("WARDBELL_DATA_DIR", str(tmp_path))
    return CliRunner()


def run(shell: CliRunner, *words: str, stdin: str = "") -> Result:
    return shell.invoke(app, ["groups", *words], input=stdin)


def added(shell: CliRunner, stdin: str, door: str = "wecom", unit: str = sample.ICU) -> Result:
    return run(shell, "add", "--unit", unit, "--door", door, stdin=stdin)


def test_a_group_is_added_listed_and_removed_without_showing_its_key(shell: CliRunner) -> None:
    first = added(shell, f"{WECOM}{KEY_OF_GROUP}\n")
    assert first.exit_code == 0, first.output
    second = added(shell, f"{DING}{TOKEN}\n{SECRET}\n", "dingtalk")
    listed = run(shell, "list")
    assert "重症医学科  企业微信群  重症医学科群  还没有发过通知" in listed.output
    assert "钉钉群(机器人地址)" in listed.output
    for secret in (KEY_OF_GROUP, TOKEN, SECRET):
        assert secret not in first.output + second.output + listed.output
    removed = run(shell, "remove", "1")
    assert "已解绑：重症医学科的通知不再发到这个群" in removed.output
    assert isinstance(run(shell, "remove", "1").exception, NothingApplied)
    assert "企业微信群" not in run(shell, "list").output


def test_the_same_group_given_to_another_unit_moves(shell: CliRunner) -> None:
    added(shell, f"{WECOM}{KEY_OF_GROUP}\n")
    moved = added(shell, f"{WECOM}{KEY_OF_GROUP}\n", unit=sample.CARDIOLOGY)
    assert "心内科的通知会发到这个群(原来是重症医学科的群)。编号 1。" in moved.output.replace(
        "\n", ""
    )


@pytest.mark.parametrize(
    "address",
    [
        "",
        "not an address",
        "https://[::1",
        f"http://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={KEY_OF_GROUP}",
        f"https://qyapi.weixin.qq.com.evil.example/cgi-bin/webhook/send?key={KEY_OF_GROUP}",
        f"https://qyapi.weixin.qq.com@evil.example/cgi-bin/webhook/send?key={KEY_OF_GROUP}",
        f"https://user@qyapi.weixin.qq.com/cgi-bin/webhook/send?key={KEY_OF_GROUP}",
        f"https://qyapi.weixin.qq.com:8443/cgi-bin/webhook/send?key={KEY_OF_GROUP}",
        f"https://169.254.169.254/cgi-bin/webhook/send?key={KEY_OF_GROUP}",
        f"https://qyapi.weixin.qq.com/cgi-bin/message/send?key={KEY_OF_GROUP}",
        WECOM,
        f"{WECOM}a%26access_token=b",
        f"{WECOM}a&key=b",
        f"{DING}{TOKEN}",
    ],
)
def test_only_the_platforms_own_address_is_taken(shell: CliRunner, address: str) -> None:
    with pytest.raises(NothingApplied, match=r"复制"):
        read_address(Settings(), Door.WECOM, address)


@pytest.mark.parametrize("signing", ["", "secret", "SEC with spaces", "SEC\u3000"])
def test_a_dingtalk_group_needs_its_signing_secret(shell: CliRunner, signing: str) -> None:
    with pytest.raises(NothingApplied, match="加签"):
        read_address(Settings(), Door.DINGTALK, f"{DING}{TOKEN}", signing)


async def test_what_is_kept_opens_the_door(services: Services) -> None:
    secret = read_address(Settings(), Door.DINGTALK, f"{DING}{TOKEN}", SECRET)
    unit = await db.fetch_value("SELECT id FROM units WHERE name = $1", sample.ICU)
    bound = await services.groups.bind("cli", unit, GroupDoor.DINGTALK_WEBHOOK, secret, "")
    opened = await services.groups.door(str(bound.group_id))
    assert opened == {"token": TOKEN, "secret": SECRET}
    row = await db.fetch_one("SELECT * FROM unit_groups")
    assert TOKEN not in str(row)
    assert SECRET not in str(row)
