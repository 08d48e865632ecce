"""The sample hospital as the simulator's configuration: who is on which platform."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot import sample, sample_outside
from bot.sample import ALL_ON_WECOM, CARDIOLOGY, ICU, PEOPLE, UNITS, Places, SamplePerson

NAME = "示例医院"
CARD_TEMPLATE = "wardbell-sample-card.schema"
DING_GROUP = "cidSampleCardiology"
DING_WEBHOOK_TOKEN = "sample-token-of-no-real-group"  # noqa: S105 -- the simulator's
DING_WEBHOOK_SECRET = "SECsample-of-no-real-group"  # noqa: S105
WECOM_GROUP_KEY = "sample-key-of-no-real-group"


def simulated(
    callback_url: str,
    links: Sequence[tuple[str, str]] = (),
    places: Places = ALL_ON_WECOM,
    *,
    show: Sequence[str] = ("li", "wang", "zhao"),
    public_url: str = "",
) -> dict[str, object]:
    """`callback_url` is the WeCom app's door; `show` are ids of the phones opened first.

    With `public_url`, the address in text messages, there are candidates and ways to them.
    """
    used = {platform for platforms in places.values() for platform in platforms}
    return {
        **_wecom(callback_url, places),
        **(sample_outside.simulated(public_url) if public_url else {}),
        **({"dingtalk": _dingtalk(places)} if "dingtalk" in used else {}),
        "robot": {
            "bot_id": sample.ROBOT_ID,
            "secret": sample.ROBOT_SECRET,
            "name": "护铃智能机器人",
            "greeted": True,
        },
        "groups": [
            {
                "title": f"{ICU}通知群",
                "key": WECOM_GROUP_KEY,
                "members": [p.userid for p in _people("wecom", places) if p.unit == ICU],
            }
        ],
        "links": [{"title": title, "url": url} for title, url in links],
        "show": list(show),
    }


def _people(platform: str, places: Places) -> list[SamplePerson]:
    return [person for person in PEOPLE if platform in places[person.unit]]


def _departments() -> list[dict[str, Any]]:
    return [
        {"id": 1, "name": NAME, "parent": 0},
        *({"id": number, "name": unit, "parent": 1} for unit, number in _numbers().items()),
    ]


def _numbers() -> dict[str, int]:
    return {unit: number for number, unit in enumerate(UNITS, start=2)}


def _wecom(callback_url: str, places: Places) -> dict[str, object]:
    return {
        "corpid": sample.CORP_ID,
        "name": NAME,
        "departments": _departments(),
        "members": [
            {
                "userid": person.userid,
                "name": person.name,
                "departments": [_numbers()[person.unit]],
                "position": person.duty,
                "mobile": person.phone,
                "leader": person.role == "护士长",
            }
            for person in _people("wecom", places)
        ],
        "apps": [
            {
                "agentid": sample.AGENT_ID,
                "name": "护铃",
                "secret": sample.SECRET,
                "callback": _callback(callback_url, sample.TOKEN),
            },
            {
                "agentid": sample.CONTACTS_AGENT_ID,
                "name": "通讯录同步助手",
                "secret": f"{sample.SECRET}-of-contacts",
                "kind": "contacts",
                "callback": _callback(
                    callback_url.replace("/main", "/contacts"), sample.CONTACTS_TOKEN
                ),
            },
        ],
    }


def _callback(url: str, token: str) -> dict[str, str]:
    return {"url": url, "token": token, "aes_key": sample.AES_KEY}


def _dingtalk(places: Places) -> dict[str, object]:
    people = _people("dingtalk", places)
    ward = [person.userid for person in people if person.unit == CARDIOLOGY]
    return {
        "corpid": sample.DING_CORP_ID,
        "client_id": sample.DING_CLIENT_ID,
        "client_secret": sample.DING_SECRET,
        "agent_id": sample.DING_AGENT_ID,
        "robot_name": "护铃",
        "departments": _departments(),
        "members": [
            {
                "userid": person.userid,
                "unionid": union_id(person.userid),
                "name": person.name,
                "departments": [_numbers()[person.unit]],
                "title": person.duty,
                "mobile": person.phone,
                "job_number": person.staff_no,
                "leader": person.role == "护士长",
            }
            for person in people
        ],
        "templates": [{"id": CARD_TEMPLATE}],
        "groups": [
            {
                "id": DING_GROUP,
                "title": f"{CARDIOLOGY}通知群",
                "members": ward,
                "robot": True,
                "webhooks": [{"token": DING_WEBHOOK_TOKEN, "secret": DING_WEBHOOK_SECRET}],
            }
        ],
    }


def union_id(userid: str) -> str:
    return f"union-{userid}"
