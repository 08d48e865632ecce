"""A small invented hospital, used when none is configured. All people are made up."""

from __future__ import annotations

from typing import Any

_PEOPLE = (
    ("zhaomin", "赵敏芝", 2, "护士长", True),
    ("lixiaoyan", "李晓燕", 2, "责任护士", False),
    ("wanglei", "王蕾", 2, "护士", False),
    ("chenjing", "陈静", 2, "护士", False),
    ("sunhui", "孙慧", 3, "护士长", True),
    ("zhouting", "周婷", 3, "护士", False),
    ("wuqian", "吴倩", 3, "助产士", False),
    ("linhong", "林虹", 4, "人力资源部主任", True),
)

SAMPLE: dict[str, Any] = {
    "corpid": "ww5a1e2b3c4d5f6071",
    "name": "江城示范医院",
    "departments": [
        {"id": 1, "name": "江城示范医院", "parent": 0},
        {"id": 2, "name": "重症医学科", "leaders": ["zhaomin"]},
        {"id": 3, "name": "产科", "leaders": ["sunhui"]},
        {"id": 4, "name": "人力资源部", "leaders": ["linhong"]},
    ],
    "members": [
        {
            "userid": userid,
            "name": name,
            "departments": [department],
            "position": position,
            "leader": leader,
            "mobile": f"1390000{number:04}",
        }
        for number, (userid, name, department, position, leader) in enumerate(_PEOPLE, 1)
    ],
    "apps": [
        {"agentid": 1000002, "name": "护铃", "secret": "sample-secret-of-wardbell"},
        {
            "agentid": 2000002,
            "name": "通讯录同步助手",
            "secret": "sample-secret-of-contacts",
            "kind": "contacts",
        },
    ],
    "show": ["lixiaoyan", "wanglei", "zhaomin"],
}
