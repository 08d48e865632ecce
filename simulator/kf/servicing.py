"""What servicers see and do in 微信客服 of their WeCom: take, write, hand on, end (D94669)."""

from __future__ import annotations

from typing import Any

from simulator.callbacks import Outcome
from simulator.kf.hands import FINISHED, PASSED, REOPENED, TAKEN, KfHands
from simulator.kf.memory import ENDED, HUMAN, SERVICER, STATES, WAITING, Session
from simulator.kf.settings import KfAccount, KfCustomer
from simulator.refusals import Refused
from simulator.render import flat
from simulator.state import Simulator

LAST = 30  # messages of a chat that its servicer sees


class Servicing:
    """One servicer's client. Raises Refused for what it would not let them do."""

    def __init__(self, sim: Simulator, hands: KfHands, userid: str) -> None:
        self._sim = sim
        self._hands = hands
        self._userid = userid

    def accounts(self) -> list[KfAccount]:
        kf = self._sim.world.kf
        return [a for a in kf.accounts.values() if a.served_by(self._userid)] if kf else []

    def chats(self) -> list[dict[str, Any]]:
        """Their own chats, those of the pool, and those that were theirs and have ended."""
        kf = self._sim.world.kf
        customers = kf.customers.values() if kf else ()
        found = [
            self._view(account, customer, session)
            for account in self.accounts()
            for customer in customers
            if (session := self._session(account, customer)) and self._sees(session)
        ]
        return sorted(found, key=lambda row: (not row["mine"], row["state"]))

    async def take(self, account: KfAccount, customer: KfCustomer) -> Outcome:
        """Take it out of the pool."""
        session = self._known(account, customer)
        if self._sim.kf.state(session) != WAITING:
            raise Refused(409, "this chat does not wait in the pool")
        session.state, session.servicer, session.last = HUMAN, self._userid, self._userid
        return await self._changed(account, customer, TAKEN, new=self._userid)

    async def say(self, account: KfAccount, customer: KfCustomer, text: str) -> Outcome:
        """Write to the customer; in a chat that has ended, this takes it up again."""
        session, who = self._known(account, customer), customer.external_userid
        state = self._sim.kf.state(session)
        if (state == HUMAN and session.servicer != self._userid) or state not in (HUMAN, ENDED):
            raise Refused(409, "this chat is not theirs", "take it from the pool first")
        if session.said_at is None:
            raise Refused(409, "the customer has not written yet")
        body = {"open_kfid": account.open_kfid, "external_userid": who, "origin": SERVICER}
        said = {"servicer_userid": self._userid, "msgtype": "text", "text": {"content": text}}
        msgid = self._sim.kf.log(account.open_kfid, body | said)
        phone, content = f"wechat:{who}", {"content": text}
        name = account.name
        self._sim.phones.receive(phone, "text", account.open_kfid, content, msgid, name)
        if state == ENDED:
            session.state, session.servicer, session.last = HUMAN, self._userid, self._userid
            return await self._changed(account, customer, REOPENED, new=self._userid)
        return await self._hands.ring(account.open_kfid, who)

    async def end(self, account: KfAccount, customer: KfCustomer) -> Outcome:
        session = self._own(account, customer)
        session.state, session.servicer, session.last = ENDED, "", self._userid
        return await self._changed(account, customer, FINISHED, old=self._userid)

    async def hand_on(self, account: KfAccount, customer: KfCustomer, to: str) -> Outcome:
        """To another servicer of the account."""
        session = self._own(account, customer)
        if self._sim.world.member(to) is None or not account.served_by(to):
            raise Refused(409, f"{to} is no servicer of this account")
        session.servicer = session.last = to
        return await self._changed(account, customer, PASSED, old=self._userid, new=to)

    def rest(self, *, resting: bool) -> None:
        """Stop receiving for a while (停止接待), or begin again."""
        for account in self.accounts():
            known = self._sim.kf.account(account.open_kfid).resting
            (known.add if resting else known.discard)(self._userid)
        self._sim.pulse.bump()

    def resting(self) -> bool:
        return any(
            self._userid in self._sim.kf.account(a.open_kfid).resting for a in self.accounts()
        )

    async def _changed(
        self, account: KfAccount, customer: KfCustomer, kind: int, *, old: str = "", new: str = ""
    ) -> Outcome:
        return await self._hands.changed(customer.external_userid, account, kind, old=old, new=new)

    def _session(self, account: KfAccount, customer: KfCustomer) -> Session | None:
        return self._sim.kf.account(account.open_kfid).sessions.get(customer.external_userid)

    def _known(self, account: KfAccount, customer: KfCustomer) -> Session:
        session = self._session(account, customer)
        if session is None or not self._sees(session):
            raise Refused(404, "this servicer does not see that chat")
        return session

    def _own(self, account: KfAccount, customer: KfCustomer) -> Session:
        session = self._known(account, customer)
        if self._sim.kf.state(session) != HUMAN or session.servicer != self._userid:
            raise Refused(409, "this chat is not theirs")
        return session

    def _sees(self, session: Session) -> bool:
        state = self._sim.kf.state(session)
        if state == HUMAN:
            return session.servicer == self._userid
        return state == WAITING or (state == ENDED and session.last == self._userid)

    def _view(self, account: KfAccount, customer: KfCustomer, session: Session) -> dict[str, Any]:
        state = self._sim.kf.state(session)
        phone = self._sim.phones.of(f"wechat:{customer.external_userid}")
        shown = [item for item in phone.items if item.agentid == account.open_kfid][-LAST:]
        return {
            "open_kfid": account.open_kfid,
            "account": account.name,
            "external_userid": customer.external_userid,
            "nickname": customer.nickname,
            "state": STATES[state],
            "mine": state == HUMAN,
            "messages": [
                {"seq": item.seq, "theirs": item.direction == "out", "text": flat(item)}
                for item in shown
            ],
        }
