// Who is shown: tabs for the chosen phones, and a drawer to choose others.

import { api } from "./api.js";
import { el } from "./dom.js";
import { mark } from "./platforms.js";

const KEY = "wardbell.shown";
const MOST = 12;
const ROWS = 200;
const KINDS = [
  ["all", "全部", () => true],
  ["wecom", "企业微信", (p) => p.platform === "wecom"],
  ["dingtalk", "钉钉", (p) => p.platform === "dingtalk"],
  ["wechat", "微信", (p) => p.platform === "wechat"],
  ["outside", "邮箱和短信", (p) => p.platform === "mail" || p.platform === "sms"],
  ["group", "群聊", (p) => p.kind === "group"],
];

export class Picker {
  constructor(tabs, drawer, changed) {
    this.tabs = tabs;
    this.drawer = drawer;
    this.changed = changed;
    this.people = [];
    this.shown = [];
    this.front = "";
    this.search = el("input", { type: "search", placeholder: "姓名、科室、工号", oninput: () => this.fill() });
    this.kind = KINDS[0];
    this.kinds = el("div", { class: "kinds", role: "group", "aria-label": "只看" });
    this.rows = el("ul", { class: "people" });
    drawer.append(
      el("div", { class: "drawer-head" }, el("h2", {}, "显示谁的手机"),
        el("button", { type: "button", class: "close", onclick: () => (drawer.hidden = true) }, "收起")),
      this.search, this.kinds, this.rows);
  }

  async load(hospital) {
    this.people = await api.phones();
    const known = new Set(this.people.map((p) => p.id));
    const stored = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    const wish = [stored, hospital.show, this.first()]
      .map((ids) => ids.filter((id) => known.has(id)));
    this.shown = wish.find((ids) => ids.length) ?? [];
    this.front = this.shown.includes(this.front) ? this.front : this.shown[0];
    this.apply();
  }

  // Nobody was named: the first of each platform, so that all are to be seen.
  first() {
    const of = (platform) => this.people.filter((p) => p.platform === platform);
    const named = ["wecom", "dingtalk", "wechat"].filter((platform) => of(platform).length);
    const chosen = named.length > 1 ? named.flatMap((platform) => of(platform).slice(0, 2)) : this.people.slice(0, 3);
    return chosen.map((p) => p.id);
  }

  person(id) {
    return this.people.find((p) => p.id === id);
  }

  toggle(id) {
    this.shown = this.shown.includes(id) ? this.shown.filter((i) => i !== id) : [...this.shown, id].slice(-MOST);
    this.front = this.shown.includes(id) ? id : this.shown[0];
    localStorage.setItem(KEY, JSON.stringify(this.shown));
    this.apply();
  }

  // Brings a phone to the front, beside those that are shown.
  appear(id) {
    this.front = id;
    if (!this.shown.includes(id)) this.shown = [...this.shown, id].slice(-MOST);
    localStorage.setItem(KEY, JSON.stringify(this.shown));
    this.fill();
    this.drawTabs();
    this.changed(this.shown, id, true);
  }

  // Marks are only needed where there are phones of several platforms.
  get mixed() {
    return new Set(this.people.map((p) => p.platform)).size > 1;
  }

  async noteUnread() {
    this.people = await api.phones();
    this.drawTabs();
  }

  apply() {
    this.fill();
    this.drawTabs();
    this.changed(this.shown, this.front);
  }

  drawTabs() {
    const waiting = this.people.filter((p) => p.unread && !this.shown.includes(p.id)).length;
    const open = () => {
      this.drawer.hidden = !this.drawer.hidden;
      this.fill();
    };
    this.tabs.replaceChildren(
      ...this.shown.map((id) => this.tab(this.person(id))),
      el("button", { type: "button", class: "add", onclick: open }, "＋ 选择人员",
        waiting ? el("em", {}, `另有 ${waiting} 人有新消息`) : ""));
  }

  tab(person) {
    const show = () => {
      this.front = person.id;
      this.drawTabs();
      this.changed(this.shown, this.front, true);
    };
    const front = person.id === this.front ? " front" : "";
    return el("button", { type: "button", class: `tab ${person.platform}${front}`, onclick: show },
      this.mixed ? mark(person) : "", person.name, person.unread ? el("em", {}, String(person.unread)) : "");
  }

  fill() {
    if (this.drawer.hidden) return;
    this.drawKinds();
    const wanted = this.search.value.trim().toLowerCase();
    const hits = this.people.filter((p) => this.kind[2](p) &&
      `${p.name} ${p.person} ${p.department} ${p.position} ${p.id}`.toLowerCase().includes(wanted));
    this.rows.replaceChildren(...hits.slice(0, ROWS).map((p) => el("li", {}, el("label", {},
      el("input", { type: "checkbox", checked: this.shown.includes(p.id), onchange: () => this.toggle(p.id) }),
      this.mixed ? mark(p) : "", el("b", {}, p.name),
      el("span", {}, p.kind === "group" ? `群聊 ${p.members?.length ?? 0} 人` : `${p.department} ${p.position}`),
      p.unread ? el("em", {}, String(p.unread)) : ""))));
  }

  drawKinds() {
    const useful = KINDS.filter(([, , fits]) => this.people.some(fits) && !this.people.every(fits));
    this.kinds.hidden = useful.length === 0;
    this.kinds.replaceChildren(...[KINDS[0], ...useful].map((kind) => el("button", {
      type: "button", "aria-pressed": String(kind === this.kind), onclick: () => {
        this.kind = kind;
        this.fill();
      },
    }, kind[1])));
  }
}
