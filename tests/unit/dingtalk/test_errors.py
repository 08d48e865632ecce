"""Every code has its words; what is ambiguous is never called failed; the month has a marker."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.channels import Failure
from bot.platforms.dingtalk.errors import (
    _FAMILIES,
    _RULES,
    ERRORS,
    Fault,
    MonthUsedUp,
    cure,
    cure_for,
    month_end,
    resting_cure,
    send_failed,
    token_stale,
    unwrapped,
    verdict,
)
from bot.platforms.dingtalk.words import words

NOW = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
BY_STATUS = ("unsure", "rate_limit", "token_stale", "forbidden", "unknown")
BY_TRANSPORT = ("gateway", "tls", "network", "answer", "database", "scopes")


@pytest.mark.parametrize("code", sorted(ERRORS, key=str))
def test_every_code_has_a_cure_in_chinese(code: str | int) -> None:
    text = cure_for(Fault(code, status=400))
    assert any("\u4e00" <= character <= "\u9fff" for character in text)
    assert "{" not in text


def test_every_text_is_used_by_a_code() -> None:
    used = {each.cure for each in ERRORS.values()} | {each.cure for _, each in _FAMILIES}
    used |= {rule for _, rule in _RULES} | set(BY_STATUS) | set(BY_TRANSPORT)
    assert used == set(words("errors"))


@pytest.mark.parametrize(
    ("code", "failure", "seconds"),
    [
        ("Forbidden.AccessDenied.QpsLimitForAppkeyAndApi", Failure.WINDOW, 2),
        ("Forbidden.AccessDenied.QpmLimitForAppkeyAndApi", Failure.WINDOW, 60),
        ("Forbidden.AccessDenied.QpsLimitForApi", Failure.RETRY, None),
        ("Forbidden.AccessDenied.AccessTokenPermissionDenied", Failure.CONFIGURATION, None),
        ("Forbidden.AccessDenied.IpNotInWhiteList", Failure.CONFIGURATION, None),
        ("Forbidden.AccessDenied.SomethingNew", Failure.CONFIGURATION, None),
        ("Forbidden.AccessDenied.SomeNewLimitForOrg", Failure.WINDOW, 60),
    ],
)
def test_a_403_is_decided_by_its_code(code: str, failure: Failure, seconds: int | None) -> None:
    found = verdict(code, 403)
    assert found.failure is failure
    assert found.wait == (None if seconds is None else timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("code", "status", "failure"),
    [
        ("brand.new", 400, Failure.REQUEST),
        ("brand.new", 401, Failure.RETRY),
        ("brand.new", 429, Failure.WINDOW),
        ("brand.new", 500, Failure.UNKNOWN),
        (987654, 200, Failure.REQUEST),
        ("", 504, Failure.UNKNOWN),
        ("contain.notAllowed.word", 400, Failure.REQUEST),
        ("param.somethingNew", 400, Failure.REQUEST),
    ],
)
def test_an_unknown_code_is_judged_by_its_status(
    code: str | int, status: int, failure: Failure
) -> None:
    assert verdict(code, status).failure is failure
    assert str(code) in send_failed(Fault(code, status=status), NOW, delivers=True).reason


@pytest.mark.parametrize("code", ["system.error", "system.busy", 15, -1, "isp.top-remote-x"])
def test_an_ambiguous_fault_is_unknown_for_sends_only(code: str | int) -> None:
    fault = Fault(code, status=500)
    assert send_failed(fault, NOW, delivers=True).failure is Failure.UNKNOWN
    assert send_failed(fault, NOW, delivers=False).failure is Failure.RETRY


@pytest.mark.parametrize("code", ["Forbidden.AccessDenied.ApiCountLimitForOrg", 90020])
def test_the_used_up_month_is_marked_and_rests_until_the_next(code: str | int) -> None:
    failed = send_failed(Fault(code, status=403), NOW, delivers=True)
    assert isinstance(failed, MonthUsedUp)
    assert (failed.failure, failed.code) == (Failure.RECIPIENT, 90020)
    assert failed.wait is not None
    assert NOW + failed.wait == datetime(2026, 11, 30, 16, 0, tzinfo=UTC)
    assert "下月 1 日" in failed.cure


def test_the_month_ends_at_midnight_in_shanghai() -> None:
    assert month_end(datetime(2026, 12, 31, 16, 0, tzinfo=UTC)) == datetime(
        2027, 1, 31, 16, 0, tzinfo=UTC
    )


def test_a_missing_right_is_named() -> None:
    fault = Fault("Forbidden.AccessDenied.AccessTokenPermissionDenied", "", 403, ("qyapi_x", "y"))
    assert send_failed(fault, NOW, delivers=False).cure.endswith("需要开通的权限：qyapi_x、y。")


@pytest.mark.parametrize(
    ("message", "name"),
    [
        ("keywords not in content", "webhook_keyword"),
        ("invalid timestamp", "webhook_clock"),
        ("sign not match", "webhook_sign"),
        ("ip 10.0.0.1 not in whitelist", "webhook_address"),
        ("something else", "webhook_rules"),
    ],
)
def test_310000_is_told_apart_by_its_words(message: str, name: str) -> None:
    assert cure_for(Fault(310000, message)) == cure(name)


@pytest.mark.parametrize(
    ("code", "status", "stale"),
    [
        ("InvalidAuthentication", 400, True),
        ("anything", 401, True),
        (40014, 200, True),
        (42001, 200, True),
        (40001, 200, True),
        (33001, 200, True),
        (unwrapped(88, ""), 200, True),
        (unwrapped(88, "40014"), 200, True),
        (unwrapped(88, "60011"), 200, False),
        (unwrapped(88, "isp.top-remote-connection-timeout"), 200, False),
        ("param.empty", 400, False),
        (60011, 200, False),
    ],
)
def test_what_a_new_token_may_mend(code: str | int, status: int, stale: bool) -> None:
    assert token_stale(code, status) is stale


def test_a_wrapped_reason_is_the_reason() -> None:
    assert verdict(unwrapped(88, "60011")).cure == "no_permission"
    assert verdict(unwrapped(88, "isp.top-remote-connection-timeout")).failure is Failure.UNKNOWN


def test_a_remembered_refusal_names_its_cure() -> None:
    assert resting_cure(400) == cure("secret")
    assert resting_cure(403) == cure("address")
