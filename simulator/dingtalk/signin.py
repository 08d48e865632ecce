"""Both ways to an access token [S0033, S1444]."""

from __future__ import annotations

import hmac

from simulator.dingtalk.asks import Api, Ask, Reply
from simulator.dingtalk.errors import NewError, OldError
from simulator.dingtalk.tokens import LIFETIME


def _access_token(ask: Ask) -> Reply:
    if not ask.body:
        raise NewError(400, "Missingbody")
    key, secret = ask.body.get("appKey"), ask.body.get("appSecret")
    if not known(ask, key, secret):
        raise NewError(400, "invalidClientIdOrSecret")
    return {"accessToken": ask.memory.tokens.issue(), "expireIn": LIFETIME}


def _gettoken(ask: Ask) -> Reply:
    if not known(ask, ask.query.get("appkey"), ask.query.get("appsecret")):
        raise OldError(40089)
    return {"access_token": ask.memory.tokens.issue(), "expires_in": LIFETIME}


def known(ask: Ask, client_id: object, secret: object) -> bool:
    """Whether these are the app's own key and secret."""
    given = f"{client_id}\n{secret}".encode()
    return hmac.compare_digest(given, f"{ask.org.client_id}\n{ask.org.client_secret}".encode())


APIS = (
    Api("POST", "v1.0/oauth2/accessToken", _access_token, token=False, counted=False),
    Api("GET", "gettoken", _gettoken, token=False, counted=False),
)
