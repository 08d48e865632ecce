// One phone: its chat, kept fresh by revisions, and the line to write in.

import { api } from "./api.js";
import { drawCard } from "./cards.js";
import { clockText, el, stampText, toast } from "./dom.js";
import { linked, markdown } from "./words.js";

const QUICK = ["帮助", "我的班", "本周"];
const GAP = 5 * 60 * 1000;
const KEPT = 200;
const MEDIA = { image: "图片", voice: "语音", video: "视频", file: "文件" };
const PROBLEMS = {
  unheard: "应用没有设置回调地址",
  unreachable: "机器人没有启动，连接不上",
  timeout: "机器人没有在 5 秒内回应",
  held: "这条回调被故障开关扣住，稍后送出",
};

export class Phone {
  constructor(person, hospital) {
    this.person = person;
    this.app = hospital.apps.find((a) => a.kind === "app")?.name ?? "应用";
    this.rev = 0;
    this.rows = new Map();
    this.chat = el("div", { class: "chat", tabIndex: 0, role: "log" });
    this.time = el("span", {}, "--:--");
    this.node = this.draw();
  }

  async load() {
    this.take(await api.recent(this.person.id));
    if (!this.rows.size) this.chat.append(this.empty());
    this.chat.scrollTop = this.chat.scrollHeight;
  }

  async refresh() {
    if (this.busy) return void (this.again = true);
    this.busy = true;
    try {
      do {
        this.again = false;
        this.take(await api.changed(this.person.id, this.rev));
      } while (this.again);
    } finally {
      this.busy = false;
    }
  }

  tick(now) {
    this.time.textContent = clockText(now);
  }

  take(messages) {
    const low = this.chat.scrollHeight - this.chat.scrollTop - this.chat.clientHeight < 80;
    for (const message of messages) {
      this.rev = Math.max(this.rev, message.rev);
      const row = this.row(message);
      const old = this.rows.get(message.seq);
      if (old) old.replaceWith(row);
      else this.append(message, row);
      this.rows.set(message.seq, row);
    }
    if (low && messages.length) this.chat.scrollTop = this.chat.scrollHeight;
  }

  append(message, row) {
    this.chat.querySelector(".empty")?.remove();
    const at = new Date(message.at);
    if (!this.lastAt || at - this.lastAt > GAP) {
      this.chat.append(el("time", { class: "stamp" }, stampText(at)));
    }
    this.lastAt = at;
    this.chat.append(row);
    while (this.chat.childElementCount > KEPT) this.chat.firstElementChild.remove();
  }

  row(message) {
    if (message.state === "recalled") {
      return el("div", { class: "stamp" }, `${message.app.name} 撤回了一条消息`);
    }
    const mine = message.direction === "out";
    const face = el("span", { class: "face" }, mine ? this.person.name.slice(-2) : message.app.name.slice(0, 1));
    return el("div", { class: mine ? "row mine" : "row" }, face, this.content(message));
  }

  content(message) {
    if (message.card) {
      return drawCard(message, (button, chosen) => this.tap(message.seq, button, chosen));
    }
    if (message.kind === "markdown") {
      return el("div", { class: "bubble md" }, markdown(message.content.content));
    }
    if (message.kind === "image") {
      const id = encodeURIComponent(message.content.media_id);
      return el("div", { class: "bubble" }, el("img", { src: `/sim/media/${id}`, alt: "图片" }));
    }
    if (message.kind === "news") return el("div", { class: "bubble" }, message.text);
    if (MEDIA[message.kind]) {
      return el("div", { class: "bubble file" }, el("b", {}, MEDIA[message.kind]),
        el("span", {}, message.content.title || message.content.filename));
    }
    return el("div", { class: "bubble" }, linked(message.text));
  }

  async tap(seq, button, chosen) {
    await this.act(() => api.tap(this.person.id, seq, button, chosen));
  }

  async say(text) {
    if (text.trim()) await this.act(() => api.say(this.person.id, text));
  }

  async act(work) {
    try {
      const done = await work();
      if (done.status !== "ok") toast(PROBLEMS[done.status] ?? `机器人回应异常：${done.status}`, true);
      else if (done.problem) toast(`回复无法识别：${done.problem}`, true);
    } catch (problem) {
      toast(problem.message, true);
    }
  }

  empty() {
    return el("div", { class: "empty" }, el("b", {}, "还没有消息"),
      el("span", {}, "在下面说一句话，或把时间往前拨。"));
  }

  draw() {
    const line = el("input", { type: "text", placeholder: "发消息", maxLength: 2000, "aria-label": `以${this.person.name}的身份发消息` });
    const form = el("form", {
      class: "write",
      onsubmit: (event) => {
        event.preventDefault();
        const text = line.value;
        line.value = "";
        this.say(text);
      },
    }, line, el("button", { type: "submit" }, "发送"));
    const quick = QUICK.map((word) => el("button", { type: "button", onclick: () => this.say(word) }, word));
    const place = [this.person.department, this.person.position].filter(Boolean).join(" · ");
    return el("section", { class: "phone", "aria-label": `${this.person.name}的手机` },
      el("div", { class: "who" }, el("b", {}, this.person.name), el("span", {}, place)),
      el("div", { class: "shell" },
        el("div", { class: "status" }, this.time, el("i", { class: "notch" }), el("span", {}, "企业微信")),
        el("div", { class: "title" }, el("b", {}, this.app), el("span", { class: "tag" }, "应用")),
        this.chat, el("div", { class: "quick" }, quick), form));
  }
}
