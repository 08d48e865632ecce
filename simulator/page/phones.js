// One phone: its conversations, kept fresh by revisions, and the line to write in.

import { api } from "./api.js";
import { Chat } from "./chat.js";
import { Desk } from "./desk.js";
import { clockText, el, toast } from "./dom.js";
import { Mailbox } from "./mailbox.js";
import { appearing, beginnings, mark, PLATFORMS } from "./platforms.js";
import { Todos } from "./todos.js";
import { Windows } from "./windows.js";

const QUICK = { wechat: ["你好", "好的", "换个时间", "1"] };
const WORDS = ["帮助", "我的班", "本周"];
const ENTRY = "https://work.weixin.qq.com/kfid/";
const EMPTY = "在下面说一句话，或把时间往前拨。";
const PROBLEMS = {
  unheard: "没有人在听：应用没有回调地址，或机器人没有连上",
  unreachable: "机器人没有启动，连接不上",
  timeout: "机器人没有按时回应",
  held: "这条回调被故障开关扣住，稍后送出",
  altered_link: "链接被改过：对话打开了，但机器人不会知道",
  dead_link: "这个链接客户端打不开，点了没有任何反应",
};

export class Phone {
  // `appear(id)` shows the phone on which a tapped link opened a chat.
  constructor(person, hospital, appear) {
    this.appear = appear;
    this.person = person;
    this.group = person.kind === "group";
    this.members = person.members ?? [];
    this.rev = 0;
    this.talks = new Map();
    this.time = el("span", {}, "--:--");
    this.todos = person.platform === "dingtalk" && !this.group ? new Todos(person) : null;
    this.desk = person.platform === "wecom" && !this.group && hospital.kf ? new Desk(person) : null;
    this.windows = person.platform === "wechat" ? new Windows(person) : null;
    this.node = this.draw();
    this.node.addEventListener("click", (event) => this.follow(event));
    for (const talk of beginnings(person, hospital)) this.open(talk);
    this.show([...this.talks.values()][0]);
  }

  async load() {
    this.take(await api.recent(this.person.id), true);
    for (const { talk, chat } of this.talks.values()) chat.empty(talk.closed ? "通知会出现在这里。" : EMPTY);
    this.toBottom();
    await this.todos?.refresh();
    await this.windows?.refresh();
    await this.desk?.refresh();
  }

  async refresh() {
    if (this.busy) return void (this.again = true);
    this.busy = true;
    try {
      do {
        this.again = false;
        this.take(await api.changed(this.person.id, this.rev), false);
      } while (this.again);
    } finally {
      this.busy = false;
    }
  }

  tick(now) {
    this.time.textContent = clockText(now);
  }

  toBottom() {
    this.front.chat.toBottom();
  }

  take(messages, old) {
    for (const message of messages) {
      this.rev = Math.max(this.rev, message.rev);
      const line = this.lineOf(message.app);
      const news = !line.chat.rows.has(message.seq) && message.direction === "in";
      line.chat.take(message);
      if (news && !old && line !== this.front) line.unread += 1;
    }
    if (old && messages.length) this.show(this.lineOf(messages.at(-1).app));
    this.drawTalks();
  }

  lineOf(app) {
    const key = this.group ? "group" : String(app.agentid);
    return this.talks.get(key) ?? this.open(appearing(app));
  }

  // Adds a conversation; only the one in front is to be seen.
  open(talk) {
    const label = `${this.person.name}：${talk.name}`;
    const chat = this.person.platform === "mail" ? new Mailbox(label, this.person) : this.chat(label);
    const line = { talk, chat, unread: 0 };
    chat.seeAs(this.members[0]?.userid);
    chat.node.hidden = true;
    this.chats.append(chat.node);
    this.talks.set(talk.key, line);
    return line;
  }

  chat(label) {
    return new Chat(label, {
      owner: this.person.name,
      group: this.group,
      nameOf: (userid) => this.members.find((m) => m.userid === userid)?.name ?? "",
      press: (seq, button, chosen) => this.tap(seq, button, chosen),
    });
  }

  show(line) {
    for (const other of this.talks.values()) other.chat.node.hidden = other !== line;
    this.front = line;
    line.unread = 0;
    this.name.textContent = line.talk.name;
    this.tag.textContent = line.talk.tag;
    this.form.inert = line.talk.closed;
    this.node.classList.toggle("closed", line.talk.closed);
    this.windows?.show(line.talk.key);
    this.line.placeholder = line.talk.closed ? "通知不能回复" : this.person.platform === "wechat" ? "粘贴客服链接，或发消息" : "发消息";
    this.drawTalks();
    line.chat.toBottom();
  }

  drawTalks() {
    const lines = [...this.talks.values()];
    this.bar.hidden = lines.length < 2;
    this.bar.replaceChildren(...lines.map((line) => el("button", {
      type: "button", role: "tab", "aria-selected": String(line === this.front), onclick: () => this.show(line),
    }, line.talk.name, lines.some((o) => o !== line && o.talk.name === line.talk.name) ? ` · ${line.talk.tag}` : "",
    line.unread ? el("em", {}, String(line.unread)) : "")));
  }

