"""Our interactive-card template in the platform's export format.

`docs/dingtalk/wardbell-card.json` holds what this writes. The editor's data is JSON inside a JSON
string, which nobody should edit by hand. After changing what `cards.py` emits, run
`python -m bot.platforms.dingtalk.card_template docs/dingtalk/wardbell-card.json`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from bot.platforms.dingtalk.card_tree import MARKDOWNS, SLOTS, Node, tree

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


def written() -> str:
    """The file, to the byte."""
    return json.dumps(_template(), ensure_ascii=False, indent=2) + "\n"


def _template() -> Node:
    return {
        "editorData": json.dumps(_editor_data(), ensure_ascii=False, separators=(",", ":")),
        "widgetInfo": _widget_info(),
        "type": "im",
        "mode": "card",
    }


def _editor_data() -> Node:
    components = ("CardHeaderV2", "MarkdownBlock", "SingleButton", "Form", "Card")
    return {
        "schemaVersion": "3.0.0",
        "schema": {
            "version": "1.0.0",
            "componentsMap": [_component(name) for name in components],
            "componentsTree": [tree()],
            "i18n": {},
        },
        "mockData": {"cardData": _sample(), "cardPrivateData": {}, "richTextData": {}},
        "editVersion": 0,
        "customWidgetInfo": "",
        "useCustomWidgetInfo": False,
        "variableList": _variables(),
        "formList": [],
        "customContextList": [],
        "expList": _expressions(),
        "localList": [],
        "hsfList": [],
        "lwpList": [],
        "pageData": {},
        "extension": {
            "extendType": "NORMAL",
            "fileTypeList": [{"fileName": "event_chain", "fileSource": "{}", "fileType": "json"}],
        },
    }


def _component(name: str) -> Node:
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


def _variables() -> list[Node]:
    slots = {
        f"button{number}_{part}": f"按钮{number}的{what}"
        for number in SLOTS
        for part, what in (
            ("text", "文字"),
            ("verb", "动作"),
            ("color", "颜色 blue|red"),
            ("show", "显示 true|false"),
        )
    }
    plain = [_variable(name, "string", what) for name, what in (STRINGS | slots).items()]
    marked = [_variable(name, "markdown", what) for name, what in MARKDOWNS.items()]
    return [*plain, *marked, _form_variable()]


def _variable(name: str, kind: str, description: str) -> Node:
    return {
        "name": name,
        "id": name,
        "type": kind,
        "private": False,
        "description": description,
        "editorVarType": "variables",
    }


def _form_variable() -> Node:
    head = "form.fields[0]"
    strings = ("name", "label", "type", "requiredMsg", "placeholder", "defaultValue")
    options = [_field(f"{head}.options[0].{name}", "string") for name in ("value", "text")]
    rows = [
        *(_field(f"{head}.{name}", "string") for name in strings),
        *(_field(f"{head}.{name}", "boolean") for name in ("hidden", "required", "readOnly")),
        _field(f"{head}.options", "loopArray", schema=options),
    ]
    fields = _field("form.fields", "loopArray", schema=rows)
    return _variable("form", "form", "选项，表单的字段") | {"disabled": False, "schema": [fields]}


def _field(path: str, kind: str, **more: object) -> Node:
    name = path.rpartition(".")[2]
    return _variable(name, kind, "") | {"id": path, "disabled": True, **more}


def _expressions() -> list[Node]:
    """Booleans that decide what is shown."""
    shown = [*(f"button{number}" for number in SLOTS), "form", "link"]
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


def _sample() -> dict[str, object]:
    """What the editor's preview shows; nobody real."""
    values: dict[str, object] = {each["name"]: "" for each in _variables()}
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


def _widget_info() -> str:
    lines = "\n".join(_widget(name) for name in ("title", "body", "facts_text", "closed"))
    return (
        '<LinearLayout width="@data{width}" height="match_content" orientation="vertical">\n'
        f"{lines}\n</LinearLayout>\n"
    )


def _widget(name: str) -> str:
    """A line of text in the client's layout language, for the time until the editor saves."""
    return (
        f'<FastTextView width="match_parent" height="match_content" marginLeft="12np" '
        f'marginRight="12np" marginTop="6np" text="@toStr{{@data{{data.cardData.{name}}}}}">'
        "</FastTextView>"
    )


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(written(), "utf-8")
