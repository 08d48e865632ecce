"""How the two API generations refuse [S0013]."""

from __future__ import annotations

from typing import Any


class NewError(Exception):
    """New API: HTTP `status` with {"code", "message", "requestid"} and what `more` adds."""

    def __init__(self, status: int, code: str, message: str = "", **more: Any) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.message = message or MESSAGES.get(code, code)
        self.more = more


class OldError(Exception):
    """Old API: always HTTP 200, with `errcode` and `errmsg`."""

    def __init__(self, code: int, message: str = "") -> None:
        super().__init__(str(code))
        self.code = code
        self.message = message or OLD.get(code, "error")


Problem = NewError | OldError

_DENIED = "Forbidden.AccessDenied."
QPS = f"{_DENIED}QpsLimitForAppkeyAndApi"
PERMISSION = f"{_DENIED}AccessTokenPermissionDenied"
ADDRESS = f"{_DENIED}IpNotInWhiteList"
QUOTA = f"{_DENIED}ApiCountLimitForOrg"

MESSAGES = {
    "InvalidAuthentication": "不合法的access_token",
    "Missingbody": "body is mandatory for this action.",
    "invalidClientIdOrSecret": "无效的clientId或者clientSecret",
    "authFailed": "鉴权失败",
    QPS: "您的服务器调用钉钉接口次数超过每秒限制",
    PERMISSION: "应用尚未开通所需的权限",
    ADDRESS: "访问ip不在白名单之中",
    QUOTA: "本月API调用量已达上限",
}
OLD = {
    0: "ok",
    -1: "系统繁忙",
    88: "鉴权异常",
    40001: "获取access_token时Secret错误，或者access_token无效",
    40014: "不合法的access_token",
    40035: "不合法的参数",
    40078: "不存在的临时授权码",
    40089: "不合法的corpid或corpsecret",
    41001: "缺少access_token参数",
    42001: "access_token超时",
    60011: "没有调用该接口的权限",
    60020: "访问ip不在白名单之中",
    90018: "您的服务器调用钉钉开放平台所有接口的请求都被暂时禁用了",
    90020: "本月API调用量已达上限",
    300001: "session 不存在",
}


def dead_token(new: bool, *, expired: bool = False) -> Problem:
    if new:
        return NewError(400, "InvalidAuthentication")
    return OldError(42001 if expired else 40014)


def throttled(new: bool) -> Problem:
    return NewError(403, QPS) if new else OldError(90018)


def no_permission(new: bool, scope: str) -> Problem:
    """The new API tells the exact permissions to tick [S0003]."""
    if not new:
        return OldError(60011)
    return NewError(403, PERMISSION, accessdenieddetail={"requiredScopes": [scope]})


def foreign_address(new: bool) -> Problem:
    return NewError(403, ADDRESS) if new else OldError(60020)


def quota_gone(new: bool) -> Problem:
    return NewError(403, QUOTA) if new else OldError(90020)
