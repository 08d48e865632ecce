"""Work notifications: sent later, dropped silently, asked about afterwards [S0769 to S0773]."""

from __future__ import annotations

import hashlib
import json

from simulator.dingtalk import notice_messages
from simulator.dingtalk.asks import Api, Ask, Reply
from simulator.dingtalk.errors import OldError
from simulator.dingtalk.notice_log import APP_MINUTE, DAILY, REPEATED, Task
from simulator.dingtalk.org import Person
from simulator.dingtalk.people import number
from simulator.dingtalk.places import PERSON
from simulator.dingtalk.service import DingTalk

APP, NAME = "work", "工作通知"
DAY, WEEK = 86_400, 7 * 86_400
MOST_USERS, MOST_DEPARTMENTS, MOST_WITH_BAR, MOST_ASKED_ABOUT = 100, 20, 5, 100
BAD_AGENT, MALFORMED, BAD_TASK, TOO_MANY = 40056, 40035, 400002, 41052


def _send(ask: Ask) -> Reply:
    _agent(ask)
    raw = ask.body.get("msg")
    kind, shown = notice_messages.read(raw, ask.memory.files)
    people, invalid, by_users = _receivers(ask)
    has_bar = kind == "oa" and bool(shown[1]["status"])
    if has_bar and (not by_users or len(people) + len(invalid) > MOST_WITH_BAR):
        raise OldError(MALFORMED, f"status_bar 只支持不超过{MOST_WITH_BAR}个userid")
    notices = ask.memory.notices
    task_id = 250_000_000_000 + len(notices.tasks) + 1
    fingerprint = hashlib.sha256(json.dumps(raw, sort_keys=True).encode()).hexdigest()
    task = Task(task_id, ask.sim.clock.unix(), kind, shown, fingerprint, people, invalid, by_users)
    notices.tasks[task.id] = task
    ask.call.who = ",".join(p.userid for p in people)[:200]
    ask.call.summary = f"{kind}: {shown[1].get('title') or shown[1].get('content') or ''}"[:60]
    ask.sim.counters["sends"] += 1
    ask.service.tasks.start(_deliver(ask.service, task, ask.sim.epoch))
    return {"task_id": task.id}


async def _deliver(service: DingTalk, task: Task, epoch: int) -> None:
    """The call has long been answered: what is too much is dropped without a word."""
    sim = service.sim
    if sim.epoch != epoch:
        return
    task.status = 1
    for who in task.people:
        swallowed = sim.faults.take(("member_silent_drop",), _SEND, who.userid)
        code = service.memory.notices.judge(sim.clock.now(), who.userid, task.fingerprint)
        if code:
            task.forbidden[who.userid] = code
        elif swallowed:
            task.swallowed.append(who.userid)
        else:
            kind, body = task.shown
            phone = PERSON + who.userid
            task.items[who.userid] = sim.phones.receive(phone, kind, APP, body, app_name=NAME)
    task.status = 2
    sim.pulse.bump()


def _progress(ask: Ask) -> Reply:
    task = _task(ask, "task_id", WEEK)
    done = 100 if task.status == 2 else 0
    return {"progress": {"progress_in_percent": done, "status": task.status}}


def _result(ask: Ask) -> Reply:
    """Who read it, who was left out and why; only for 24 hours and up to 100 receivers."""
    task = _task(ask, "task_id", DAY)
    if len(task.people) + len(task.invalid) > MOST_ASKED_ABOUT:
        raise OldError(TOO_MANY, "本次发送人数过多,不再返回发送结果")
    read = [u for u, item in task.items.items() if item.readers]
    limits = ask.memory.notices.limits
    count = {DAILY: limits.daily, REPEATED: 1, APP_MINUTE: limits.app_minute}
    return {
        "send_result": {
            "invalid_user_id_list": task.invalid,
            "forbidden_user_id_list": list(task.forbidden),
            "failed_user_id_list": [],
            "read_user_id_list": read,
            "unread_user_id_list": [u for u in [*task.items, *task.swallowed] if u not in read],
            "invalid_dept_id_list": [],
            "forbidden_list": [
                {"code": code, "count": count.get(code, limits.org_minute), "userid": userid}
                for userid, code in task.forbidden.items()
            ],
        }
    }


