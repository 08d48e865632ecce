"""What became of robot messages: read, recalled [S0720, S0722, S0723, S0725]."""

from __future__ import annotations

from typing import Any

from simulator.dingtalk.asks import Api, Ask, Reply
from simulator.dingtalk.errors import NewError
from simulator.dingtalk.memory import RobotMessage
from simulator.dingtalk.org import Person
from simulator.dingtalk.places import PERSON
from simulator.dingtalk.robot import SCOPE, check_robot, group_of
from simulator.dingtalk.service import DingTalk
from simulator.phones import Item

RECALL_SECONDS = 24 * 3600
MOST_KEYS = 20
MOST_READERS = 200


def _read_status(ask: Ask) -> Reply:
    check_robot(ask)
    sent = _known(ask, ask.query.get("processQueryKey", ""))
    rows = []
    for phone, item in sent.items.items():
        userid = phone.removeprefix(PERSON)
        who = ask.org.person(userid)
        rows.append(
            {
                "name": who.name if who else "",
                "userId": userid,
                "readStatus": "READ" if item.readers else "UNREAD",
            }
        )
    return {
        "sendStatus": "RECALLED" if sent.recalled else "SUCCESS",
        "messageReadInfoList": rows,
    }


def _group_query(ask: Ask) -> Reply:
    check_robot(ask)
    group_of(ask)
    sent = _known(ask, str(ask.body.get("processQueryKey")))
    most = int(ask.body.get("maxResults") or MOST_READERS)
    if not 1 <= most <= MOST_READERS:
        raise NewError(400, "invalidParameter.maxResults.overMax")
    start = int(ask.body.get("nextToken") or 0)
    readers = sorted({who for item in sent.items.values() for who in item.readers})
    more = len(readers) > start + most
    return {
        "sendStatus": "RECALLED" if sent.recalled else "SUCCESS",
        "readUserIds": readers[start : start + most],
        "hasMore": more,
        **({"nextToken": str(start + most)} if more else {}),
    }


def _recall_persons(ask: Ask) -> Reply:
    return _recall(ask, "")


def _recall_group(ask: Ask) -> Reply:
    return _recall(ask, group_of(ask).id)


def _recall(ask: Ask, group: str) -> Reply:
    check_robot(ask)
    keys = ask.strings("processQueryKeys", NewError(400, "invalidParameter.processQueryKeys"))
    if len(keys) > MOST_KEYS:
        raise NewError(400, "invalidParameter.processQueryKeys.overMax")
    done: list[str] = []
    failed: dict[str, str] = {}
    for key in keys:
        sent = ask.memory.robot.get(key)
        if sent is None or sent.group != group:
            failed[key] = "processQueryKey is not known"
        elif sent.at + RECALL_SECONDS <= ask.sim.clock.unix():
            failed[key] = "the message is older than 24 hours"
        else:
            _take_back(ask, sent)
            done.append(key)
    return {"successResult": done, "failedResult": failed}


def _take_back(ask: Ask, sent: RobotMessage) -> None:
    if sent.recalled:
        return
    sent.recalled = True
    for phone, item in sent.items.items():
        ask.sim.phones.recall(item)
        who = ask.org.person(phone.removeprefix(PERSON))
        data = _event(ask.service, sent, who)
        ask.service.tell("robot_msg_recall", data, who.userid if who else sent.group)


def told_read(service: DingTalk, who: Person, news: list[Item]) -> None:
    """One event for each robot message that this person has now seen [E0112]."""
    for item in news:
        sent = service.memory.robot.get(item.msgid)
        if sent and service.org.ticked("robot_msg_read"):
            service.tell("robot_msg_read", _event(service, sent, who), who.userid)


def _event(service: DingTalk, sent: RobotMessage, who: Person | None) -> dict[str, Any]:
    return {
        "processQueryKey": sent.key,
        "robotCode": service.org.robot_code,
        "userId": who.userid if who else "",
        "unionId": who.unionid if who else "",
        "openConversationId": sent.group,
        "operatTime": service.now_ms(),
    }


def _known(ask: Ask, key: str) -> RobotMessage:
    sent = ask.memory.robot.get(key)
    if sent is None:
        raise NewError(400, "invalid.processQueryKey", "processQueryKey is not known")
    return sent


APIS = (
    Api("GET", "v1.0/robot/oToMessages/readStatus", _read_status, scope=SCOPE),
    Api("POST", "v1.0/robot/groupMessages/query", _group_query, scope=SCOPE),
    # The platform writes "oto" in lower case here and nowhere else.
    Api("POST", "v1.0/robot/otoMessages/batchRecall", _recall_persons, scope=SCOPE),
    Api("POST", "v1.0/robot/groupMessages/recall", _recall_group, scope=SCOPE),
)
