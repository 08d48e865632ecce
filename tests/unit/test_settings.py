"""Settings, keys and policies: what is wrong is named with its cure."""

from __future__ import annotations

import stat
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from bot.__main__ import main
from config import policies
from config.policies import PolicyError, duration
from config.settings import Settings, SettingsError, add_key, key_ring
from models.policies import Escalate


def test_the_first_run_makes_a_key_file_only_its_owner_can_read(tmp_path: Path) -> None:
    ring = key_ring(Settings(data_dir=tmp_path))
    path = tmp_path / "encryption.keys"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert key_ring(Settings(data_dir=tmp_path)) == ring


def test_a_key_file_others_can_read_is_refused_with_the_cure(tmp_path: Path) -> None:
    key_ring(Settings(data_dir=tmp_path))
    (tmp_path / "encryption.keys").chmod(0o644)
    with pytest.raises(SettingsError, match="chmod 600"):
        key_ring(Settings(data_dir=tmp_path))


def test_a_new_key_seals_and_the_old_one_still_opens(tmp_path: Path) -> None:
    old = key_ring(Settings(data_dir=tmp_path))
    sealed = old.seal("t.c", "13900000000")
    assert add_key(tmp_path / "encryption.keys") == "k2"
    new = key_ring(Settings(data_dir=tmp_path))
    assert new.current == "k2"
    assert new.open("t.c", sealed) == "13900000000"
    assert new.index("t.c", "x") == old.index("t.c", "x")


@pytest.mark.parametrize("keys", ["k1=short", "k1=!!!", "k1"])
def test_a_wrong_key_is_refused(keys: str) -> None:
    with pytest.raises(SettingsError, match="key"):
        key_ring(Settings(encryption_keys=SecretStr(keys)))


KEY = "q83vEjRWeJq83vEjRWeJq83vEjRWeJq83vEjRWeJq80"


def test_an_id_of_ones_own_may_be_a_word() -> None:
    ring = key_ring(Settings(encryption_keys=SecretStr(f"production-2026.01_hospital={KEY}")))
    assert ring.current == "production-2026.01_hospital"


@pytest.mark.parametrize("keys", [KEY, f"{KEY}=", f"k1:{KEY}", f"k 1={KEY}", f"k1={KEY},{KEY}"])
def test_a_key_without_its_id_is_not_quoted(keys: str) -> None:
    with pytest.raises(SettingsError, match="must be ID=BASE64") as refused:
        key_ring(Settings(encryption_keys=SecretStr(keys)))
    assert KEY not in str(refused.value)


def test_a_wrong_setting_is_named_as_in_the_environment(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WARDBELL_ATS_TOKEN", "hunter2")
    monkeypatch.setattr("sys.argv", ["wardbell", "import", "people", __file__])
    with pytest.raises(SystemExit) as ended:
        main()
    told = capsys.readouterr().err
    assert ended.value.code == 2
    assert told == (
        "wardbell: WARDBELL_ATS_TOKEN: Value error, must have 24 characters or more, not 7\n"
    )


def test_an_aes_key_of_the_wrong_length_is_named() -> None:
    with pytest.raises(ValidationError, match="43 characters"):
        Settings(wecom_callback_aes_key=SecretStr("too-short"))


def test_secrets_do_not_show_when_settings_are_printed() -> None:
    shown = repr(Settings(wecom_secret=SecretStr("canary-secret")))
    assert "canary-secret" not in shown
    assert "canary-secret" in Settings(wecom_secret=SecretStr("canary-secret")).secrets()


def test_the_shipped_policies_read_as_values() -> None:
    found = policies.load()
    steps = found.escalation("shift_reminder").steps
    assert [step.act for step in steps] == [Escalate.NAG, Escalate.LIST_TO_MANAGER]
    assert found.approval_expires == timedelta(hours=72)
    assert found.ladder == ("wecom_app", "wecom_robot", "dingtalk", "dingtalk_notice")


@pytest.mark.parametrize(
    ("text", "value"),
    [("90m", timedelta(minutes=90)), ("1h30m", timedelta(minutes=90)), ("3d", timedelta(days=3))],
)
def test_durations(text: str, value: timedelta) -> None:
    assert duration(text) == value


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (('after_night = "8h"', 'after_night = "eight"'), "no duration"),
        (('start = "22:00"', 'begin = "22:00"'), "begin"),
        (('act = "nag", at = "21:00"', 'act = "shout", at = "21:00"'), "shout"),
        (('act = "nag", at = "21:00"', 'act = "nag"'), "either"),
        (("[quiet]", "[quiet"), "policies.toml"),
        (("announce_rosters = true", 'announce_rosters = "no"'), "announce_rosters"),
    ],
)
def test_a_wrong_policy_is_named(tmp_path: Path, change: tuple[str, str], named: str) -> None:
    text = (policies.SHIPPED / "policies.toml").read_text("utf-8")
    assert change[0] in text
    (tmp_path / "policies.toml").write_text(text.replace(*change), "utf-8")
    with pytest.raises(PolicyError, match=named):
        policies.load(tmp_path)
