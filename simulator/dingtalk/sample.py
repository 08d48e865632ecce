"""A small invented organisation on DingTalk, for tests and for trying things out."""

from __future__ import annotations

from typing import Any

_PEOPLE = (
    ("hedan", "何丹", 2, "护士长", True),
    ("xujing", "许静", 2, "责任护士", False),
    ("maoli", "毛莉", 2, "护士", False),
    ("duyan", "杜燕", 3, "人力资源专员", False),
)

SAMPLE_DINGTALK: dict[str, Any] = {
    "corpid": "ding5a1e2b3c4d5f6071",
    "client_id": "dingsampleapp",
    "client_secret": "ding-secret-of-no-real-app",
    "agent_id": 3000001,
    "robot_name": "护铃",
    "departments": [
        {"id": 1, "name": "江城示范医院", "parent": 0},
        {"id": 2, "name": "急诊科"},
        {"id": 3, "name": "人力资源部"},
    ],
    "members": [
        {
            "userid": userid,
            "unionid": f"union-{userid}",
            "name": name,
            "departments": [department],
            "title": title,
            "leader": leader,
            "mobile": f"1380000{number:04}",
            "job_number": f"D{number:03}",
        }
        for number, (userid, name, department, title, leader) in enumerate(_PEOPLE, 1)
    ],
    "templates": [{"id": "wardbell-card.schema"}],
    "groups": [{"id": "cidicu001", "title": "急诊科通知群", "members": ["hedan", "xujing"]}],
}
