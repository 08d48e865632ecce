// The to-do list of one DingTalk phone: what is open, what is done, and where each leads.

import { api } from "./api.js";
import { el, link, stampText } from "./dom.js";

const PRIORITY = { 30: "较高", 40: "紧急" };

export class Todos {
  constructor(person) {
    this.person = person;
    this.list = el("ul", { class: "todos", id: `todos-${person.id}`, "aria-label": `${person.name}的待办`, hidden: true });
    this.button = el("button", {
      type: "button", class: "todo-key", hidden: true, "aria-expanded": "false",
      "aria-controls": this.list.id, onclick: () => this.open(this.list.hidden),
    }, "待办");
  }

  open(on) {
    this.list.hidden = !on;
    this.button.setAttribute("aria-expanded", on);
  }

  async refresh() {
    const rows = await api.todos(this.person.id);
    const left = rows.filter((todo) => !todo.done).length;
    this.button.hidden = rows.length === 0;
    this.button.replaceChildren("待办", left ? el("em", {}, String(left)) : "");
    this.list.replaceChildren(...[...rows].sort(openFirst).map(row));
    if (!rows.length) this.open(false);
  }
}

const openFirst = (a, b) => Number(a.done) - Number(b.done) || (a.due ?? "9").localeCompare(b.due ?? "9");

function row(todo) {
  const notes = [PRIORITY[todo.priority], todo.due && `${stampText(new Date(todo.due))} 截止`].filter(Boolean);
  return el("li", { class: todo.done ? "done" : "" },
    el("i", { class: "tick", "aria-hidden": "true" }, todo.done ? "✓" : ""),
    el("div", {}, el("b", {}, todo.subject), el("span", {}, todo.done ? "已完成" : notes.join(" · "))),
    todo.url && !todo.done ? link(todo.url, "去处理") : "");
}
