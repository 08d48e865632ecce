// Who is shown: tabs for the chosen phones, and a drawer to choose others.

import { api } from "./api.js";
import { el } from "./dom.js";

const KEY = "wardbell.shown";
const MOST = 12;
const ROWS = 200;

export class Picker {
  constructor(tabs, drawer, changed) {
    this.tabs = tabs;
    this.drawer = drawer;
    this.changed = changed;
    this.people = [];
    this.shown = [];
    this.front = "";
    this.search = el("input", { type: "search", placeholder: "姓名、科室、工号", oninput: () => this.fill() });
    this.rows = el("ul", { class: "people" });
    drawer.append(
      el("div", { class: "drawer-head" }, el("h2", {}, "显示谁的手机"),
        el("button", { type: "button", class: "close", onclick: () => (drawer.hidden = true) }, "收起")),
      this.search, this.rows);
  }

  async load(hospital) {
    this.people = await api.phones();
    const known = new Set(this.people.map((p) => p.id));
    const stored = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    const wish = [stored, hospital.show, this.people.slice(0, 3).map((p) => p.id)]
      .map((ids) => ids.filter((id) => known.has(id)));
    this.shown = wish.find((ids) => ids.length) ?? [];
    this.front = this.shown.includes(this.front) ? this.front : this.shown[0];
    this.apply();
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
    return el("button", { type: "button", class: person.id === this.front ? "tab front" : "tab", onclick: show },
      person.name, person.unread ? el("em", {}, String(person.unread)) : "");
  }

  fill() {
    if (this.drawer.hidden) return;
    const wanted = this.search.value.trim().toLowerCase();
    const hits = this.people.filter((p) =>
      `${p.name} ${p.department} ${p.position} ${p.id}`.toLowerCase().includes(wanted));
    this.rows.replaceChildren(...hits.slice(0, ROWS).map((p) => el("li", {}, el("label", {},
      el("input", { type: "checkbox", checked: this.shown.includes(p.id), onchange: () => this.toggle(p.id) }),
      el("b", {}, p.name), el("span", {}, `${p.department} ${p.position}`),
      p.unread ? el("em", {}, String(p.unread)) : ""))));
  }
}
