"""What became of the robot's messages: read, recalled, and the events about it."""

from __future__ import annotations

import json
from datetime import timedelta
from urllib.parse import quote

from tests.simulator.dingtalk_bench import Ding, ding_bench


async def test_read_status_of_one_to_one(d: Ding) -> None:
    _, sent = await d.batch(["xujing", "maoli"])
    await d.post("/sim/phones/dingtalk:maoli/read")
    path = f"robot/oToMessages/readStatus?robotCode={d.org.robot_code}"
    _, reply = await d.api("GET", f"{path}&processQueryKey={quote(sent['processQueryKey'])}")
    assert reply["sendStatus"] == "SUCCESS"
    rows = {r["userId"]: (r["name"], r["readStatus"]) for r in reply["messageReadInfoList"]}
    assert rows == {"xujing": ("许静", "UNREAD"), "maoli": ("毛莉", "READ")}
    _, unknown = await d.api("GET", f"{path}&processQueryKey=x")
    assert unknown["code"] == "invalid.processQueryKey"


async def test_readers_of_a_group_message_by_pages(d: Ding) -> None:
    _, sent = await d.to_group()
    for userid in ("hedan", "xujing"):
        await d.post("/sim/phones/dingtalk-group:cidicu001/read", {"as": userid})
    body = {
        "robotCode": d.org.robot_code,
        "openConversationId": "cidicu001",
        "processQueryKey": sent["processQueryKey"],
        "maxResults": 1,
    }
    _, first = await d.api("POST", "robot/groupMessages/query", body)
    assert (first["readUserIds"], first["hasMore"]) == (["hedan"], True)
    more = body | {"nextToken": first["nextToken"]}
    _, second = await d.api("POST", "robot/groupMessages/query", more)
    assert (second["readUserIds"], second["hasMore"]) == (["xujing"], False)
    status, _ = await d.api("POST", "robot/groupMessages/query", body | {"maxResults": 201})
    assert status == 400


async def test_recall_within_a_day(d: Ding) -> None:
    keys = [(await d.batch(["xujing"]))[1]["processQueryKey"] for _ in range(2)]
    body = {"robotCode": d.org.robot_code, "processQueryKeys": [keys[0], "unknown"]}
    _, reply = await d.api("POST", "robot/otoMessages/batchRecall", body)
    assert reply["successResult"] == [keys[0]]
    assert list(reply["failedResult"]) == ["unknown"]
    assert [m["state"] for m in await d.messages()] == ["recalled", "delivered"]
    d.sim.clock.move(timedelta(hours=24))
    late = body | {"processQueryKeys": [keys[1]]}
    _, reply = await d.api("POST", "robot/otoMessages/batchRecall", late)
    assert list(reply["failedResult"]) == [keys[1]]
    many = body | {"processQueryKeys": ["x"] * 21}
    assert (await d.api("POST", "robot/otoMessages/batchRecall", many))[0] == 400
    path = f"robot/oToMessages/readStatus?robotCode={d.org.robot_code}&processQueryKey={keys[0]}"
    assert (await d.api("GET", path))[1]["sendStatus"] == "RECALLED"


async def test_recall_in_a_group(d: Ding) -> None:
    _, sent = await d.to_group()
    body = {"robotCode": d.org.robot_code, "processQueryKeys": [sent["processQueryKey"]]}
    _, alone = await d.api("POST", "robot/otoMessages/batchRecall", body)
    assert alone["successResult"] == []
    body["openConversationId"] = "cidicu001"
    _, reply = await d.api("POST", "robot/groupMessages/recall", body)
    assert reply["successResult"] == [sent["processQueryKey"]]


async def test_reading_and_recalling_are_events_when_ticked() -> None:
    async with ding_bench(events=["robot_msg_read", "robot_msg_recall"]) as d:
        client = await d.connect()
        _, sent = await d.batch(["xujing"])
        await d.post("/sim/phones/dingtalk:xujing/read")
        await d.post("/sim/phones/dingtalk:xujing/read")
        body = {"robotCode": d.org.robot_code, "processQueryKeys": [sent["processQueryKey"]]}
        await d.api("POST", "robot/otoMessages/batchRecall", body)
        frames = await client.heard(2)
        assert [f["headers"]["eventType"] for f in frames] == [
            "robot_msg_read",
            "robot_msg_recall",
        ]
        data = json.loads(frames[0]["data"])
        assert data["processQueryKey"] == sent["processQueryKey"]
        assert (data["userId"], data["unionId"]) == ("xujing", "union-xujing")
        other = {"type": "user_add_org", "data": {}}
        assert (await d.post("/sim/dingtalk/event", other))["status"] == "unticked"
