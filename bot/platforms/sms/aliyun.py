"""Aliyun SMS: SendSms 2017-05-25 (page 55284).

The page says that no SMS function is idempotent, so a call of unknown fate is not repeated; our
key goes along as OutId, which the console and the receipts show again. The page defines all
parameters as `in: query`: the number stands in the URL, which goes over TLS and into no log of
ours.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping

import aiohttp
import orjson
from yarl import URL

from bot.platforms.exchange import Exchanges
from bot.platforms.sms.errors import cure, refused
from bot.platforms.sms.signing import AccessKey, Action, canonical_query, signed_headers
from models.clock import Clock

ENDPOINT = "https://dysmsapi.aliyuncs.com"
SEND = Action("SendSms", "2017-05-25")
_ANSWER_BYTES = 64 << 10
_SAME_MACHINE = frozenset({"127.0.0.1", "localhost", "::1"})  # the simulator


class AliyunSms:
    """Implements Provider. `sign_name` is the approved signature, without 【】.

    `session` carries time-outs and limits and belongs to the root; `endpoint` has no path.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        key: AccessKey,
        sign_name: str,
        clock: Clock,
        endpoint: str = ENDPOINT,
    ) -> None:
        url = URL(endpoint)
        if not url.host or url.path not in ("", "/") or url.query_string:
            raise ValueError("the endpoint must read https://host, without a path")
        if url.scheme != "https" and not (url.scheme == "http" and url.host in _SAME_MACHINE):
            raise ValueError("the endpoint must be https: the call holds a mobile number")
        self._endpoint = str(url.origin())
        self._host = url.raw_authority
        self._key = key
        self._sign_name = sign_name
        self._clock = clock
        self._exchanges = Exchanges(session, cure)

    async def send(self, number: str, template: str, params: Mapping[str, str], key: str) -> str:
        query = canonical_query(
            {
                "PhoneNumbers": number,
                "SignName": self._sign_name,
                "TemplateCode": template,
                "TemplateParam": orjson.dumps(dict(params)).decode(),
                "OutId": out_id(key),
            }
        )
        headers = signed_headers(
            self._key, SEND, self._host, query, self._clock.now(), secrets.token_hex(16)
        )
        # As text, so that what was signed is what is sent: yarl keeps an encoded query.
        url = URL(f"{self._endpoint}/?{query}", encoded=True)
        answer = await self._exchanges.exchange(
            "POST", url, headers=headers, delivers=True, most=_ANSWER_BYTES
        )
        said = answer.parsed
        if said is None or not isinstance(said.get("Code"), str):
            raise self._exchanges.unreadable(answer, delivers=True)
        if said["Code"] != "OK":
            raise refused(said["Code"], str(said.get("Message", "")), answer.status)
        return str(said.get("BizId", ""))


def out_id(key: str) -> str:
    """Our key as the provider sees it: stable, and telling nothing."""
    return hashlib.sha256(f"sms\0{key}".encode()).hexdigest()[:32]
