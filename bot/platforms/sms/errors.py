"""Aliyun SMS error codes by what they ask of us (pages 101346, 101347; gateway codes 48054).

`cure` names an entry of message_templates/zh_CN/sms/errors.toml. Flow control is per number, so
it never rests the whole channel; which window was hit is told by words only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from bot.channels import Failure, SendFailed
from bot.platforms.sms.words import words

_PASSING = timedelta(seconds=2)
_QUOTA = timedelta(hours=1)
_FLOW = (  # 触发分钟级流控Permits:1, 触发小时级流控…, 触发天级流控…
    ("分钟级", Failure.RETRY, "soon", timedelta(minutes=1)),
    ("小时级", Failure.RETRY, "soon", timedelta(hours=1)),
)
_NUMBER = re.compile(r"(?<!\d)(?:86)?1\d{10}(?!\d)")
_REASON_CHARS = 160


@dataclass(frozen=True, slots=True)
class Verdict:
    failure: Failure
    cure: str
    wait: timedelta | None = None


def _table() -> dict[str, Verdict]:
    table: dict[str, Verdict] = {}

    def add(
        failure: Failure, cure: str, codes: Iterable[str], wait: timedelta | None = None
    ) -> None:
        for code in codes:
            table[code] = Verdict(failure, cure, wait)

    config, recipient, request = Failure.CONFIGURATION, Failure.RECIPIENT, Failure.REQUEST
    add(recipient, "number", ("isv.MOBILE_NUMBER_ILLEGAL", "isv.DOMESTIC_NUMBER_NOT_SUPPORTED"))
    add(recipient, "blocked", ("isv.BLACK_KEY_CONTROL_LIMIT", "isv.NUMBER_BLACKLISTED"))
    add(recipient, "day_limit", ("isv.BUSINESS_LIMIT_CONTROL",))
    add(Failure.WINDOW, "quota", ("isv.DAY_LIMIT_CONTROL", "isv.MONTH_LIMIT_CONTROL"), _QUOTA)
    add(
        Failure.WINDOW, "rate_limit", ("Throttling", "Throttling.User", "Throttling.Api"), _PASSING
    )
    add(config, "money", ("isv.AMOUNT_NOT_ENOUGH", "isv.OUT_OF_SERVICE"))
    add(config, "key", ("SignatureDoesNotMatch", "IncompleteSignature"))
    add(config, "key", ("InvalidAccessKeyId.NotFound", "InvalidAccessKeyId.Inactive"))
    add(config, "permission", ("isp.RAM_PERMISSION_DENY", "Forbidden.RAM", "NoPermission"))
    add(config, "product", ("isv.PRODUCT_UN_SUBSCRIPT", "isv.PRODUCT_UNSUBSCRIBE"))
    add(config, "product", ("isv.ACCOUNT_NOT_EXISTS", "isv.ACCOUNT_ABNORMAL"))
    add(config, "clock", ("InvalidTimeStamp.Expired", "InvalidTimeStamp.Format"))
    add(config, "region", ("isv.DENY_IP_RANGE",))
    add(config, "sign", ("isv.SMS_SIGNATURE_ILLEGAL", "isv.SMS_SIGN_ILLEGAL"))
    add(config, "sign", ("isv.SIGN_STATE_ILLEGAL", "isv.SMS_SIGNATURE_SCENE_ILLEGAL"))
    add(request, "template", ("isv.SMS_TEMPLATE_ILLEGAL",))
    add(request, "variables", ("isv.TEMPLATE_MISSING_PARAMETERS", "isv.INVALID_JSON_PARAM"))
    add(request, "variables", ("isv.PARAM_LENGTH_LIMIT", "isv.PARAM_NOT_SUPPORT_URL"))
    add(request, "variables", ("isv.INVALID_PARAMETERS", "isv.TEMPLATE_PARAMS_ILLEGAL"))
    add(request, "content", ("isv.SMS_CONTENT_ILLEGAL",))
    # A nonce is new for every call: seen before means that the network repeated ours.
    add(Failure.UNKNOWN, "unsure", ("SignatureNonceUsed", "isp.SYSTEM_ERROR", "isp.UNKNOWN"))
    add(Failure.UNKNOWN, "unsure", ("InternalError", "ServiceUnavailable"))
    return table


ERRORS = _table()


def refused(code: str, message: str, status: int) -> SendFailed:
    """The exception for an answer that is not OK. No number goes on in its words."""
    what = _verdict(code, message, status)
    reason = _NUMBER.sub("***", f"{code}: {message}")[:_REASON_CHARS]
    return SendFailed(
        what.failure,
        code=status,
        reason=reason,
        cure=cure(what.cure).replace("{code}", code[:60]),
        wait=what.wait,
    )


def bad_number() -> SendFailed:
    return SendFailed(Failure.RECIPIENT, reason="not a mainland number", cure=cure("number"))


def no_template(purpose: str) -> SendFailed:
    reason = f"no template is configured for {purpose!r}"
    return SendFailed(Failure.REQUEST, reason=reason, cure=cure("purpose"))


def misfit(reason: str) -> SendFailed:
    """What the provider would refuse: told before anything is sent."""
    return SendFailed(Failure.REQUEST, reason=reason, cure=cure("variables"))


def cure(name: str) -> str:
    """An entry of errors.toml; names that only HTTP exchanges know fall back to the network's."""
    table = words("errors")
    return table.get(name, table["network"])


def _verdict(code: str, message: str, status: int) -> Verdict:
    if code == "isv.BUSINESS_LIMIT_CONTROL":
        for words_, failure, name, wait in _FLOW:
            if words_ in message:
                return Verdict(failure, name, wait)
    found = ERRORS.get(code)
    if found is None and status >= 500:
        return Verdict(Failure.UNKNOWN, "unsure")
    if found is None and code.startswith("Throttling"):
        return Verdict(Failure.WINDOW, "rate_limit", _PASSING)
    return found or Verdict(Failure.REQUEST, "unknown")
