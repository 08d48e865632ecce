"""The sessions of customer service: asked, moved, and told to the candidate (D94669)."""

from __future__ import annotations

import hashlib
from datetime import datetime

import structlog

from bot.channels import Failure, SendFailed
from bot.platforms.wecom.errors import KF_NO_SERVICER, KF_NOT_OURS, KF_RESTING
from bot.platforms.wecom.kf.bodies import kf_body
from bot.platforms.wecom.kf.client import KfClient, SessionState
from message_templates.catalogue import Catalogue
from models.candidates import ChatState
from models.cards import Text
from services import chats
from services.chat_moves import MoveFailed
from services.chats import Session

log = structlog.get_logger()

WORDS = "chats/words"
_AGAIN = (Failure.RETRY, Failure.WINDOW, Failure.UNKNOWN)


class KfSessions:
    """Implements services.chat_moves.Sessions."""

    def __init__(self, client: KfClient, words: Catalogue) -> None:
        self._client = client
        self._words = words

    async def state(self, open_kfid: str, user: str) -> Session:
        try:
            state, servicer = await self._client.state(open_kfid, user)
        except SendFailed as failed:
            raise _failed(failed) from failed
        if state not in list(ChatState):
            raise MoveFailed(f"a session is in state {state}", again=False)
        return Session(ChatState(state), servicer if state == ChatState.HUMAN else "")

    async def move(self, open_kfid: str, user: str, to: Session) -> str:
        try:
            return await self._client.move(open_kfid, user, SessionState(to.state), to.servicer)
        except SendFailed as failed:
            raise _failed(failed) from failed

    async def tell(self, code: str, state: ChatState) -> None:
        body = kf_body(Text(self._words.phrase(WORDS, state.name.lower())), key="", event=True)
        msgid = hashlib.sha256(f"chat\0{code}".encode()).hexdigest()[:32]
        try:
            await self._client.send_on_event(code, body, msgid=msgid)
        except SendFailed as failed:
            log.warning("chat_not_told", code=failed.code, failure=failed.failure)

    async def look(self, open_kfid: str, user: str, at: datetime) -> None:
        """Ask who has this chat and remember it. What cannot be learned stays as it was known."""
        try:
            found = await self.state(open_kfid, user)
        except MoveFailed as failed:
            log.warning("chat_state_unknown", code=failed.code)
            return
        await chats.moved(open_kfid, user, found, at)


def _failed(failed: SendFailed) -> MoveFailed:
    """A state that has changed meanwhile is asked again; what only a person can mend is not."""
    return MoveFailed(
        failed.reason or str(failed.failure),
        code=failed.code,
        cure=failed.cure,
        again=failed.failure in _AGAIN or failed.code in KF_NOT_OURS,
        servicer=failed.code in KF_NO_SERVICER or failed.code == KF_RESTING,
        wait=failed.wait,
    )
