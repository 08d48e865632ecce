"""DingTalk's error codes by what they ask of us: strings of the new API, numbers of the old one.

Pages S0013, S0699, S0714, S0716, S0717, S0769, S0773, S0783, S1433. `cure` names an entry of
message_templates/zh_CN/dingtalk/errors.toml. HTTP 403 is throttling as well as a missing right, so
the code decides. A long code such as `Forbidden.AccessDenied.X` is listed by its last part.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.channels import Failure, SendFailed
from bot.platforms.dingtalk.words import words
from models.clock import SHANGHAI

MONTH_USED_UP = 90020
NO_SUCH_USER = 60121
NO_ROBOT_CHAT = "robot.oto.notExist"
CARD_MISSING = "param.cardNotExist"
CARD_EXISTS = "param.cardAlreadyExist"
FLOW_CONTROL = "send.too.fast"
DAILY_CAP, DUPLICATE = 143105, 143106
TODO_EXISTS = "taskExist"
TOKEN_STALE: frozenset[str | int] = frozenset(
    {"InvalidAuthentication", 88, 33001, 40001, 40014, 42001}
)

FLOW_WAIT = timedelta(minutes=1)
WEBHOOK_WAIT = timedelta(minutes=10)  # how long a robot is blocked after 20 messages a minute
_SECOND = timedelta(seconds=2)  # the window of one second, and some more
_MINUTE = timedelta(seconds=60)
_BLOCKED = timedelta(minutes=5)
_REASON_CHARS = 200

Code = str | int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a code asks for; UNKNOWN stands for faults that leave open what happened."""

    failure: Failure
    cure: str
    wait: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """A refusal as the platform worded it. `message` must hold no secret."""

    code: Code
    message: str = ""
    status: int = 200
    scopes: Sequence[str] = ()


class Refusal(SendFailed):
    """A failure that the platform itself told, with its words in `fault`."""

    def __init__(
        self,
        fault: Fault,
        failure: Failure,
        *,
        code: int,
        reason: str,
        cure: str,
        wait: timedelta | None,
    ) -> None:
        super().__init__(failure, code=code, reason=reason, cure=cure, wait=wait)
        self.fault = fault


class MonthUsedUp(Refusal):
    """The organisation's monthly quota of calls is gone: nothing goes out before the next month.

    Raised for ApiCountLimitForOrg and 90020 alike; `code` is 90020 and `wait` ends with the month.
    Nobody can be reached here until then, so that it counts as a RECIPIENT failure: whoever has
    another channel is reached there at once, instead of waiting behind a channel that rests.
    """


def _table() -> dict[Code, Verdict]:
    table: dict[Code, Verdict] = {}

    def add(
        failure: Failure, cure: str, codes: Iterable[Code], wait: timedelta | None = None
    ) -> None:
        for code in codes:
            table[code] = Verdict(failure, cure, wait)

    config, recipient, request = Failure.CONFIGURATION, Failure.RECIPIENT, Failure.REQUEST
    window, unknown = Failure.WINDOW, Failure.UNKNOWN
    add(Failure.RETRY, "token_stale", TOKEN_STALE)
    add(Failure.RETRY, "busy", ("QpsLimitForApi", 90002))
    add(unknown, "unsure", ("system.error", "system.busy", "ServiceUnavailable", -1, 15))
    add(window, "rate_limit", ("QpsLimitForAppkeyAndApi", 90018), _SECOND)
    add(window, "rate_limit", ("QpmLimitForAppkeyAndApi",), _MINUTE)
    add(window, "robot_limit", (FLOW_CONTROL, "too.many.group", "too.many.people"), FLOW_WAIT)
    add(window, "address_blocked", (1111,), _BLOCKED)
    add(window, "webhook_limit", (410100, 130101), WEBHOOK_WAIT)
    add(window, "notice_limit", (143103, 143104), _MINUTE)

    add(config, "secret", ("invalidClientIdOrSecret", "authFailed", 40089))
    add(config, "agent_id", (40056, 41011))
    add(config, "no_permission", ("AccessTokenPermissionDenied", 60011))
    add(config, "address", ("IpNotInWhiteList", 60020))
    add(recipient, "month", ("ApiCountLimitForOrg", MONTH_USED_UP))
    add(config, "robot_code", ("invalidParameter.robotCode.notExsit",))
    add(config, "robot_off", ("chatbotId.notAllow.sendOTO", "template.stopped"))
    add(config, "card_template", ("param.templateNotExist", "param.templateUnpublished"))

    add(recipient, "unknown_user", ("staffId.notExisted", "param.userIdNotExist", 33012))
    add(recipient, "unknown_user", (NO_SUCH_USER,))
    add(recipient, "out_of_scope", (50002, 50004))
    add(recipient, "no_robot_chat", (NO_ROBOT_CHAT,))
    add(recipient, "notice_daily", (DAILY_CAP,))
    add(recipient, "notice_duplicate", (DUPLICATE,))
    add(recipient, "group", ("group.disbanded", "bot.stopped", "conversation.org.notMatch"))
    add(recipient, "group", ("resource.not.found",))
    add(recipient, "webhook", (400101, 400102, 400106))
    add(recipient, "webhook_rules", (310000,))

    add(request, "token_missing", (41001,))
    add(request, "content", ("Missingbody", "invalidParameter.userIds.overMax", 400105))
    add(request, "content", (40035, 400002))
    add(request, "too_long", ("invalidParameter.msgParam.tooLong", 460101))
    add(request, "sensitive", ("contain.unsafe.url", "param.contentUnsafe"))
    add(request, "card", ("param.empty", "param.outTrackIdEmpty", "param.openSpaceIdInvalid"))
    add(request, "card", ("param.openDeliverModelEmpty",))
    add(request, "card_state", (CARD_EXISTS, CARD_MISSING))
    add(request, "todo", (TODO_EXISTS,))
    add(request, "session", (300001,))
    add(request, "login_code", (40078,))
    add(request, "mobile", (40104,))
    add(request, "notice_old", (41052,))
    return table


