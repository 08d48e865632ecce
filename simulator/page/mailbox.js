// A mailbox where other phones have a chat: the list of mails, and the one that is being read.

import { drawAppointment } from "./appointment.js";
import { el, link, stampText } from "./dom.js";
import { letter } from "./letters.js";
import { linked } from "./words.js";

export class Mailbox {
  // `unread` mails, the newest, have not been opened yet.
  constructor(label, { unread }) {
    this.rows = new Map();
    this.waiting = unread;
    this.fresh = new Set();
    this.list = el("ul", { class: "mails" });
    this.reading = el("div", { class: "reading", hidden: true });
    this.node = el("div", { class: "mailbox", tabIndex: 0, role: "region", "aria-label": label }, this.list, this.reading);
  }

  seeAs() {}

  toBottom() {}

  empty() {
    if (!this.rows.size) this.list.replaceChildren(el("li", { class: "empty" }, el("b", {}, "没有邮件"), el("span", {}, "新邮件会出现在最上面。")));
    this.fresh = new Set([...this.rows.keys()].sort((a, b) => b - a).slice(0, this.waiting));
    this.loaded = true;
    this.draw();
  }

  take(message) {
    if (message.direction === "out") return;
    if (this.loaded && !this.rows.has(message.seq)) this.fresh.add(message.seq);
    this.rows.set(message.seq, message);
    if (this.loaded) this.draw();
  }

  draw() {
    if (!this.rows.size) return;
    const newest = [...this.rows.values()].sort((a, b) => b.seq - a.seq);
    this.list.replaceChildren(...newest.map((mail) => el("li", { class: this.fresh.has(mail.seq) ? "fresh" : "" },
      el("button", { type: "button", onclick: () => this.open(mail) },
        el("b", {}, mail.app.name), el("time", {}, stampText(new Date(mail.at))),
        el("strong", {}, mail.content.subject),
        el("span", {}, snippet(mail.content)),
        mail.content.calendar && el("em", {}, mail.content.calendar.method === "CANCEL" ? "日程取消" : "附日程")))));
  }

  open(mail) {
    this.fresh.delete(mail.seq);
    this.draw();
    const { subject, html, text, calendar, links, from, to, repeat } = mail.content;
    const body = el("div", { class: "body" }, html.length ? letter(html) : plain(text));
    const other = html.length > 0 && el("button", {
      type: "button", class: "other", onclick: () => {
        const now = body.firstElementChild.classList.contains("letter");
        body.replaceChildren(now ? plain(text) : letter(html));
        other.textContent = now ? "看网页版" : "看纯文本";
      },
    }, "看纯文本");
    this.reading.replaceChildren(
      el("div", { class: "bar" }, el("button", { type: "button", onclick: () => this.close() }, "‹ 收件箱"), other),
      el("h3", {}, subject),
      el("p", { class: "from" }, el("b", {}, mail.app.name), el("time", {}, stampText(new Date(mail.at)))),
      el("p", { class: "addresses" }, `${address(from)} → ${address(to)}`),
      repeat ? el("p", { class: "twice" }, "这封信之前已经收到过一次") : "",
      calendar ? drawAppointment(calendar) : "",
      body,
      links.length && !html.length ? el("p", {}, links.map((l) => link(l.url, l.title))) : "");
    this.reading.hidden = false;
    this.list.hidden = true;
    this.node.scrollTop = 0;
  }

  close() {
    this.reading.hidden = true;
    this.list.hidden = false;
  }
}

const plain = (text) => el("div", { class: "plain" }, linked(text));
const address = (header) => header.match(/<([^>]+)>/)?.[1] ?? header;

// What the mail begins with, without the title it repeats.
function snippet({ subject, text }) {
  const words = text.split("\n").filter((line) => line.trim() && line.trim() !== subject).join(" ");
  return words.slice(0, 80);
}
