// What the hospital may still say in a WeChat chat: until when, how many, and who serves.

import { api } from "./api.js";
import { el, stampText } from "./dom.js";

export class Windows {
  constructor(person) {
    this.person = person;
    this.rows = [];
    this.node = el("div", { class: "window", role: "status", "aria-label": `${person.name}的客服窗口` });
  }

  async refresh() {
    this.rows = await api.windows(this.person.id);
    this.draw();
  }

  show(account) {
    this.account = account;
    this.draw();
  }

  draw() {
    const row = this.rows.find((r) => r.open_kfid === this.account);
    if (!row) return;
    const [kind, words] = said(row);
    this.node.className = `window ${kind}`;
    const dots = Array.from({ length: row.most }, (_, i) => el("i", { class: i < row.left ? "left" : "" }));
    this.node.replaceChildren(el("span", {}, words), kind === "open" || kind === "spent"
      ? el("span", { class: "dots", title: `医院还能发 ${row.left} 条` }, dots) : "");
  }
}

function said(row) {
  if (row.state === "human") return ["human", `人工接待中：${row.servicer}`];
  if (row.state === "waiting") return ["human", "正在排队等人工"];
  if (!row.opened) return ["shut", "还没有打开过这个对话"];
  if (!row.until) return ["shut", "医院要等应聘者先说一句话，才能发消息"];
  if (row.state === "ended") return ["shut", "会话已结束，再说一句话就重新打开"];
  if (!row.left) return ["spent", "5 条已发完，等应聘者再说话"];
  return ["open", `还能发 ${row.left} 条 · 到 ${stampText(new Date(row.until))}`];
}