def _recall(ask: Ask) -> Reply:
    task = _task(ask, "msg_task_id", DAY, BAD_TASK, BAD_TASK)
    task.recalled = True
    for item in task.items.values():
        ask.sim.phones.recall(item)
    return {}


def _status_bar(ask: Ask) -> Reply:
    """Only of an OA notice that went to at most five named users, for seven days."""
    task = _task(ask, "task_id", WEEK, agent=BAD_AGENT)
    value = ask.text("status_value", OldError(MALFORMED, "不合法的参数 status_value"))
    if task.kind != "oa":
        raise OldError(MALFORMED, "不合法的参数 task_id")
    if task.status != 2 or not task.by_users or len(task.people) > MOST_WITH_BAR:
        raise OldError(TOO_MANY, "本次发送人数过多,不再返回发送结果")
    for item in task.items.values():
        ask.sim.phones.change(item, item.body | {"status": value}, "")
    ask.call.summary = value[:60]
    return {}


def _agent(ask: Ask, code: int = BAD_AGENT) -> None:
    if str(ask.body.get("agent_id")) != str(ask.org.agent_id):
        raise OldError(code, "不合法的agentid")


def _task(ask: Ask, name: str, life: int, code: int = MALFORMED, agent: int = MALFORMED) -> Task:
    _agent(ask, agent)
    task = ask.memory.notices.tasks.get(number(ask.body, name))
    if task is None or task.at + life <= ask.sim.clock.unix():
        raise OldError(code, f"不合法的参数 {name}")
    ask.call.who = ",".join(p.userid for p in task.people)[:200]
    return task


def _receivers(ask: Ask) -> tuple[list[Person], list[str], bool]:
    """The reached, the unknown userids, and whether only userids were named."""
    users, departments = _listed(ask, "userid_list"), _listed(ask, "dept_id_list")
    everybody = ask.body.get("to_all_user") in (True, "true")
    if len(users) > MOST_USERS or len(departments) > MOST_DEPARTMENTS:
        raise OldError(MALFORMED, "接收者列表超过最大长度")
    if not users and not departments and not everybody:
        raise OldError(MALFORMED, "接收者不能为空")
    members = ask.org.members
    spoiled = {u for u in users if ask.sim.faults.take(("invalid_user",), _SEND, u)}
    known = [u for u in users if u in members and members[u].reachable and u not in spoiled]
    reached = {u: members[u] for u in known}
    wanted = _below(ask, {int(d) for d in departments if d.isdecimal()})
    for who in members.values():
        if who.reachable and (everybody or wanted & set(who.departments)):
            reached[who.userid] = who
    return list(reached.values()), [u for u in users if u not in known], bool(users) and not wanted


def _below(ask: Ask, departments: set[int]) -> set[int]:
    """With all departments under the given ones."""
    inside = set(departments)
    while more := {d.id for d in ask.org.departments.values() if d.parent in inside} - inside:
        inside |= more
    return inside


def _listed(ask: Ask, name: str) -> list[str]:
    value = ask.body.get(name) or ""
    if not isinstance(value, str):
        raise OldError(MALFORMED, f"不合法的参数 {name}")
    return list(dict.fromkeys(part.strip() for part in value.split(",") if part.strip()))


_BASE = "topapi/message/corpconversation"
_SEND = f"oapi/{_BASE}/asyncsend_v2"
APIS = (
    Api("POST", f"{_BASE}/asyncsend_v2", _send),
    Api("POST", f"{_BASE}/getsendprogress", _progress),
    Api("POST", f"{_BASE}/getsendresult", _result),
    Api("POST", f"{_BASE}/recall", _recall),
    Api("POST", f"{_BASE}/status_bar/update", _status_bar),
)
