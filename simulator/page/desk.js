// 微信客服 in a colleague's WeCom: their chats and those of the pool; take, write, end.

import { api } from "./api.js";
import { el, toast } from "./dom.js";

const STATES = { waiting: "在接待池排队", human: "您正在接待", ended: "已结束" };
const SHOWN = 6;

export class Desk {
  constructor(person) {
    this.person = person;
    this.rows = new Map();
    this.list = el("ul", { class: "todos desk", id: `desk-${person.id}`, "aria-label": `${person.name}的微信客服`, hidden: true });
    this.button = el("button", {
      type: "button", class: "todo-key", hidden: true, "aria-expanded": "false",
      "aria-controls": this.list.id, onclick: () => this.open(this.list.hidden),
    }, "微信客服");
  }

  open(on) {
    this.list.hidden = !on;
    this.button.setAttribute("aria-expanded", on);
    if (on) this.list.querySelector("form, button")?.scrollIntoView({ block: "nearest" });
  }

  async refresh() {
    const { accounts, chats } = await api.desk(this.person.id);
    const live = chats.filter((chat) => chat.state !== "ended").length;
    this.button.hidden = !accounts.length || !chats.length;
    this.button.replaceChildren("微信客服", live ? el("em", {}, String(live)) : "");
    const now = JSON.stringify(chats);
    if (now !== this.drawn) this.draw(chats);
    this.drawn = now;
    if (!chats.length) this.open(false);
  }

  // A line that is being written outlives the redrawing.
  draw(chats) {
    const lines = this.rows;
    this.rows = new Map();
    this.list.replaceChildren(...chats.map((chat) => this.row(chat, lines.get(key(chat)))));
    for (const [, line] of this.rows) if (line.dataset.focused) line.focus();
  }

  row(chat, old) {
    const line = old ?? el("input", { type: "text", maxLength: 2000, placeholder: "回复对方", "aria-label": `回复${chat.nickname}` });
    if (document.activeElement === line) line.dataset.focused = "1";
    else delete line.dataset.focused;
    this.rows.set(key(chat), line);
    const act = (name, more = {}) => this.act(name, chat, more);
    const send = async (event) => {
      event.preventDefault();
      const text = line.value.trim();
      if (text && await act("say", { text })) line.value = "";
    };
    const words = chat.messages.slice(-SHOWN).map((m) => el("p", { class: m.theirs ? "theirs" : "" }, m.text));
    const key_ = (label, name) => el("button", { type: "button", onclick: () => act(name) }, label);
    return el("li", {}, el("div", {},
      el("b", {}, chat.nickname), el("span", {}, `${chat.account} · ${STATES[chat.state]}`), ...words,
      chat.state === "waiting" ? key_("接入会话", "take")
        : el("form", { class: "write", onsubmit: send }, line, el("button", { type: "submit" }, "回复"),
          chat.mine ? key_("结束会话", "end") : "")));
  }

  async act(name, chat, more) {
    const { open_kfid, external_userid } = chat;
    try {
      await api.serve(this.person.id, name, { open_kfid, external_userid, ...more });
      await this.refresh();
      return true;
    } catch (problem) {
      toast(problem.message, true);
      return false;
    }
  }
}

const key = (chat) => `${chat.open_kfid}/${chat.external_userid}`;
