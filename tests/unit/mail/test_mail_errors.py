"""Replies of mail servers, as large providers word them, and what each asks of us."""

from __future__ import annotations

import pytest

from bot.channels import Failure
from bot.platforms.mail.errors import GREYLIST_WAIT, Stage, refused, unsure
from bot.platforms.mail.words import words


@pytest.mark.parametrize(
    ("stage", "code", "said", "failure"),
    [
        (Stage.CONNECT, 421, "4.7.0 too many connections", Failure.RETRY),
        (Stage.CONNECT, 554, "5.7.1 your address is blocked", Failure.CONFIGURATION),
        (Stage.AUTH, 535, "5.7.8 authentication failed", Failure.CONFIGURATION),
        (Stage.AUTH, 454, "4.7.0 temporary", Failure.RETRY),
        (Stage.SENDER, 530, "5.7.0 authentication required", Failure.CONFIGURATION),
        (Stage.SENDER, 553, "mail from must equal authorized user", Failure.CONFIGURATION),
        (Stage.RECIPIENT, 451, "4.7.1 greylisted", Failure.RETRY),
        (Stage.RECIPIENT, 452, "4.2.2 mailbox full", Failure.RETRY),
        (Stage.RECIPIENT, 550, "5.1.1 no such user", Failure.RECIPIENT),
        (Stage.RECIPIENT, 550, "Mailbox not found", Failure.RECIPIENT),
        (Stage.RECIPIENT, 552, "5.2.2 mailbox full", Failure.RECIPIENT),
        (Stage.RECIPIENT, 554, "5.7.1 Relay access denied", Failure.CONFIGURATION),
        (Stage.DATA, 451, "4.3.0 try later", Failure.RETRY),
        (Stage.DATA, 550, "5.1.1 user unknown", Failure.RECIPIENT),
        (Stage.DATA, 552, "5.2.2 over quota", Failure.RECIPIENT),
        (Stage.DATA, 552, "5.3.4 message too big", Failure.REQUEST),
        (Stage.DATA, 554, "5.7.1 spam", Failure.REQUEST),
        (Stage.DATA, 550, "5.1.8 bad sender's system address", Failure.REQUEST),
    ],
)
def test_each_reply_asks_for_one_thing(
    stage: Stage, code: int, said: str, failure: Failure
) -> None:
    error = refused(stage, code, said)
    assert error.failure is failure
    assert error.cure in words("errors").values()
    assert error.code == code


def test_greylisting_waits_and_no_reason_holds_an_address() -> None:
    error = refused(Stage.RECIPIENT, 451, "4.7.1 <qian@mail.example>: greylisted, see a@b.example")
    assert error.wait == GREYLIST_WAIT
    assert "@" not in error.reason
    assert unsure("cut").failure is Failure.UNKNOWN
