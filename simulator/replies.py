"""Passive replies: what the bot answers in the body of a callback changes one phone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simulator import cards, inner
from simulator.crypto import CryptoError, Envelope
from simulator.errors import WeComError
from simulator.messages import TEXT_BYTES, cut
from simulator.render import flat
from simulator.state import Simulator
from simulator.updating import keep_task

if TYPE_CHECKING:
    from simulator.callbacks import Parcel


def apply(
    sim: Simulator, parcel: Parcel, envelope: Envelope, answer: bytes
) -> tuple[str | None, str]:
    """Return the visible text of the reply, or None and what was wrong with it."""
    try:
        reply = _open(envelope, answer)
        return _ACTIONS[str(reply.get("MsgType"))](sim, parcel, reply), ""
    except CryptoError as problem:
        return None, f"passive reply refused: {problem}"
    except (inner.BadXml, UnicodeDecodeError) as problem:
        return None, f"passive reply is not XML: {problem}"
    except WeComError as problem:
        return None, f"passive reply refused: {problem}"
    except (KeyError, TypeError, AttributeError, ValueError) as problem:
        return None, f"passive reply is incomplete: {problem!r}"


def _open(envelope: Envelope, answer: bytes) -> dict[str, Any]:
    outer = inner.read(answer.decode())
    sealed = str(outer["Encrypt"])
    envelope.check(
        str(outer["MsgSignature"]), str(outer["TimeStamp"]), str(outer["Nonce"]), sealed
    )
    return inner.read(envelope.open(sealed))


def _text(sim: Simulator, parcel: Parcel, reply: dict[str, Any]) -> str:
    content = cut(str(reply["Content"]), TEXT_BYTES)
    sim.phones.receive(parcel.who, "text", parcel.app.agentid, {"content": content})
    return content


def _button(sim: Simulator, parcel: Parcel, reply: dict[str, Any]) -> str:
    if parcel.item is None:
        raise WeComError(82101, "nothing to update")
    sim.phones.change(parcel.item, None, str(reply["Button"]["ReplaceName"]))
    return flat(parcel.item)


def _card(sim: Simulator, parcel: Parcel, reply: dict[str, Any]) -> str:
    if parcel.item is None:
        raise WeComError(82101, "nothing to update")
    card = cards.check(inner.card(reply["TemplateCard"]), update=True)
    task_id = str(parcel.item.body.get("task_id", ""))
    sim.phones.change(parcel.item, keep_task(card, task_id), str(card.get("replace_text") or ""))
    return flat(parcel.item)


_ACTIONS = {"text": _text, "update_button": _button, "update_template_card": _card}
