"""WeCom's error codes by what they ask of us (D90455, D90313, kf and robot pages).

`cure` names an entry of message_templates/zh_CN/wecom/errors.toml. Decide on the code only: the
platform may change its error texts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from bot.channels import Failure, SendFailed
from bot.platforms.wecom.upstream import ErrorCode
from bot.platforms.wecom.words import words

INVALID_TOKEN = int(ErrorCode.INVALID_ACCESS_TOKEN)
TOKEN_STALE = frozenset({INVALID_TOKEN, int(ErrorCode.EXPIRED_ACCESS_TOKEN)})
NOBODY_VALID = 81013
UNLICENSED = 701099
UNKNOWN_USER = int(ErrorCode.INVALID_OPENID)

ROBOT_SECRET = (853000, 846601)
ROBOT_EXPIRED = frozenset({846604, 846605, 846608})
ROBOT_REPEATED = 846606
ROBOT_LIMIT = 846607  # too many in this chat, or nobody has written in it yet
ROBOT_NOT_SUBSCRIBED = 846609
BAD_CHAT = 93006

KF_CUSTOMER = 40096
KF_TOKEN_BAD = 95007
KF_REPEATED = 95033
KF_NOT_OURS = frozenset({95013, 95016, 95018})  # ended, or with a colleague: ask who has it
KF_NO_SERVICER = frozenset({95014, 60252, 60253})
KF_RESTING = 95019

_MINUTE = timedelta(seconds=60)
_HOUR = timedelta(hours=1)
_REASON_CHARS = 200


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a code asks for; `wait` is how long the app and API rest (WINDOW only)."""

    failure: Failure
    cure: str
    wait: timedelta | None = None


def _table() -> dict[int, Verdict]:
    table: dict[int, Verdict] = {}

    def add(
        failure: Failure, cure: str, codes: Iterable[int], wait: timedelta | None = None
    ) -> None:
        for code in codes:
            table[int(code)] = Verdict(failure, cure, wait)

    retry, config = Failure.RETRY, Failure.CONFIGURATION
    recipient, request = Failure.RECIPIENT, Failure.REQUEST
    add(retry, "busy", (ErrorCode.SYSTEM_BUSY, 6000, 45033, 45035, 45036, 2000111, 301022, 301070))
    add(retry, "token_stale", TOKEN_STALE)
    add(retry, "robot_not_subscribed", (ROBOT_NOT_SUBSCRIBED,))
    limited = (ErrorCode.OUT_OF_API_FREQ_LIMIT, ErrorCode.API_MINUTE_QUOTA_REACH_LIMIT)
    add(Failure.WINDOW, "rate_limit", limited, _MINUTE)

    add(config, "secret", (ErrorCode.INVALID_CREDENTIAL, 40125, 40091, 41004))
    add(config, "corp_id", (ErrorCode.INVALID_APP_ID, 41002))
    add(config, "trusted_ip", (60020,))
    add(config, "app_disabled", (60031, 50003))
    add(config, "tls", (48010,))
    add(config, "agent_mismatch", (301002, 40056, 41011))
    add(config, "no_permission", (48002, 48001, 48004, 48009, 301055))
    add(config, "callback_missing", (43012,))
    add(config, "trusted_domain", (50001,))
    add(config, "approval_off", (301056,))
    add(
        config,
        "kf_account",
        (95000, 95004, 95017, 95023, 48007, 60251),
    )
    add(config, "kf_cap", (95003, 95011, 95012, 95026, 95027))
    add(config, "webhook_key", (93000, 93001, 93004, 93008, 93017))
    add(config, "robot_secret", ROBOT_SECRET)
    add(config, "chat", (86001, 86003, 86004, 86005, 86006, 86007, 86008, BAD_CHAT))

    add(recipient, "out_of_scope", (60011, 60021, 60111, UNKNOWN_USER, NOBODY_VALID))
    add(recipient, "receivers", (40031, 40032, 82001, 82002, 82003))
    add(recipient, "robot_unwritten", (ROBOT_LIMIT,))
    add(recipient, "unlicensed", (UNLICENSED,))
    add(recipient, "kf_full", (95001,))
    add(recipient, "kf_window", (95002, 95031))
    add(recipient, "kf_state", KF_NOT_OURS)
    add(recipient, "kf_servicer", KF_NO_SERVICER)
    add(recipient, "kf_resting", (KF_RESTING,))
    add(recipient, "kf_customer", (KF_CUSTOMER,))

    add(request, "token_missing", (ErrorCode.MISSING_ACCESS_TOKEN,))
    add(request, "content", (40008, 40033, 40058, 40063, 44004, 45002, 82004, 41016, 41033))
    add(request, "sensitive", (40201,))
    add(request, "media", (40007, 40145, 44001, 45001, 830002, *range(846611, 846617)))
    add(request, "card", (*range(42014, 42021), *range(42027, 42052), 846625, 846697))
    add(request, "card_update", (60140, 82101, 82102))
    add(request, "recall_late", (42052,))
    add(request, "login_code", (40029, 42003, 42022, 84014, 84015))
    add(request, "reply_too_large", (45029,))
    add(request, "kf_token", (KF_TOKEN_BAD,))
    add(request, "kf_message", (95008, 95009, 95022, KF_REPEATED))
    add(request, "robot_reply", (*ROBOT_EXPIRED, ROBOT_REPEATED))
    add(request, "checkin", (301021, 301023, 301024, 301025, 301057, 301073, 301075, 301079))
    return table


ERRORS = _table()
KF_FAILS: dict[int, Verdict] = {
    1: Verdict(Failure.CONFIGURATION, "kf_account"),
    2: Verdict(Failure.CONFIGURATION, "app_disabled"),
    4: Verdict(Failure.RECIPIENT, "kf_window"),
    5: Verdict(Failure.RECIPIENT, "kf_state"),
    6: Verdict(Failure.RECIPIENT, "kf_full"),
    8: Verdict(Failure.CONFIGURATION, "kf_cap"),
    10: Verdict(Failure.RECIPIENT, "kf_refused"),
    11: Verdict(Failure.CONFIGURATION, "kf_nobody"),
    12: Verdict(Failure.REQUEST, "kf_message"),
    13: Verdict(Failure.REQUEST, "sensitive"),
}
"""The `fail_type` of msg_send_fail (D94670)."""


def verdict(code: int) -> Verdict:
    """What a code asks for; a code we do not know is a fault of the request."""
    return ERRORS.get(code, Verdict(Failure.REQUEST, "unknown"))


def send_fail(fail_type: int) -> Verdict:
    """Why an accepted message did not arrive; it surely did not, so the next channel may try."""
    return KF_FAILS.get(fail_type, Verdict(Failure.RECIPIENT, "kf_undelivered"))


def cure_for(code: int) -> str:
    """What the hospital's engineer can do about it, in Chinese."""
    return cure(verdict(code).cure).replace("{code}", str(code))


def cure(name: str) -> str:
    """An entry of errors.toml by its name, for failures that carry no code."""
    return words("errors")[name]


def send_failed(code: int, message: str) -> SendFailed:
    """The exception for an answer whose errcode is not 0; `message` must hold no secret."""
    what = verdict(code)
    wait = what.wait
    if wait is not None and "hour" in message.lower():
        wait = _HOUR
    return SendFailed(
        what.failure, code=code, reason=message[:_REASON_CHARS], cure=cure_for(code), wait=wait
    )


def worn_out() -> SendFailed:
    """One new token after another is called stale."""
    return send_failed(INVALID_TOKEN, "new tokens are refused too")
