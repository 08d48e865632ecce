"""A bot written with DingTalk's own package, run as a program by test_ding_official.

DINGTALK_OPENAPI_ENDPOINT must be set before the start: the package reads it at import. Prints one
JSON line for everything it hears.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import websockets.exceptions  # noqa: F401  (the package relies on it being imported)
from dingtalk_stream import (
    AckMessage,
    CallbackHandler,
    CallbackMessage,
    Card_Callback_Router_Topic,
    CardCallbackMessage,
    ChatbotHandler,
    ChatbotMessage,
    Credential,
    DingTalkStreamClient,
    EventHandler,
    EventMessage,
)


def told(kind: str, **what: Any) -> None:
    print(json.dumps({"kind": kind} | what), flush=True)


class Robot(ChatbotHandler):  # type: ignore[misc]
    async def process(self, callback: CallbackMessage) -> tuple[int, str]:
        message = ChatbotMessage.from_dict(callback.data)
        words = message.text.content.strip()
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, self.reply_text, f"收到：{words}", message)
        told("robot", words=words, who=message.sender_staff_id)
        return AckMessage.STATUS_OK, "OK"


class Cards(CallbackHandler):  # type: ignore[misc]
    async def process(self, callback: CallbackMessage) -> tuple[int, Any]:
        message = CardCallbackMessage.from_dict(callback.data)
        params = message.content["cardPrivateData"]["params"]
        told("card", params=params, who=message.user_id, card=message.card_instance_id)
        answer = {
            "cardUpdateOptions": {"updateCardDataByKey": True},
            "cardData": {"cardParamMap": {"closed": "已同意"}},
        }
        return AckMessage.STATUS_OK, answer


class Events(EventHandler):  # type: ignore[misc]
    async def process(self, event: EventMessage) -> tuple[int, str]:
        told("event", type=event.headers.event_type, data=event.data)
        return AckMessage.STATUS_OK, "OK"

    async def raw_process(self, event: EventMessage) -> AckMessage:
        # The package echoes the event; the protocol asks for a status.
        ack = await super().raw_process(event)
        ack.data = {"status": "SUCCESS"}
        return ack


async def main(client_id: str, secret: str) -> None:
    client = DingTalkStreamClient(Credential(client_id, secret))
    client.register_callback_handler(ChatbotMessage.TOPIC, Robot())
    client.register_callback_handler(Card_Callback_Router_Topic, Cards())
    client.register_all_event_handler(Events())
    await client.start()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:3]))
