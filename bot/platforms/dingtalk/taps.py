"""A tap on a card as a neutral event (C1-0007, C3-0009).

`content` is JSON in a string; older builders call it `value`, some send an object. A form's
fields come in `params.form`. The card's id is what stands before the first `~` of `outTrackId`.
"""

from __future__ import annotations

from datetime import datetime

from bot.events import CardTapped, Event, Other
from bot.platforms.dingtalk.decode import APP, PLATFORM, Head, Persons
from bot.platforms.dingtalk.reading import Json, as_text, id_of, parse, plain_id, text_of, texts_of

_ACTION = "action"
_FORM = "form"


def decode_tap(data: str | bytes, persons: Persons, *, push_id: str, at: datetime) -> Event:
    """`push_id` is the same for every delivery of this tap. Raises Refused(400)."""
    body = parse(data)
    head = Head(
        platform=PLATFORM,
        app=APP,
        event_id=f"{PLATFORM}:card:{plain_id(push_id)}",
        user=persons.name(id_of(body, "userId"), id_of(body, "corpId")),
        at=at,
    )
    kind = text_of(body, "type") or "actionCallback"
    if kind != "actionCallback":
        return Other(**head, kind=f"card.{kind}", data=body)
    private = _private(body)
    params = _object(private.get("params"))
    form = _object(params.get(_FORM))
    actions = texts_of(private.get("actionIds"))
    verb = text_of(params, _ACTION) or _first(form.get(_ACTION)) or (actions or ("",))[0]
    return CardTapped(
        **head,
        verb=verb,
        task_id=text_of(body, "outTrackId").partition("~")[0],
        selected=_selected({**params, **form}),
    )


def _private(body: Json) -> Json:
    """What the tap carried, from whichever field has it."""
    for name in ("content", "value"):
        found = _object(body.get(name))
        if inner := _object(found.get("cardPrivateData")):
            return inner
    return {}


def _object(value: object) -> Json:
    """An object, or one written as a JSON string; empty when it is neither. Raises Refused."""
    if isinstance(value, str) and value.strip():
        return parse(value)
    return value if isinstance(value, dict) else {}


def _selected(params: Json) -> dict[str, tuple[str, ...]]:
    names = [name for name in params if name not in (_ACTION, _FORM)]
    chosen = {as_text(name): _options(params[name]) for name in names}
    return {name: ids for name, ids in chosen.items() if name and ids}


def _options(value: object) -> tuple[str, ...]:
    """`a,b`, `["a","b"]` or the form component's `{"index": …, "value": …}`."""
    if isinstance(value, dict):
        value = value.get("value")
    return tuple(
        part for text in texts_of(value) for each in text.split(",") if (part := each.strip())
    )


def _first(value: object) -> str:
    return next(iter(_options(value)), "")
