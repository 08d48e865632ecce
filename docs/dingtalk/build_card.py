"""Writes wardbell-card.json, our interactive-card template, in the platform's export format.

Run it after changing what `bot/platforms/dingtalk/cards.py` emits. The editor's data is JSON
inside a JSON string, which nobody should edit by hand. Learnt from public exports of the card
platform: names of components and of the properties used here; all others keep their defaults.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

Node = dict[str, Any]
TARGET = Path(__file__).with_name("wardbell-card.json")
SLOTS = 4
ALWAYS: Node = {"op": "and", "conditions": []}

STRINGS = {
    "title": "标题",
    "facts": "各项内容的 JSON(本模板不画，供别的模板用)",
    "buttons": "按钮的 JSON(本模板不画，供别的模板用)",
    "selects": "选项的 JSON(本模板不画，供别的模板用)",
    "link_text": "链接的文字",
    "link_url": "链接的地址",
    "link_show": "有没有链接 true|false",
    "form_show": "有没有选项 true|false",
    "form_status": "表单状态 normal|disabled",
    "form_button": "表单按钮的文字",
    "form_verb": "表单回传的动作",
}
MARKDOWNS = {
    "source": "来源",
    "body": "正文",
    "facts_text": "各项内容",
    "closed": "结果，有它时不再能点",
    "notice": "只给点按的人看的一句话",
}


def text(content: str) -> Node:
    return {"type": "dynamicString", "content": content, "i18n": False}


def select(variable: str) -> Node:
    return {
        "type": "dynamicSelect",
        "valueType": "variable",
        "value": "",
        "variable": variable,
        "variableType": "global",
    }


def visible(expression: str = "") -> Node:
    if not expression:
        return {
            "type": "dynamicVisible",
            "value": True,
            "valueType": "fixed",
            "condition": ALWAYS,
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


def param(name: str, variable: str, number: int = 1) -> Node:
    return {
        "type": "variable",
        "variable": variable,
        "value": "",
        "name": name,
        "variableType": "global",
        "id": str(number),
    }


def node(component: str, name: str, props: Node, title: str) -> Node:
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


def header() -> Node:
    return node("CardHeaderV2", "header", {"title": text("${title}")}, "卡片头部")


def markdown(variable: str) -> Node:
    content = {
        "type": "variableValue",
        "variable": variable,
        "variableType": "global",
        "varType": "markdown",
    }
    props = {"isStreaming": False, "content": content, "visible": visible(), "mdVer": 0}
    return node("MarkdownBlock", variable, props, MARKDOWNS[variable])


def button(number: int) -> Node:
    slot = f"button{number}"
    props = {
        "text": text(f"${{{slot}_text}}"),
        "status": {"type": "dynamicSelect", "valueType": "fixed", "value": "normal"},
        "color": select(f"{slot}_color"),
        "actionType": "request",
        "actionId": text(f"${{{slot}_verb}}"),
        "params": [param("action", f"{slot}_verb")],
        "enableClickEvent": True,
        "disabledWhileForward": True,
        "visible": visible(f"{slot}_visible"),
        "widthMode": "match_parent",
    }
    return node("SingleButton", slot, props, f"按钮{number}")


def form() -> Node:
    props = {
        "id": "form",
        "submitText": text("${form_button}"),
        "formSchema": {"type": "variableValue", "variable": "form", "variableType": "global"},
        "params": [param("action", "form_verb")],
        "status": select("form_status"),
        "visible": visible("form_visible"),
        "actionType": "request",
    }
    return node("Form", "form", props, "选项")


def link() -> Node:
    address = {
        "type": "dynamicLink",
        "valueType": "variable",
        "value": "",
        "variable": "link_url",
        "variableType": "global",
    }
    props = {
        "text": text("${link_text}"),
        "status": {"type": "dynamicSelect", "valueType": "fixed", "value": "normal"},
        "actionType": "url",
        "urlType": "all",
        "url": address,
        "enableClickEvent": True,
        "visible": visible("link_visible"),
        "widthMode": "match_parent",
    }
    return node("SingleButton", "link", props, "链接")


def tree() -> Node:
    summary = {"type": "variableValue", "variable": "title", "variableType": "global"}
    card = node(
        "Card",
        "card",
        {"summaryContent": summary, "hasCardHeader": True, "disabledWhileForward": True},
        "",
    )
    return card | {
        "children": [
            header(),
            *(markdown(name) for name in ("body", "facts_text", "closed", "notice")),
            form(),
            *(button(number) for number in range(1, SLOTS + 1)),
            link(),
            markdown("source"),
        ]
    }


def component(name: str) -> Node:
    if name == "Form":
        return {"devMode": "lowCode", "componentName": name}
    return {
        "package": "@ali/dxComponent",
        "version": "1.0.0",
        "exportName": name,
        "main": "./src/index.tsx",
        "destructuring": False,
        "subName": "",
        "componentName": name,
    }


def variable(name: str, kind: str, description: str) -> Node:
    return {
        "name": name,
        "id": name,
        "type": kind,
        "private": False,
        "description": description,
        "editorVarType": "variables",
    }


def field(path: str, kind: str, **more: object) -> Node:
    name = path.rpartition(".")[2]
    return variable(name, kind, "") | {"id": path, "disabled": True, **more}


def form_variable() -> Node:
    head = "form.fields[0]"
    strings = ("name", "label", "type", "requiredMsg", "placeholder", "defaultValue")
    options = [field(f"{head}.options[0].{name}", "string") for name in ("value", "text")]
    rows = [
        *(field(f"{head}.{name}", "string") for name in strings),
        *(field(f"{head}.{name}", "boolean") for name in ("hidden", "required", "readOnly")),
        field(f"{head}.options", "loopArray", schema=options),
    ]
    fields = field("form.fields", "loopArray", schema=rows)
    return variable("form", "form", "选项，表单的字段") | {"disabled": False, "schema": [fields]}


def variables() -> list[Node]:
    slots = {
        f"button{number}_{part}": f"按钮{number}的{what}"
        for number in range(1, SLOTS + 1)
        for part, what in (
            ("text", "文字"),
            ("verb", "动作"),
            ("color", "颜色 blue|red"),
            ("show", "显示 true|false"),
        )
    }
    plain = [variable(name, "string", what) for name, what in (STRINGS | slots).items()]
    marked = [variable(name, "markdown", what) for name, what in MARKDOWNS.items()]
    return [*plain, *marked, form_variable()]


def expressions() -> list[Node]:
    """Booleans that decide what is shown."""
    shown = [*(f"button{number}" for number in range(1, SLOTS + 1)), "form", "link"]
    return [
        {
            "name": f"{each}_visible",
            "id": f"{each}_visible",
            "type": "boolean",
            "private": False,
            "expContent": f"{each}_show == 'true'",
            "editorVarType": "expList",
            "description": "",
        }
        for each in shown
    ]


def sample() -> dict[str, object]:
    """What the editor's preview shows; nobody real."""
    values: dict[str, object] = {each["name"]: "" for each in variables()}
    values |= {
        "title": "换班请审批",
        "source": "护铃 · 换班",
        "body": "测试甲与测试乙已商量好，休息规则已核对。",
        "facts_text": "**病区**：重症医学科",
        "button1_text": "批准",
        "button1_verb": "swaps.approve",
        "button1_color": "blue",
        "button1_show": "true",
        "button2_text": "不批准",
        "button2_verb": "swaps.refuse",
        "button2_color": "red",
        "button2_show": "true",
        "form_show": "false",
        "form": {"fields": []},
    }
    return values


