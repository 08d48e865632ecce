"""How phones and conversations are named."""

from __future__ import annotations

PERSON = "dingtalk:"
GROUP = "dingtalk-group:"
ROBOT = "robot"
