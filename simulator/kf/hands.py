"""What candidates do in WeChat and servicers in WeCom, and the doorbell that tells of it."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

from simulator.callbacks import Callbacks, Outcome, Parcel
from simulator.hospital import App
from simulator.inner import Field, write
from simulator.kf.api import LINK, code_of_link
from simulator.kf.memory import (
    CUSTOMER,
    ENDED,
    HUMAN,
    WELCOME_LIFE,
    WINDOW,
    Code,
    Session,
)
from simulator.kf.settings import KfAccount
from simulator.phones import Item
from simulator.refusals import Refused
from simulator.state import Simulator
from simulator.tasks import Tasks

EVENT = "kf_msg_or_event"
TAKEN, PASSED, FINISHED, REOPENED = range(1, 5)  # change_type of session_status_change
PARAM_BYTES = 128


class KfHands:
    def __init__(self, sim: Simulator, callbacks: Callbacks, tasks: Tasks) -> None:
        self._sim = sim
        self._callbacks = callbacks
        self._tasks = tasks
        sim.kf.ring = lambda open_kfid: tasks.start(self._ring_later(open_kfid))

    async def enter(self, who: str, url: str) -> Outcome:
        """Open the link: the chat opens, and an untouched link tells the bot."""
        account, scene, param, sound = self._opened(url)
        session = self._session(account, who)
        session.opened = True
        self._sim.pulse.bump()
        if not sound:
            return Outcome("altered_link", problem="the chat is open, but no event is sent")
        now = self._sim.clock.now()
        session.entered_at, session.scene, session.scene_param = now, scene, param
        more = {"scene": scene, "scene_param": param}
        if self._deserves_welcome(session):
            code = Code(account.open_kfid, who, now + WELCOME_LIFE, welcome=True)
            more["welcome_code"] = self._sim.kf.code(code)
        self._sim.kf.event(account.open_kfid, who, "enter_session", **more)
        return await self.ring(account.open_kfid, who)

    async def say(self, who: str, account: KfAccount, text: str, menu_id: str = "") -> Outcome:
        session = self._session(account, who)
        if not session.opened:
            raise Refused(409, "this chat was never opened", "open the entry link first")
        self._sim.kf.begin_anew(session)
        session.said_at, session.sent = self._sim.clock.now(), 0
        words = {"content": text, **({"menu_id": menu_id} if menu_id else {})}
        whom = {"open_kfid": account.open_kfid, "external_userid": who}
        body = {**whom, "origin": CUSTOMER, "msgtype": "text", "text": words}
        item = self._sim.phones.say(
            f"wechat:{who}", account.open_kfid, text, app_name=account.name
        )
        item.msgid = self._sim.kf.log(account.open_kfid, body)
        return await self.ring(account.open_kfid, who)

    async def recall(self, who: str, item: Item) -> Outcome:
        """Take back one's own words; they stay in what is pulled, an event follows."""
        if item.direction != "out" or item.state == "recalled":
            raise Refused(409, "only words of one's own can be taken back, once")
        self._sim.phones.recall(item)
        open_kfid = str(item.agentid)
        self._sim.kf.event(open_kfid, who, "user_recall_msg", recall_msgid=item.msgid)
        return await self.ring(open_kfid, who)

    async def serve(self, who: str, account: KfAccount, state: int, servicer: str) -> Outcome:
        """A servicer takes or ends the session in WeCom (state 3 or 4)."""
        session = self._session(account, who)
        before, session.state = session.servicer, state
        session.servicer = servicer if state == HUMAN else ""
        if state not in (HUMAN, ENDED):
            return Outcome("ok", problem="no servicer has done this: no event")
        if state == ENDED:
            return await self.changed(who, account, FINISHED, old=before)
        return await self.changed(who, account, TAKEN, new=servicer)

    async def changed(
        self, who: str, account: KfAccount, kind: int, *, old: str = "", new: str = ""
    ) -> Outcome:
        """Tell of what a servicer did in their client; the first and the last can be answered."""
        more: dict[str, object] = {"change_type": kind}
        more |= {"old_servicer_userid": old} if old else {}
        more |= {"new_servicer_userid": new} if new else {}
        if kind in (TAKEN, FINISHED):
            life = WINDOW if kind == TAKEN else WELCOME_LIFE
            kinds = ("text",) if kind == TAKEN else ("text", "msgmenu")
            until = self._sim.clock.now() + life
            code = Code(account.open_kfid, who, until, kinds)
            more["msg_code"] = self._sim.kf.code(code)
        self._sim.kf.event(account.open_kfid, who, "session_status_change", **more)
        self._sim.pulse.bump()
        return await self.ring(account.open_kfid, who)

    async def ring(self, open_kfid: str, who: str = "") -> Outcome:
        """Ring the doorbell: no sender, no agent, only a token to pull with."""
        app = self._app()
        if app is None:
            return Outcome("unheard", problem="no app with kf has a callback URL")
        fields: list[Field] = [
            ("ToUserName", self._sim.world.corpid),
            ("CreateTime", self._sim.clock.unix()),
            ("MsgType", "event"),
            ("Event", EVENT),
            ("Token", self._sim.kf.token(open_kfid)),
            ("OpenKfId", open_kfid),
        ]
        return await self._callbacks.deliver(Parcel(app, EVENT, who, write(fields), open_kfid))

    async def _ring_later(self, open_kfid: str) -> None:
        await self.ring(open_kfid)

    def _app(self) -> App | None:
        kf = self._sim.world.kf
        apps = [a for a in self._sim.world.apps.values() if a.callback and a.kind == "app"]
        if kf and kf.apps is not None:
            apps = [a for a in apps if a.agentid in kf.apps]
        return apps[0] if apps else None

    def _session(self, account: KfAccount, who: str) -> Session:
        return self._sim.kf.account(account.open_kfid).session(who)

    def _opened(self, url: str) -> tuple[KfAccount, str, str, bool]:
        """Account, scene and parameter of a link, and whether nobody has tampered with it."""
        kf, parts = self._sim.world.kf, urlsplit(url)
        accounts = kf.accounts.values() if kf else ()
        found = next((a for a in accounts if LINK + code_of_link(a) == _bare(url)), None)
        if found is None:
            raise Refused(404, "no account has this link", "kf/add_contact_way makes one")
        query = dict(parse_qsl(parts.query))
        sealed, param = query.pop("enc_scene", ""), query.pop("scene_param", "")
        if not sealed:
            return found, "", "", not query
        open_kfid, scene = self._sim.kf.links.get(sealed, ("", ""))
        sound = open_kfid == found.open_kfid and not query
        return found, scene, param, sound and len(param.encode()) <= PARAM_BYTES

    def _deserves_welcome(self, session: Session) -> bool:
        since = self._sim.clock.now() - WINDOW
        return all(at is None or at < since for at in (session.welcomed_at, session.said_at))


def _bare(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{parts.path}"