ERRORS = _table()

_FAMILIES = (
    ("isp.", Verdict(Failure.UNKNOWN, "unsure")),
    ("contain.notAllowed.", Verdict(Failure.REQUEST, "sensitive")),
    ("invalidParameter.", Verdict(Failure.REQUEST, "content")),
    ("param.", Verdict(Failure.REQUEST, "card")),
)
_RULES = (  # 310000 is told apart by its words only (S0717)
    (("keyword", "关键词"), "webhook_keyword"),
    (("timestamp", "时间戳"), "webhook_clock"),
    (("sign", "签名"), "webhook_sign"),
    (("ip", "白名单"), "webhook_address"),
)


def verdict(code: Code, status: int = 200) -> Verdict:
    """What a code asks for. Of an unknown code, the HTTP status tells what it can."""
    found = ERRORS.get(code)
    if found is None and isinstance(code, str):
        found = ERRORS.get(code.rpartition(".")[2])
        found = found or next((v for head, v in _FAMILIES if code.startswith(head)), None)
        if found is None and "Limit" in code:
            return Verdict(Failure.WINDOW, "rate_limit", _MINUTE)
    return found or _by_status(status)


def _by_status(status: int) -> Verdict:
    if status >= 500:
        return Verdict(Failure.UNKNOWN, "unsure")
    if status == 429:
        return Verdict(Failure.WINDOW, "rate_limit", _MINUTE)
    if status == 401:
        return Verdict(Failure.RETRY, "token_stale")
    if status == 403:
        return Verdict(Failure.CONFIGURATION, "forbidden")
    return Verdict(Failure.REQUEST, "unknown")


def unwrapped(code: int, sub_code: str) -> Code:
    """The real reason of an errcode: 88 and 15 only wrap what their sub_code names (S0013)."""
    if code == 88 and sub_code:
        return int(sub_code) if sub_code.isdecimal() else sub_code
    return code


def token_stale(code: Code, status: int) -> bool:
    """Whether a new token may help."""
    return status == 401 or code in TOKEN_STALE


def send_failed(fault: Fault, now: datetime, *, delivers: bool) -> Refusal:
    """The exception for a refusal. `delivers`: a repeat could reach people twice."""
    what = verdict(fault.code, fault.status)
    reason = f"{fault.code}: {fault.message}"[:_REASON_CHARS]
    if what.cure == "month":
        return MonthUsedUp(
            fault,
            what.failure,
            code=MONTH_USED_UP,
            reason=reason,
            cure=cure_for(fault),
            wait=month_end(now) - now,
        )
    failure = what.failure
    if failure is Failure.UNKNOWN and not delivers:
        failure = Failure.RETRY
    return Refusal(
        fault, failure, code=number(fault), reason=reason, cure=cure_for(fault), wait=what.wait
    )


def number(fault: Fault) -> int:
    """A number for the ledger: the errcode, or the HTTP status where the code is a word."""
    return fault.code if isinstance(fault.code, int) else fault.status


def cure_for(fault: Fault) -> str:
    """What the hospital's engineer can do about it, in Chinese."""
    name = verdict(fault.code, fault.status).cure
    if name == "webhook_rules":
        said = fault.message.lower()
        name = next((rule for marks, rule in _RULES if any(m in said for m in marks)), name)
    text = cure(name).replace("{code}", str(fault.code))
    if name == "no_permission" and fault.scopes:
        text += cure("scopes").replace("{scopes}", "、".join(fault.scopes))
    return text


def resting_cure(code: int) -> str:
    """The same for a token refusal that is remembered by its number only."""
    return cure({403: "address", 60020: "address", MONTH_USED_UP: "month"}.get(code, "secret"))


def cure(name: str) -> str:
    """An entry of errors.toml by its name, for failures that carry no code."""
    return words("errors")[name]


def month_end(now: datetime) -> datetime:
    """When the quota begins anew: the first of the next month in Shanghai."""
    local = now.astimezone(SHANGHAI)
    later = (local.replace(day=1) + timedelta(days=32)).replace(day=1)
    return later.replace(hour=0, minute=0, second=0, microsecond=0)


def worn_out() -> SendFailed:
    """One new token after another is called stale."""
    return SendFailed(
        Failure.RETRY, code=40014, reason="new tokens are refused too", cure=cure("token_stale")
    )