  async tap(seq, button, chosen) {
    const done = await this.act(() => api.tap(this.person.id, seq, button, chosen, this.as?.value));
    if (done?.status === "link" && /^https?:\/\//.test(done.url)) window.open(done.url, "_blank", "noopener");
  }

  async say(text) {
    if (!text.trim() || this.front.talk.closed) return;
    // Pasting the entry link is what opening it is on a real phone.
    if (this.person.platform === "wechat" && text.trim().startsWith(ENTRY)) {
      return void (await this.act(() => api.enter(this.person.id, { url: text.trim() })));
    }
    await this.act(() => api.say(this.person.id, { text, agentid: this.front.talk.agentid, as: this.as?.value }));
  }

  async sendFile(file) {
    if (!file || this.front.talk.closed) return;
    const caption = this.line.value.trim();
    this.line.value = "";
    const data = await base64(file);
    await this.act(() => api.sendFile(this.person.id, {
      name: file.name, data, caption, agentid: this.front.talk.agentid, as: this.as?.value,
    }));
  }

  // An entry link opens a chat in this person's WeChat; every other link a tab of the browser.
  async follow(event) {
    const url = event.target.closest("a")?.href;
    if (!url?.startsWith(ENTRY)) return;
    event.preventDefault();
    const done = await this.act(() => api.follow(this.person.id, url));
    if (done?.phone && done.phone !== this.person.id) this.appear(done.phone);
  }

  async act(work) {
    try {
      const done = await work();
      if (!["ok", "link"].includes(done.status)) toast(PROBLEMS[done.status] ?? `机器人回应异常：${done.status}`, true);
      else if (done.problem) toast(`回复无法识别：${done.problem}`, true);
      return done;
    } catch (problem) {
      toast(problem.message, true);
      return null;
    }
  }

  draw() {
    this.name = el("b", {});
    this.tag = el("span", { class: "tag" });
    this.bar = el("div", { class: "talks", role: "tablist", "aria-label": "会话", hidden: true });
    this.chats = el("div", { class: "chats" });
    const quick = (QUICK[this.person.platform] ?? WORDS).map((word) => el("button", { type: "button", onclick: () => this.say(word) }, word));
    const place = [this.person.department, this.person.position].filter(Boolean).join(" · ");
    return el("section", { class: `phone ${this.person.platform} ${this.person.kind ?? "person"}`, "aria-label": `${this.person.name}的${this.group ? "群" : "手机"}` },
      el("div", { class: "who" }, mark(this.person), el("b", {}, this.person.name), el("span", {}, this.group ? `${this.members.length} 人` : place)),
      el("div", { class: "shell" },
        el("div", { class: "status" }, this.time, el("i", { class: "notch" }), el("span", {}, PLATFORMS[this.person.platform])),
        el("div", { class: "title" }, this.name, this.tag, this.todos?.button ?? "", this.desk?.button ?? ""),
        this.bar, this.windows?.node ?? "", this.todos?.list ?? "", this.desk?.list ?? "", this.chats, this.form = this.writing(quick)));
  }

  writing(quick) {
    this.line = el("input", {
      type: "text", placeholder: "发消息", maxLength: 2000,
      "aria-label": this.group ? `在${this.person.name}里发消息` : `以${this.person.name}的身份发消息`,
    });
    const send = (event) => {
      event.preventDefault();
      const text = this.line.value;
      this.line.value = "";
      this.say(text);
    };
    return el("div", { class: "foot" },
      el("div", { class: "quick" }, this.group ? this.speaker() : "", quick),
      el("form", { class: "write", onsubmit: send }, this.attaching(), this.line, el("button", { type: "submit" }, "发送")));
  }

  // Only phones of colleagues send photos here; words that stand in the line go along.
  attaching() {
    if (!["wecom", "dingtalk"].includes(this.person.platform)) return "";
    const file = el("input", { type: "file", hidden: true, accept: "image/*,.pdf", "aria-label": "选择照片或文件" });
    file.onchange = async () => {
      await this.sendFile(file.files[0]);
      file.value = "";
    };
    return [file, el("button", { type: "button", class: "attach", title: "照片或文件", "aria-label": "照片或文件", onclick: () => file.click() }, "＋")];
  }

  // In a group one chooses who speaks; the robot is mentioned by itself.
  speaker() {
    const see = () => {
      for (const { chat } of this.talks.values()) chat.seeAs(this.as.value);
    };
    this.as = el("select", { "aria-label": "以谁的身份", onchange: see },
      this.members.map((m) => el("option", { value: m.userid }, m.name)));
    return this.as;
  }
}

function base64(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result).split(",")[1] ?? "");
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
}
