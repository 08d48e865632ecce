"""What our interactive-card template draws, in the words of the platform's editor.

Learnt from public exports of the card platform: names of components and of the properties used
here; all others keep their defaults.
"""

from __future__ import annotations

from typing import Any

from bot.platforms.dingtalk import limits

Node = dict[str, Any]
SLOTS = range(1, limits.CARD_BUTTONS + 1)
MARKDOWNS = {
    "source": "来源",
    "body": "正文",
    "facts_text": "各项内容",
    "closed": "结果，有它时不再能点",
    "notice": "只给点按的人看的一句话",
}
_ALWAYS: Node = {"op": "and", "conditions": []}


def tree() -> Node:
    """The whole card, from its head down."""
    summary = {"type": "variableValue", "variable": "title", "variableType": "global"}
    card = _node(
        "Card",
        "card",
        {"summaryContent": summary, "hasCardHeader": True, "disabledWhileForward": True},
        "",
    )
    return card | {
        "children": [
            _header(),
            *(_markdown(name) for name in ("body", "facts_text", "closed", "notice")),
            _form(),
            *(_button(number) for number in SLOTS),
            _link(),
            _markdown("source"),
        ]
    }


def _header() -> Node:
    return _node("CardHeaderV2", "header", {"title": _text("${title}")}, "卡片头部")


def _markdown(variable: str) -> Node:
    content = {
        "type": "variableValue",
        "variable": variable,
        "variableType": "global",
        "varType": "markdown",
    }
    props = {"isStreaming": False, "content": content, "visible": _visible(), "mdVer": 0}
    return _node("MarkdownBlock", variable, props, MARKDOWNS[variable])


def _form() -> Node:
    props = {
        "id": "form",
        "submitText": _text("${form_button}"),
        "formSchema": {"type": "variableValue", "variable": "form", "variableType": "global"},
        "params": [_param("action", "form_verb")],
        "status": _select("form_status"),
        "visible": _visible("form_visible"),
        "actionType": "request",
    }
    return _node("Form", "form", props, "选项")


def _button(number: int) -> Node:
    slot = f"button{number}"
    props = {
        "text": _text(f"${{{slot}_text}}"),
        "status": {"type": "dynamicSelect", "valueType": "fixed", "value": "normal"},
        "color": _select(f"{slot}_color"),
        "actionType": "request",
        "actionId": _text(f"${{{slot}_verb}}"),
        "params": [_param("action", f"{slot}_verb")],
        "enableClickEvent": True,
        "disabledWhileForward": True,
        "visible": _visible(f"{slot}_visible"),
        "widthMode": "match_parent",
    }
    return _node("SingleButton", slot, props, f"按钮{number}")


def _link() -> Node:
    address = {
        "type": "dynamicLink",
        "valueType": "variable",
        "value": "",
        "variable": "link_url",
        "variableType": "global",
    }
    props = {
        "text": _text("${link_text}"),
        "status": {"type": "dynamicSelect", "valueType": "fixed", "value": "normal"},
        "actionType": "url",
        "urlType": "all",
        "url": address,
        "enableClickEvent": True,
        "visible": _visible("link_visible"),
        "widthMode": "match_parent",
    }
    return _node("SingleButton", "link", props, "链接")


def _node(component: str, name: str, props: Node, title: str) -> Node:
    return {
        "componentName": component,
        "id": f"node_wardbell_{name}",
        "props": props,
        "title": title,
        "hidden": False,
        "isLocked": False,
        "condition": True,
        "conditionGroup": "",
    }


def _text(content: str) -> Node:
    return {"type": "dynamicString", "content": content, "i18n": False}


def _select(variable: str) -> Node:
    return {
        "type": "dynamicSelect",
        "valueType": "variable",
        "value": "",
        "variable": variable,
        "variableType": "global",
    }


def _visible(expression: str = "") -> Node:
    if not expression:
        return {
            "type": "dynamicVisible",
            "value": True,
            "valueType": "fixed",
            "condition": _ALWAYS,
        }
    condition = {
        "op": "isTrue",
        "type": "variable",
        "variable": expression,
        "variableType": "global",
        "value": "",
        "valueType": "fixed",
        "valueVariableType": "global",
    }
    return {
        "type": "dynamicVisible",
        "value": True,
        "valueType": "condition",
        "condition": {"op": "and", "conditions": [condition]},
    }


def _param(name: str, variable: str, number: int = 1) -> Node:
    return {
        "type": "variable",
        "variable": variable,
        "value": "",
        "name": name,
        "variableType": "global",
        "id": str(number),
    }
