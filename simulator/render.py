"""Messages as people and tests read them: a flat text, and the visible parts of a card."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from simulator import neutral
from simulator.hospital import Hospital, app_named
from simulator.phones import Item

Body = dict[str, Any]
_TAG = re.compile(r"<[^<>]{0,200}>")


def view(item: Item, world: Hospital) -> dict[str, Any]:
    """The JSON form of one message, as README.md describes it."""
    app = app_named(world, item.agentid)
    return {
        "seq": item.seq,
        "rev": item.rev,
        "at": item.at.isoformat(),
        "updated_at": item.updated_at.isoformat() if item.updated_at else None,
        "direction": item.direction,
        "kind": item.kind,
        "app": {"agentid": item.agentid, "name": item.app_name or (app.name if app else "")},
        "sender": item.sender,
        "state": item.state,
        "text": flat(item),
        "content": _content(item),
        "card": card_view(item),
    }


def _content(item: Item) -> Body | None:
    if item.kind == "mail":
        return {name: part for name, part in item.body.items() if name != "card"}
    return None if item.kind in ("template_card", "card") else item.body


def flat(item: Item) -> str:
    if item.state == "recalled":
        return "此消息已撤回"
    return flat_body(item.kind, item.body, item.replace_text)


def flat_body(kind: str, body: Body, replace_text: str = "") -> str:
    """All readable words of a message, one line each."""
    if kind in ("text", "markdown", "markdown_v2"):
        return str(body["content"])
    if kind in ("card", "mail"):
        lines = neutral.lines(body["card"] if kind == "mail" else body)
    elif kind == "template_card":
        card = neutral.blank("") | _words(body) | _controls(body)
        lines = neutral.lines(card | {"replace_text": replace_text})
    elif kind == "textcard":
        plain = _TAG.sub("", body["description"].replace("<br>", "\n").replace("</div>", "\n"))
        lines = iter([body["title"], plain.strip(), f"[{body['btntxt']}]"])
    elif kind == "news":
        lines = iter([f"{a['title']} {a['description']}".strip() for a in body["articles"]])
    elif kind == "msgmenu":
        lines = _menu(body)
    else:
        name = body.get("title") or body.get("filename")
        lines = iter([f"[{_MEDIA[kind]}] {name}", body.get("description", "")])
    return "\n".join(line for line in lines if line)


def _menu(body: Body) -> Iterator[str]:
    """The menu of customer service: what can be tapped stands in brackets."""
    yield body["head_content"]
    for entry in body["list"]:
        yield entry["content"] if entry["type"] == "text" else f"[{entry['content']}]"
    yield body["tail_content"]


def card_view(item: Item) -> Body | None:
    if item.kind == "textcard":
        return {
            "type": "textcard",
            "title": item.body["title"],
            "desc": item.body["description"],
            "link": item.body["url"],
            "buttons": [],
            "facts": [],
            "more": item.body["btntxt"],
        }
    if item.kind == "card":
        return item.body
    if item.kind == "mail":
        card: Body = item.body["card"]
        return card
    if item.kind != "template_card":
        return None
    card = item.body
    return (
        _words(card) | _controls(card) | {"closed": item.closed, "replace_text": item.replace_text}
    )


def options(question: Body) -> list[Body]:
    return [
        {"id": o["id"], "text": o["text"], "checked": bool(o.get("is_checked"))}
        for o in question["option_list"]
    ]


def selects(card: Body) -> list[Body]:
    """The drop-down questions; an unknown choice selects the first, as on the platform."""
    questions = list(card.get("select_list") or ())
    if card.get("button_selection"):
        questions.append(card["button_selection"])
    rows = []
    for question in questions:
        ids = [o["id"] for o in question["option_list"]]
        chosen = question.get("selected_id")
        rows.append(
            {
                "question_key": question["question_key"],
                "title": question.get("title", ""),
                "selected_id": chosen if chosen in ids else ids[0],
                "disabled": bool(question.get("disable")),
                "options": options(question),
            }
        )
    return rows


def _words(card: Body) -> Body:
    title = card.get("main_title") or {}
    quote = card.get("quote_area") or {}
    picture = card.get("card_image") or {}
    return {
        "type": card["card_type"],
        "task_id": card.get("task_id", ""),
        "source": (card.get("source") or {}).get("desc", ""),
        "source_color": (card.get("source") or {}).get("desc_color", 0),
        "title": title.get("title", ""),
        "desc": title.get("desc", ""),
        "emphasis": card.get("emphasis_content"),
        "quote": {k: quote.get(k, "") for k in ("title", "quote_text", "url")} if quote else None,
        "sub_title_text": card.get("sub_title_text", ""),
        "image": picture.get("url", ""),
        "image_text": card.get("image_text_area"),
        "facts": [
            {"label": f["keyname"], "value": f.get("value", ""), "link": f.get("url", "")}
            for f in card.get("horizontal_content_list") or ()
        ],
        "paragraphs": [
            {"title": p.get("title", ""), "desc": p.get("desc", "")}
            for p in card.get("vertical_content_list") or ()
        ],
        "jumps": [
            {"title": j["title"], "url": j.get("url", "")} for j in card.get("jump_list") or ()
        ],
        "link": (card.get("card_action") or {}).get("url", ""),
    }


def _controls(card: Body) -> Body:
    box = card.get("checkbox")
    submit = card.get("submit_button")
    menu = card.get("action_menu") or {}
    return {
        "buttons": [
            {
                "key": b.get("key", ""),
                "text": b["text"],
                "style": b.get("style", 1),
                "url": b.get("url", ""),
            }
            for b in card.get("button_list") or ()
        ],
        "menu": [{"key": a["key"], "text": a["text"]} for a in menu.get("action_list") or ()],
        "selects": selects(card),
        "checkbox": {
            "question_key": box["question_key"],
            "multiple": box.get("mode") == 1,
            "disabled": bool(box.get("disable")),
            "options": options(box),
        }
        if box
        else None,
        "submit": {"key": submit["key"], "text": submit["text"]} if submit else None,
    }


_MEDIA = {"image": "图片", "voice": "语音", "video": "视频", "file": "文件", "link": "链接"}
