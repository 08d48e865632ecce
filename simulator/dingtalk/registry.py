"""The table of all DingTalk API functions; a new module adds its APIS here."""

from __future__ import annotations

from simulator.dingtalk import (
    attendance,
    cards_api,
    files,
    gateway,
    group_webhook,
    notices,
    people,
    robot,
    robot_states,
    sessions,
    signin,
    todos,
)
from simulator.dingtalk.asks import Api

TABLE: tuple[Api, ...] = (
    *signin.APIS,
    *gateway.APIS,
    *sessions.APIS,
    *robot.APIS,
    *robot_states.APIS,
    *files.APIS,
    *cards_api.APIS,
    *group_webhook.APIS,
    *notices.APIS,
    *people.APIS,
    *attendance.APIS,
    *todos.APIS,
)
