"""The table of error codes and its words."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.channels import Failure
from bot.platforms.wecom.errors import ERRORS, KF_FAILS, cure_for, send_fail, send_failed
from bot.platforms.wecom.words import words


@pytest.mark.parametrize("code", sorted(ERRORS))
def test_every_code_has_a_cure_and_only_windows_wait(code: int) -> None:
    assert cure_for(code).endswith("。")
    assert (ERRORS[code].wait is not None) == (ERRORS[code].failure is Failure.WINDOW)


def test_every_cure_is_used() -> None:
    without_code = {"unknown", "network", "answer", "gateway", "unsure", "database"}
    robot = {"robot_busy", "robot_chat", "robot_taken", "robot_unsure"}
    later = {e.cure for e in KF_FAILS.values()} | {send_fail(0).cure}
    assert set(words("errors")) == {e.cure for e in ERRORS.values()} | without_code | robot | later


@pytest.mark.parametrize(
    ("code", "failure"),
    [
        (-1, Failure.RETRY),
        (42001, Failure.RETRY),
        (45009, Failure.WINDOW),
        (60020, Failure.CONFIGURATION),
        (48002, Failure.CONFIGURATION),
        (81013, Failure.RECIPIENT),
        (42045, Failure.REQUEST),
        (60140, Failure.REQUEST),
        (123456, Failure.REQUEST),
    ],
)
def test_classes(code: int, failure: Failure) -> None:
    assert send_failed(code, "").failure is failure


def test_an_unknown_code_is_named() -> None:
    assert "123456" in send_failed(123456, "").cure


def test_an_hourly_limit_rests_an_hour() -> None:
    assert send_failed(45009, "api hour-quota reach limit").wait == timedelta(hours=1)
    assert send_failed(45009, "api minute-quota reach limit").wait == timedelta(minutes=1)
    assert len(send_failed(45002, "x" * 5000).reason) <= 200
