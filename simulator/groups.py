"""WeCom group webhooks (D99110): what may be posted, how often, and the group that shows it."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable
from typing import Any

from simulator import cards
from simulator.asks import Ask, Reply
from simulator.errors import WeComError
from simulator.render import flat_body
from simulator.webhooks import WebhookGroup

Body = dict[str, Any]
Rule = Callable[[Ask, WebhookGroup, Body], Body]
TEXT_BYTES = 2048
MARKDOWN_BYTES = 4096
IMAGE_BYTES = 2 << 20
MOST_ARTICLES = 8
APP, NAME = "webhook", "群机器人"
NOTICES = ("text_notice", "news_notice")


def send(ask: Ask) -> Reply:
    """`webhook/send`: the key in the address is the only proof of identity."""
    group = _group(ask)
    kind, content = _check(ask, group)
    ask.sim.webhooks.spend(group.key)
    first_line = flat_body(kind, content).partition("\n")[0]
    ask.call.summary = f"{kind}: {first_line[:60]}"
    ask.sim.phones.receive(group.id, kind, APP, content, app_name=NAME)
    ask.sim.counters["sends"] += 1
    return {}


def upload(ask: Ask) -> Reply:
    """`webhook/upload_media`: a file or voice that only this webhook may send."""
    group = _group(ask)
    kind = ask.query.get("type", "")
    if kind not in ("file", "voice"):
        raise WeComError(40005)
    if ask.upload is None or not ask.upload.data or not ask.upload.named:
        raise WeComError(44001)
    media = ask.sim.media.add(kind, ask.upload.filename, ask.upload.data)
    ask.sim.webhooks.keep(group.key, media)
    ask.call.summary = f"{kind} {media.filename[:60]} {len(media.data)} bytes"
    return {"type": kind, "media_id": media.id, "created_at": str(media.created)}


def _group(ask: Ask) -> WebhookGroup:
    key = ask.query.get("key", "")
    found = next((g for g in ask.sim.world.groups if key and g.key == key), None)
    if found is None:
        raise WeComError(93000)
    ask.call.who = found.title[:200]
    return found


def _check(ask: Ask, group: WebhookGroup) -> tuple[str, Body]:
    kind = str(ask.body.get("msgtype"))
    rule = _RULES.get(kind)
    if rule is None:
        raise WeComError(40008)
    part = ask.body.get(kind)
    if not isinstance(part, dict):
        raise WeComError(_EMPTY.get(kind, 44004))
    return kind, rule(ask, group, part)


def _words(kind: str, part: Body, limit: int) -> str:
    """Too long a text is refused here, not cut as in message/send."""
    content = part.get("content")
    if not isinstance(content, str) or not content:
        raise WeComError(44004)
    if len(content.encode()) > limit:
        raise WeComError(
            40058, f"{kind}.content exceed max length {limit}. invalid Request Parameter"
        )
    return content


def _text(ask: Ask, _group: WebhookGroup, part: Body) -> Body:
    content = _words("text", part, TEXT_BYTES)
    called = [_name(ask, userid) for userid in part.get("mentioned_list") or ()]
    called += [_by_mobile(ask, mobile) for mobile in part.get("mentioned_mobile_list") or ()]
    names = " ".join(f"@{name}" for name in called if name)
    return {"content": f"{content}\n{names}" if names else content}


def _name(ask: Ask, userid: object) -> str:
    if userid == "@all":
        return "所有人"
    member = ask.sim.world.member(str(userid))
    return member.name if member else ""


def _by_mobile(ask: Ask, mobile: object) -> str:
    if mobile == "@all":
        return "所有人"
    members = ask.sim.world.members.values()
    return next((m.name for m in members if mobile and m.mobile == mobile), "")


def _markdown(_ask: Ask, _group: WebhookGroup, part: Body) -> Body:
    return {"content": _words("markdown", part, MARKDOWN_BYTES)}


def _markdown_v2(_ask: Ask, _group: WebhookGroup, part: Body) -> Body:
    return {"content": _words("markdown_v2", part, MARKDOWN_BYTES)}


def _image(ask: Ask, _group: WebhookGroup, part: Body) -> Body:
    try:
        data = base64.b64decode(str(part.get("base64") or ""), validate=True)
    except binascii.Error:
        raise WeComError(40058, "invalid parameter: image.base64") from None
    if len(data) > IMAGE_BYTES:
        raise WeComError(40009)
    if hashlib.md5(data).hexdigest() != str(part.get("md5") or "").lower():  # noqa: S324
        raise WeComError(301019)
    media = ask.sim.media.add("image", "image", data)
    return {"media_id": media.id, "filename": "", "size": len(data)}


def _news(_ask: Ask, _group: WebhookGroup, part: Body) -> Body:
    articles = part.get("articles")
    if not isinstance(articles, list) or not articles:
        raise WeComError(44003)
    if len(articles) > MOST_ARTICLES:
        raise WeComError(45008)
    return {"articles": [_article(article) for article in articles]}


def _article(article: Body) -> Body:
    if not article.get("title"):
        raise WeComError(41016)
    url = article.get("url")
    if not isinstance(url, str) or not url.startswith(("http://", "https://")):
        raise WeComError(40058, "invalid parameter: url")
    return {name: str(article.get(name) or "") for name in _ARTICLE}


def _file(ask: Ask, group: WebhookGroup, part: Body) -> Body:
    media = ask.sim.media.find(str(part.get("media_id") or ""))
    if media is None or not ask.sim.webhooks.owns(group.key, media):
        raise WeComError(40007)
    return {"media_id": media.id, "filename": media.filename, "size": len(media.data)}


def _notice(_ask: Ask, _group: WebhookGroup, part: Body) -> Body:
    """Only the two notice types; a webhook hears no callbacks, so it has no menu either."""
    if part.get("card_type") not in NOTICES:
        raise WeComError(42031)
    shown = {name: value for name, value in part.items() if name not in ("action_menu", "task_id")}
    return cards.check(shown)


_ARTICLE = ("title", "description", "url", "picurl")
_EMPTY = {"news": 44003, "file": 40007, "voice": 40007, "template_card": 42031}
_RULES: dict[str, Rule] = {
    "text": _text,
    "markdown": _markdown,
    "markdown_v2": _markdown_v2,
    "image": _image,
    "news": _news,
    "file": _file,
    "voice": _file,
    "template_card": _notice,
}
