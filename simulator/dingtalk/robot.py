"""Messages that the robot sends of its own accord [S0714, S0716]."""

from __future__ import annotations

from simulator.dingtalk import msgkeys
from simulator.dingtalk.asks import Api, Ask, Reply
from simulator.dingtalk.bodies import Shown
from simulator.dingtalk.errors import NewError
from simulator.dingtalk.memory import RobotMessage, new_id
from simulator.dingtalk.org import Group
from simulator.dingtalk.places import GROUP, PERSON, ROBOT
from simulator.render import flat_body

MOST_USERS = 20
SCOPE = "qyapi_robot_sendmsg"


def check_robot(ask: Ask) -> None:
    given = ask.body.get("robotCode") or ask.query.get("robotCode")
    if not given:
        raise NewError(400, "invalidParameter.robotCode.empty")
    if given != ask.org.robot_code:
        # The platform spells it so.
        raise NewError(400, "invalidParameter.robotCode.notExsit", "robotCode is not known")


def group_of(ask: Ask) -> Group:
    given = ask.body.get("openConversationId")
    if not given:
        raise NewError(400, "miss.openConversationId")
    group = ask.org.groups.get(str(given))
    if group is None:
        raise NewError(400, "invalid.openConversationId", "openConversationId is not known")
    if not group.robot:
        raise NewError(400, "resource.not.found", "the robot is not a member of this group")
    return group


def open_message(ask: Ask, group: str = "") -> RobotMessage:
    sent = RobotMessage(new_id(), ask.sim.clock.unix(), group)
    ask.memory.robot[sent.key] = sent
    ask.sim.counters["sends"] += 1
    return sent


def deliver(ask: Ask, sent: RobotMessage, phone: str, shown: Shown) -> None:
    kind, content = shown
    sent.items[phone] = ask.sim.phones.receive(
        phone, kind, ROBOT, content, sent.key, ask.org.robot_name
    )


def _batch(ask: Ask) -> Reply:
    check_robot(ask)
    users = ask.strings("userIds", NewError(400, "invalidParameter.userIds.empty"))
    if len(users) > MOST_USERS:
        raise NewError(400, "invalidParameter.userIds.overMax", f"at most {MOST_USERS} userIds")
    shown = msgkeys.read(ask.body.get("msgKey"), ask.body.get("msgParam"))
    _check_file(ask, shown)
    _describe(ask, ",".join(users), shown)
    sent = open_message(ask)
    invalid: list[str] = []
    throttled: list[str] = []
    for userid in dict.fromkeys(users):
        _to_one(ask, sent, userid, shown, invalid, throttled)
    ask.call.dropped = len(throttled)
    return {
        "processQueryKey": sent.key,
        "invalidStaffIdList": invalid,
        "flowControlledStaffIdList": throttled,
    }


def _to_one(
    ask: Ask,
    sent: RobotMessage,
    userid: str,
    shown: Shown,
    invalid: list[str],
    throttled: list[str],
) -> None:
    who, faults = ask.org.person(userid), ask.sim.faults
    if faults.take(("invalid_user",), ask.api.name, userid) or not (who and who.reachable):
        invalid.append(userid)
    elif faults.take(("member_silent_drop",), ask.api.name, userid):
        throttled.append(userid)
    else:
        deliver(ask, sent, PERSON + userid, shown)


def _to_group(ask: Ask) -> Reply:
    check_robot(ask)
    group = group_of(ask)
    shown = msgkeys.read(ask.body.get("msgKey"), ask.body.get("msgParam"))
    _check_file(ask, shown)
    _describe(ask, group.id, shown)
    sent = open_message(ask, group.id)
    deliver(ask, sent, GROUP + group.id, shown)
    return {"processQueryKey": sent.key}


def _check_file(ask: Ask, shown: Shown) -> None:
    """An id of a file is ours only if it was uploaded; an address may stand in its place."""
    media_id = str(shown[1].get("media_id") or "")
    if media_id.startswith("@") and media_id not in ask.memory.files:
        raise NewError(400, "invalidParameter.msgParam.invalid", "mediaId is not known")


def _describe(ask: Ask, who: str, shown: Shown) -> None:
    first = flat_body(*shown).partition("\n")[0]
    ask.call.who, ask.call.summary = who[:200], f"{ask.body['msgKey']}: {first[:60]}"


APIS = (
    Api("POST", "v1.0/robot/oToMessages/batchSend", _batch, scope=SCOPE),
    Api("POST", "v1.0/robot/groupMessages/send", _to_group, scope=SCOPE),
)