def editor_data() -> Node:
    components = ("CardHeaderV2", "MarkdownBlock", "SingleButton", "Form", "Card")
    return {
        "schemaVersion": "3.0.0",
        "schema": {
            "version": "1.0.0",
            "componentsMap": [component(name) for name in components],
            "componentsTree": [tree()],
            "i18n": {},
        },
        "mockData": {"cardData": sample(), "cardPrivateData": {}, "richTextData": {}},
        "editVersion": 0,
        "customWidgetInfo": "",
        "useCustomWidgetInfo": False,
        "variableList": variables(),
        "formList": [],
        "customContextList": [],
        "expList": expressions(),
        "localList": [],
        "hsfList": [],
        "lwpList": [],
        "pageData": {},
        "extension": {
            "extendType": "NORMAL",
            "fileTypeList": [{"fileName": "event_chain", "fileSource": "{}", "fileType": "json"}],
        },
    }


def widget(name: str) -> str:
    """A line of text in the client's layout language, for the time until the editor saves."""
    return (
        f'<FastTextView width="match_parent" height="match_content" marginLeft="12np" '
        f'marginRight="12np" marginTop="6np" text="@toStr{{@data{{data.cardData.{name}}}}}">'
        "</FastTextView>"
    )


def widget_info() -> str:
    lines = "\n".join(widget(name) for name in ("title", "body", "facts_text", "closed"))
    return (
        '<LinearLayout width="@data{width}" height="match_content" orientation="vertical">\n'
        f"{lines}\n</LinearLayout>\n"
    )


def template() -> Node:
    return {
        "editorData": json.dumps(editor_data(), ensure_ascii=False, separators=(",", ":")),
        "widgetInfo": widget_info(),
        "type": "im",
        "mode": "card",
    }


def written() -> str:
    return json.dumps(template(), ensure_ascii=False, indent=2) + "\n"


if __name__ == "__main__":
    TARGET.write_text(written(), "utf-8")
