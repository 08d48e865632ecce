"""The rules of each message type: required fields, byte limits, what is cut silently."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from simulator import cards
from simulator.errors import WeComError
from simulator.media import MediaStore

Body = dict[str, Any]
TEXT_BYTES = 2048
URL_BYTES = 2048


def check(body: Body, media: MediaStore) -> tuple[str, Body]:
    """Return type and content as the phones will show them, or refuse."""
    kind = body.get("msgtype")
    if kind == "template_card":
        return kind, cards.check(body.get("template_card"))
    if kind in _MEDIA_KINDS:
        return str(kind), _media(str(kind), _part(body, str(kind), 40007), media)
    rule = _RULES.get(str(kind))
    if rule is None:
        raise WeComError(40008)
    return str(kind), rule(_part(body, str(kind), 44004))


def cut(text: str, limit: int) -> str:
    """Keep at most `limit` bytes without splitting a character."""
    return text.encode()[:limit].decode(errors="ignore")


def _part(body: Body, kind: str, code: int) -> Body:
    part = body.get(kind)
    if not isinstance(part, dict):
        raise WeComError(code)
    return part


def _string(part: Body, name: str, code: int) -> str:
    value = part.get(name)
    if not isinstance(value, str) or not value:
        raise WeComError(code)
    return value


def _url(value: str) -> str:
    if len(value.encode()) > URL_BYTES or not value.startswith(("http://", "https://")):
        raise WeComError(40058, "invalid parameter: url")
    return value


def _text(part: Body) -> Body:
    return {"content": cut(_string(part, "content", 44004), TEXT_BYTES)}


def _markdown(part: Body) -> Body:
    content = _string(part, "content", 44004)
    if len(content.encode()) > TEXT_BYTES:
        raise WeComError(40058, f"markdown.content exceed max length {TEXT_BYTES}")
    return {"content": content}


def _textcard(part: Body) -> Body:
    return {
        "title": _string(part, "title", 41016)[:128],
        "description": _string(part, "description", 41033)[:512],
        "url": _url(_string(part, "url", 40063)),
        "btntxt": str(part.get("btntxt") or "详情")[:4],
    }


def _news(part: Body) -> Body:
    articles = part.get("articles")
    if not isinstance(articles, list) or not articles:
        raise WeComError(44003)
    if len(articles) > 8:
        raise WeComError(45008)
    return {"articles": [_article(article) for article in articles]}


def _article(article: Body) -> Body:
    return {
        "title": cut(_string(article, "title", 41016), 128),
        "description": cut(str(article.get("description") or ""), 512),
        "url": _url(article["url"]) if article.get("url") else "",
        "picurl": _url(article["picurl"]) if article.get("picurl") else "",
    }


def _media(kind: str, part: Body, media: MediaStore) -> Body:
    found = media.find(_string(part, "media_id", 40007))
    if found is None or found.kind != kind:
        raise WeComError(40007)
    return {
        "media_id": found.id,
        "filename": found.filename,
        "size": len(found.data),
        "title": cut(str(part.get("title") or ""), 128),
        "description": cut(str(part.get("description") or ""), 512),
    }


_MEDIA_KINDS = {"image", "voice", "video", "file"}
_RULES: dict[str, Callable[[Body], Body]] = {
    "text": _text,
    "markdown": _markdown,
    "textcard": _textcard,
    "news": _news,
}
