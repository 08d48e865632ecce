// The menu of customer service: lines of words, and lines to tap that stay for ever.

import { el, link } from "./dom.js";

export function drawMenu(message, press) {
  const menu = message.content;
  return el("div", { class: "bubble menu" },
    menu.head_content && el("p", {}, menu.head_content),
    menu.list.map((entry) => line(entry, press)),
    menu.tail_content && el("p", {}, menu.tail_content));
}

function line(entry, press) {
  if (entry.type === "click") {
    return el("button", { type: "button", onclick: () => press(entry.id) }, entry.content);
  }
  if (entry.type === "view") return link(entry.url, entry.content);
  return el("p", {}, entry.content);
}
