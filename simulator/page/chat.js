// The messages of one conversation, in order, each drawn again when it changes.

import { drawCard } from "./cards.js";
import { el, link, stampText } from "./dom.js";
import { drawMenu } from "./menus.js";
import { linked, markdown } from "./words.js";

const GAP = 5 * 60 * 1000;
const KEPT = 200;
const MEDIA = { image: "图片", voice: "语音", audio: "语音", video: "视频", file: "文件" };
const MARKDOWN = new Set(["markdown", "markdown_v2"]);

export class Chat {
  // `nameOf(sender)` names who wrote in a group; `press(seq, button, chosen)` sends a tap.
  constructor(label, { owner, group = false, nameOf, press }) {
    this.owner = owner;
    this.group = group;
    this.nameOf = nameOf;
    this.press = press;
    this.rows = new Map();
    this.node = el("div", { class: "chat", tabIndex: 0, role: "log", "aria-label": label });
  }

  get low() {
    return this.node.scrollHeight - this.node.scrollTop - this.node.clientHeight < 80;
  }

  toBottom() {
    this.node.scrollTop = this.node.scrollHeight;
  }

  empty(words) {
    if (this.rows.size) return;
    this.node.replaceChildren(el("div", { class: "empty" }, el("b", {}, "还没有消息"), el("span", {}, words)));
  }

  take(message) {
    const low = this.low;
    const row = this.row(message);
    const old = this.rows.get(message.seq);
    if (old) old.replaceWith(row);
    else this.append(message, row);
    this.rows.set(message.seq, row);
    if (low) this.toBottom();
  }

  append(message, row) {
    this.node.querySelector(".empty")?.remove();
    const at = new Date(message.at);
    if (!this.lastAt || at - this.lastAt > GAP) {
      this.node.append(el("time", { class: "stamp" }, stampText(at)));
    }
    this.lastAt = at;
    this.node.append(row);
    while (this.node.childElementCount > KEPT) this.node.firstElementChild.remove();
  }

  row(message) {
    if (message.state === "recalled") {
      return el("div", { class: "stamp" }, `${message.direction === "out" ? this.owner : message.app.name} 撤回了一条消息`);
    }
    const said = message.direction === "out";
    const who = said ? this.nameOf(message.sender) || this.owner : message.app.name;
    const mine = said && (!this.group || message.sender === this.as);
    const face = el("span", { class: said ? "face person" : "face", "aria-hidden": "true" },
      said ? who.slice(-2) : who.slice(0, 1));
    const body = this.group
      ? el("div", { class: "said" }, el("span", { class: "by" }, who), this.content(message))
      : this.content(message);
    return el("div", { class: mine ? "row mine" : "row", "data-sender": said ? message.sender ?? "" : false }, face, body);
  }

  // Whose eyes see the group: their own words stand on the right.
  seeAs(userid) {
    this.as = userid;
    for (const row of this.node.querySelectorAll("[data-sender]")) {
      row.classList.toggle("mine", row.dataset.sender === userid);
    }
  }

  content(message) {
    if (message.card) {
      return drawCard(message, (button, chosen) => this.press(message.seq, button, chosen));
    }
    if (MARKDOWN.has(message.kind)) {
      const words = message.content?.content ?? message.content?.text ?? message.text;
      return el("div", { class: "bubble md" }, markdown(words));
    }
    if (message.kind === "msgmenu") return drawMenu(message, (id) => this.press(message.seq, id));
    if (message.kind === "image") return picture(message.content);
    if (message.kind === "link") {
      const { url, title, description } = message.content;
      return el("div", { class: "bubble file" }, link(url, title), el("span", {}, description));
    }
    if (message.kind === "news") return el("div", { class: "bubble" }, message.text);
    if (MEDIA[message.kind]) {
      return el("div", { class: "bubble file" }, el("b", {}, MEDIA[message.kind]),
        el("span", {}, message.content?.title || message.content?.filename || ""));
    }
    return el("div", { class: "bubble" }, linked(message.text));
  }
}

function picture(content) {
  const id = content?.media_id;
  if (!id) return el("div", { class: "bubble file" }, el("b", {}, MEDIA.image));
  return el("div", { class: "bubble" }, el("img", { src: `/sim/media/${encodeURIComponent(id)}`, alt: content.filename || "图片" }),
    content.description ? el("span", {}, content.description) : "");
}
